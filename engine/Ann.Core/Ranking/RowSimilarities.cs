using Ann.Core.Distances;

namespace Ann.Core.Ranking;

/// <summary>
/// Similarities of candidates in the metric's own sense: cosine similarity, inner product, or the negative Euclidean distance. Under L2
/// the scores are negative distances too, so that one scale holds for both; dividing both by anything would choose the same.
/// </summary>
internal sealed class RowSimilarities : ISimilarities, IDisposable
{
    private readonly Metric _metric;
    private readonly VectorTable _rows;

    /// <summary>Copies the rows of the candidates.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="pool">The candidates.</param>
    public RowSimilarities(ICandidateSource source, CandidatePool pool)
    {
        _metric = source.Metric;
        _rows = new VectorTable(pool.Count, source.Dimension);
        for (int item = 0; item < pool.Count; item++)
            _rows.Set(item, source.RowOf(pool.HitOf(item)));
    }

    /// <inheritdoc/>
    public void Between(int item, ReadOnlySpan<int> others, Span<float> similarities)
    {
        RowDistances.Between(_metric, _rows, item, others, similarities);
        for (int i = 0; i < similarities.Length; i++)
            similarities[i] = _metric == Metric.L2 ? -MathF.Sqrt(MathF.Max(0, similarities[i])) : -similarities[i];
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();
}
