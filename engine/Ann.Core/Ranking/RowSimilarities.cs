using Ann.Core.Distances;

namespace Ann.Core.Ranking;

/// <summary>
/// Similarities of candidates in the metric's own sense: cosine similarity, inner product, or the negative Euclidean distance. Under L2
/// the scores are negative distances too, so that one scale holds for both; dividing both by anything would choose the same.
/// </summary>
internal sealed class RowSimilarities : ISimilarities, IDisposable
{
    private readonly Metric _metric;
    private readonly ICandidateSource _source;
    private readonly CandidatePool _pool;
    private readonly VectorTable _rows;
    private readonly bool[] _isThere;

    /// <summary>Makes room for the rows of the candidates; each is copied when it is first compared.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="pool">The candidates, as its last problem has them: it takes no others meanwhile.</param>
    public RowSimilarities(ICandidateSource source, CandidatePool pool)
    {
        _metric = source.Metric;
        _source = source;
        _pool = pool;
        _rows = new VectorTable(pool.Chosen, source.Dimension);
        _isThere = new bool[pool.Chosen];
    }

    public void Between(int item, ReadOnlySpan<int> others, Span<float> similarities)
    {
        Copy(item);
        foreach (int other in others)
            Copy(other);
        RowDistances.Between(_metric, _rows, item, others, similarities);
        MetricTraits traits = _metric.Traits();
        for (int i = 0; i < similarities.Length; i++)
            similarities[i] = (float)traits.SimilarityOf(similarities[i]);
    }

    public void Dispose() => _rows.Dispose();

    private void Copy(int item)
    {
        if (_isThere[item])
            return;
        _rows.Set(item, _source.RowOf(_pool.HitOf(item)));
        _isThere[item] = true;
    }
}
