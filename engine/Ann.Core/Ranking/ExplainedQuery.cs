using System.Buffers;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>A query that is answered several times, with other beam widths or exactly, each time as of the same write.</summary>
internal sealed class ExplainedQuery : IDisposable
{
    private readonly IndexSnapshot _index;
    private readonly RankingQuery _query;
    private readonly SearchBudget _budget;
    private readonly float[] _queries;

    /// <param name="index">Held by the caller.</param>
    /// <param name="queries">The rows, as the caller gave them.</param>
    /// <param name="query">Checked, but for its filters.</param>
    /// <param name="budget">When to stop early.</param>
    public ExplainedQuery(IndexSnapshot index, ReadOnlySpan<float> queries, RankingQuery query, in SearchBudget budget)
    {
        _index = index;
        _query = query;
        _budget = budget;
        At = index.Now;
        IsPlain = query.IsPlain;
        float[] prepared = RankingSearch.Prepare(index, queries, "queries");
        _queries = IsPlain ? queries.ToArray() : prepared;
        // As searches do it, to the bit: each prepares what it is given, and rows that are merged are scored anew.
        bool isSearched = IsPlain || prepared.Length == index.Dimension;
        float[] scored = isSearched ? RankingSearch.Prepare(index, _queries, "queries") : prepared;
        Scores = new ExampleScores(index.Metric, scored, [], index.Dimension);
    }

    /// <summary>What is seen.</summary>
    public ReadPoint At { get; }

    /// <summary>True when the answer is the k nearest of one row.</summary>
    public bool IsPlain { get; }

    /// <summary>Gives an item its distance and row.</summary>
    public ExampleScores Scores { get; }

    /// <summary>The answer that the query gets.</summary>
    public RankingAnswer Answer() => Answer(_query);

    /// <summary>The answer that it would get from exact searches.</summary>
    public RankingAnswer AnswerExactly() => Answer(_query with { Exact = true });

    /// <summary>The answer that it would get with another beam width.</summary>
    public RankingAnswer Answer(int efSearch) => Answer(_query with { EfSearch = efSearch });

    /// <summary>What may be returned. To be disposed.</summary>
    public SnapshotSource Source() => new(_index, _query, in _budget, At);

    public void Dispose() => Scores.Dispose();

    private RankingAnswer Answer(RankingQuery query)
    {
        // A source of its own each time: the numbers of slots follow from the order in which a source meets them.
        using SnapshotSource source = new(_index, query, in _budget, At);
        return IsPlain ? Nearest(source, query) : RankingSearch.Run(source, _queries, query, in _budget);
    }

    private RankingAnswer Nearest(SnapshotSource source, RankingQuery query)
    {
        SearchParameters parameters = query.Parameters;
        SearchHit[] hits = ArrayPool<SearchHit>.Shared.Rent(query.K);
        try
        {
            int count = source.Nearest(
                _queries, in parameters, in _budget, Refinement.None, hits.AsSpan(0, query.K), out SearchStatistics statistics);
            count = PlainSearch.Within(hits.AsSpan(0, count), query.FarthestOf(_index.Metric, _index.Dimension));
            return new RankingAnswer { Hits = [.. hits.AsSpan(0, count)], Offsets = [0, count], Statistics = statistics };
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(hits);
        }
    }
}
