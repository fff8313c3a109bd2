using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ann.Core.Segments;

/// <summary>
/// Rows that may be among the k nearest of some queries, as far as float32 can tell, each with the range that its nearness is in. Their
/// distances are computed in double only when no more of them can be ruled out.
/// </summary>
/// <param name="queries">Queries at a time.</param>
/// <param name="k">Neighbours of each.</param>
internal sealed class UndecidedRows(int queries, int k)
{
    // Twice k: each time it is full, half of it goes, so that a row costs few steps on the average.
    private readonly int _room = (2 * k) + 64;
    private readonly int[] _counts = new int[queries];
    private readonly int[] _rows = new int[queries * ((2L * k) + 64)];
    private readonly float[] _scores = new float[queries * ((2L * k) + 64)];
    private readonly float[] _distances = new float[queries * ((2L * k) + 64)];
    private readonly float[] _ranked = new float[(3 * k) + 64];

    /// <summary>Begins with nothing.</summary>
    public void Clear() => Array.Clear(_counts);

    /// <summary>Takes a row.</summary>
    /// <param name="query">Whose.</param>
    /// <param name="row">Which.</param>
    /// <param name="score">The most that its score can be.</param>
    /// <param name="distance">The most that its distance can be; a number or infinite.</param>
    /// <returns>False when there is no room for another.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Add(int query, int row, float score, float distance)
    {
        Debug.Assert(!float.IsNaN(score) && !float.IsNaN(distance));
        int count = _counts[query]++;
        int place = (query * _room) + count;
        _rows[place] = row;
        _scores[place] = score;
        _distances[place] = distance;
        return count + 1 < _room;
    }

    /// <summary>The rows of a query, in the order in which they came.</summary>
    public ReadOnlySpan<int> Of(int query) => _rows.AsSpan(query * _room, _counts[query]);

    /// <summary>No row of the query is undecided any longer.</summary>
    public void Forget(int query) => _counts[query] = 0;

    /// <summary>What the k-th distance can be at most, from rows of both kinds; infinite while there are fewer than k.</summary>
    /// <param name="query">Whose.</param>
    /// <param name="decided">Distances of other rows; at most k.</param>
    public double FarthestOf(int query, ReadOnlySpan<double> decided)
    {
        int count = _counts[query];
        if (count + decided.Length < k)
            return double.PositiveInfinity;
        _distances.AsSpan(query * _room, count).CopyTo(_ranked);
        for (int i = 0; i < decided.Length; i++)
            _ranked[count + i] = MathF.BitIncrement((float)decided[i]);
        return KthSmallest.Of(_ranked.AsSpan(0, count + decided.Length), k - 1);
    }

    /// <summary>Drops the rows whose score is below a floor.</summary>
    /// <returns>False when few of them went, so that they have to be decided.</returns>
    public bool Thin(int query, float floor)
    {
        int first = query * _room;
        int kept = first;
        for (int place = first; place < first + _counts[query]; place++)
        {
            if (_scores[place] < floor)
                continue;
            (_rows[kept], _scores[kept], _distances[kept]) = (_rows[place], _scores[place], _distances[place]);
            kept++;
        }
        _counts[query] = kept - first;
        return kept - first <= _room - (k / 2) - 16;
    }
}
