using System.Diagnostics;

namespace Ann.Core.Segments;

/// <summary>The k nearest of a stream of rows, distances in double precision: a heap with the farthest on top, ties by row.</summary>
/// <param name="distances">Room for k.</param>
/// <param name="rows">Beside them.</param>
/// <param name="count">How many the room holds already.</param>
internal ref struct NearestPairs(Span<double> distances, Span<int> rows, int count)
{
    private readonly Span<double> _distances = distances;
    private readonly Span<int> _rows = rows;

    /// <summary>Rows kept.</summary>
    public int Count { get; private set; } = count;

    /// <summary>Distance of the farthest one kept; infinite while there is room.</summary>
    public readonly double Farthest => Count < _rows.Length ? double.PositiveInfinity : _distances[0];

    /// <summary>Keeps a row, unless k nearer ones are kept.</summary>
    public void Offer(double distance, int row)
    {
        Debug.Assert(!double.IsNaN(distance));
        if (Count < _rows.Length)
        {
            int child = Count++;
            for (; child > 0 && IsBehind(distance, row, (child - 1) / 2); child = (child - 1) / 2)
                Move((child - 1) / 2, child);
            (_distances[child], _rows[child]) = (distance, row);
            return;
        }
        if (IsBehind(distance, row, 0) || (distance == _distances[0] && row == _rows[0]))
            return;
        int parent = 0;
        while ((2 * parent) + 1 < Count)
        {
            int child = (2 * parent) + 1;
            if (child + 1 < Count && IsBehind(_distances[child + 1], _rows[child + 1], child))
                child++;
            if (IsBehind(distance, row, child))
                break;
            Move(child, parent);
            parent = child;
        }
        (_distances[parent], _rows[parent]) = (distance, row);
    }

    /// <summary>Puts the nearest first. Nothing is offered afterwards.</summary>
    public readonly void Sort()
    {
        Span<double> distances = _distances[..Count];
        Span<int> rows = _rows[..Count];
        distances.Sort(rows);
        for (int from = 0; from < Count;)
        {
            int to = from + 1;
            while (to < Count && distances[to] == distances[from])
                to++;
            rows[from..to].Sort();
            from = to;
        }
    }

    private readonly bool IsBehind(double distance, int row, int place) =>
        distance > _distances[place] || (distance == _distances[place] && row > _rows[place]);

    private readonly void Move(int from, int to) => (_distances[to], _rows[to]) = (_distances[from], _rows[from]);
}
