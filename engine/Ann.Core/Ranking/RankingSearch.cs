using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>
/// Answers what a ranking service asks: the nearest items of each query row, or of all rows together, under filter, exclusions, caps,
/// floors and diversity.
/// </summary>
internal static class RankingSearch
{
    /// <summary>Searches. Synchronous; a search that its budget stops gives what there is, and its statistics say so.</summary>
    /// <param name="index">Held by the caller, until the answer's hits are read.</param>
    /// <param name="queries">The rows, one after another, of the index's dimension; finite, not zero under cosine.</param>
    /// <param name="rows">Rows, 1 or more.</param>
    /// <param name="query">What is asked beside.</param>
    /// <param name="budget">When to stop early.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: names the field as requests spell it, such as <c>caps[0].most</c>.
    /// </exception>
    public static RankingAnswer Run(
        IndexSnapshot index, ReadOnlySpan<float> queries, int rows, RankingQuery query, in SearchBudget budget)
    {
        Check(index, queries, rows, query);
        if (query.IsPlain)
            return PlainSearch.Run(index, queries, rows, query, in budget);

        using SnapshotSource source = new(index, query, in budget);
        return source.Selection.AddTo(Run(source, Prepare(index, queries, "queries"), query, in budget));
    }

    /// <summary>Vectors as an index measures their distances.</summary>
    /// <param name="index">Of their dimension.</param>
    /// <param name="vectors">One after another.</param>
    /// <param name="field">The name for an error.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: as for <see cref="RowPreparation.Prepare"/>.</exception>
    internal static float[] Prepare(IndexSnapshot index, ReadOnlySpan<float> vectors, string field)
    {
        int dimension = index.Dimension;
        float[] prepared = new float[vectors.Length];
        for (int from = 0; from < prepared.Length; from += dimension)
        {
            RowPreparation.Prepare(
                index.Metric, vectors.Slice(from, dimension), prepared.AsSpan(from, dimension), field, from / dimension);
        }
        return prepared;
    }

    /// <summary>Refuses what cannot be asked.</summary>
    internal static void Check(IndexSnapshot index, ReadOnlySpan<float> queries, int rows, RankingQuery query)
    {
        RankingValidation.Check(query, index.Attributes, rows);
        if (rows < 1)
            throw AnnException.Invalid("queries", $"there are {rows} query rows; one at least was expected.");
        if (queries.Length != (long)rows * index.Dimension)
            throw AnnException.DimensionMismatch("queries", "The index", index.Dimension, queries.Length / rows);
    }

    /// <summary>The lists of a query with quotas, from any source.</summary>
    /// <param name="source">Where candidates come from.</param>
    /// <param name="queries">The rows, prepared for the metric.</param>
    /// <param name="query">What is asked; checked.</param>
    /// <param name="budget">When to stop early.</param>
    internal static RankingAnswer Run(
        ICandidateSource source, ReadOnlyMemory<float> queries, RankingQuery query, in SearchBudget budget)
    {
        bool isMerged = query.Union is not null && queries.Length > source.Dimension;
        using ExampleScores? scores = isMerged ? new ExampleScores(source.Metric, queries.Span, [], source.Dimension) : null;
        return Run(source, queries, query, scores, in budget);
    }

    /// <summary>The same, with what an item's distance is.</summary>
    internal static RankingAnswer Run(
        ICandidateSource source, ReadOnlyMemory<float> queries, RankingQuery query, ExampleScores? scores, in SearchBudget budget)
    {
        int dimension = source.Dimension;
        int step = query.Union is null ? dimension : queries.Length;
        List<SearchHit> hits = [];
        List<int> offsets = [0];
        List<int> fromRows = [];
        List<QuotaFact> facts = [];
        SearchStatistics statistics = default;
        double estimates = 0;
        bool isFullest = true;
        for (int from = 0; from < queries.Length; from += step)
        {
            RankedList list = new QuotaSearch(source, query, queries.Slice(from, step), scores, budget).Run(offsets.Count - 1);
            hits.AddRange(list.Hits);
            offsets.Add(hits.Count);
            facts.AddRange(list.Facts);
            isFullest &= list.IsFullest;
            if (query.Union is not null)
                fromRows.AddRange(list.Rows);
            SearchStatistics cost = list.Statistics;
            Costs.Add(ref statistics, in cost);
            estimates += cost.EstimatedRecall;
        }
        statistics.EstimatedRecall = estimates / Math.Max(offsets.Count - 1, 1);
        return new RankingAnswer
        {
            Hits = hits,
            Offsets = offsets,
            FromRows = fromRows,
            Quotas = facts,
            Statistics = statistics,
            IsFullest = isFullest,
        };
    }
}
