using Ann.Core.Distances;

namespace Ann.Core.Ranking;

/// <summary>
/// Distances of items to several rows: the nearest of a union's, or what <see cref="RecommendStrategy.BestScore"/> makes of examples.
/// </summary>
internal sealed class ExampleScores : IDisposable
{
    private readonly Metric _metric;
    private readonly VectorTable _rows;
    private readonly int[] _positives;
    private readonly int[] _negatives;
    private readonly float[] _distances;

    /// <param name="metric">How nearness is measured.</param>
    /// <param name="positives">Prepared for the metric, one after another.</param>
    /// <param name="negatives">Likewise.</param>
    /// <param name="dimension">Components of each.</param>
    public ExampleScores(Metric metric, ReadOnlySpan<float> positives, ReadOnlySpan<float> negatives, int dimension)
    {
        _metric = metric;
        _positives = [.. Enumerable.Range(0, positives.Length / dimension)];
        _negatives = [.. Enumerable.Range(_positives.Length, negatives.Length / dimension)];
        _distances = new float[Math.Max(_positives.Length, _negatives.Length)];
        _rows = new VectorTable(_positives.Length + _negatives.Length + 1, dimension); // the last one is for the row in question
        foreach (int row in _positives)
            _rows.Set(row, positives.Slice(row * dimension, dimension));
        foreach (int row in _negatives)
            _rows.Set(row, negatives.Slice((row - _positives.Length) * dimension, dimension));
    }

    /// <summary>Examples that an item is compared with.</summary>
    public int Count => _positives.Length + _negatives.Length;

    /// <summary>True when there is something to be unlike.</summary>
    public bool HasNegatives => _negatives.Length > 0;

    /// <summary>The core's distance that an item has, by its row as it is stored.</summary>
    /// <param name="row">Of the item.</param>
    /// <param name="nearest">The positive that it is nearest to; the first of equals.</param>
    public float DistanceOf(ReadOnlySpan<float> row, out int nearest)
    {
        _rows.Set(_rows.Count - 1, row);
        float positive = Nearest(_positives, out nearest);
        if (_negatives.Length == 0)
            return positive;
        float negative = Nearest(_negatives, out _);
        if (negative >= positive)
            return positive;
        if (!_metric.Traits().IsSquared)
            return Math.Max(positive, -negative);
        float far = MathF.Sqrt(MathF.Max(0, positive));
        float counted = far + (far - MathF.Sqrt(MathF.Max(0, negative)));
        return counted * counted;
    }

    public void Dispose() => _rows.Dispose();

    private float Nearest(int[] examples, out int number)
    {
        Span<float> distances = _distances.AsSpan(0, examples.Length);
        RowDistances.Between(_metric, _rows, _rows.Count - 1, examples, distances);
        number = 0;
        for (int i = 1; i < distances.Length; i++)
            number = distances[i] < distances[number] ? i : number;
        return distances[number];
    }
}
