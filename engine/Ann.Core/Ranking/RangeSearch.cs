using System.Buffers;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>All items within a distance of each query row, at most k of them.</summary>
internal static class RangeSearch
{
    private const int FirstWant = 64;
    private const int Widening = 4;

    /// <summary>
    /// Searches for a few of the nearest, then for four times as many, until the farthest found lies beyond the distance, k are found, or
    /// there are no more.
    /// </summary>
    /// <param name="index">Held by the caller, until the answer's hits are read.</param>
    /// <param name="queries">The rows, one after another; finite, not zero under cosine.</param>
    /// <param name="rows">Rows, 1 or more.</param>
    /// <param name="query"><see cref="RankingQuery.MaxDistance"/> is the range, and required; no caps, floors, diversity or union.</param>
    /// <param name="budget">When to stop early.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field.</exception>
    public static RangeAnswer Run(IndexSnapshot index, ReadOnlySpan<float> queries, int rows, RankingQuery query, in SearchBudget budget)
    {
        RankingSearch.Check(index, queries, rows, query);
        if (query.MaxDistance is null)
            throw AnnException.Invalid("min_score", "min_score is not set; a range needs it.");
        Refuse("caps", query.Caps.Count > 0);
        Refuse("floors", query.Floors.Count > 0);
        Refuse("diversity", query.Diversity is not null);
        Refuse("union", query.Union is not null);

        using QuerySelection selection = QuerySelection.Of(index, query, index.Now, in budget);
        List<SearchHit> hits = [];
        int[] offsets = new int[rows + 1];
        bool[] bounded = new bool[rows];
        SearchStatistics sum = default;
        SearchHit[] found = ArrayPool<SearchHit>.Shared.Rent(query.K);
        try
        {
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> vector = queries.Slice(row * index.Dimension, index.Dimension);
                int count = Search(index, vector, query, in budget, selection.Items, found, ref sum);
                bounded[row] = count == query.K;
                hits.AddRange(found.AsSpan(0, count));
                offsets[row + 1] = hits.Count;
            }
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(found);
        }
        sum.EstimatedRecall = double.NaN; // curves are of the nearest k
        return new RangeAnswer(selection.AddTo(new RankingAnswer { Hits = hits, Offsets = offsets, Statistics = sum }), bounded);
    }

    private static int Search(
        IndexSnapshot index, ReadOnlySpan<float> vector, RankingQuery query, in SearchBudget budget, ItemSelection? selection,
        SearchHit[] found, ref SearchStatistics sum)
    {
        float? farthest = query.FarthestOf(index.Metric, index.Dimension);
        for (int want = Math.Min(FirstWant, query.K); ; want = Math.Min(want * Widening, query.K))
        {
            int ef = query.Exact || query.EfSearch == 0 ? 0 : Math.Max(query.EfSearch, want);
            SearchParameters parameters = query.Parameters with { K = want, EfSearch = ef };
            int count = index.Search(vector, in parameters, in budget, selection, found, out SearchStatistics cost);
            Costs.Add(ref sum, in cost);
            int within = PlainSearch.Within(found.AsSpan(0, count), farthest);
            if (within < count || count < want || want == query.K || cost.Stopped != StopReason.None)
                return within;
        }
    }

    private static void Refuse(string field, bool isThere)
    {
        if (isThere)
            throw AnnException.Invalid(field, $"{field} is set; a range takes none.");
    }
}

/// <summary>All within a distance.</summary>
/// <param name="Answer">A list a row, nearest first.</param>
/// <param name="Bounded">One a row: k items were in the range, and there may be more.</param>
internal sealed record RangeAnswer(RankingAnswer Answer, IReadOnlyList<bool> Bounded);
