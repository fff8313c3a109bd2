using System.Buffers;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>The k nearest of each row, without quotas, and all within a distance.</summary>
internal static class PlainSearch
{
    /// <summary>The nearest of each row, as far as <see cref="RankingQuery.MaxDistance"/> reaches.</summary>
    public static RankingAnswer Run(
        IndexSnapshot index, ReadOnlySpan<float> queries, int rows, RankingQuery query, in SearchBudget budget)
    {
        using QuerySelection selection = QuerySelection.Of(index, query, index.Now, in budget);
        SearchParameters parameters = query.Parameters;
        float? farthest = query.FarthestOf(index.Metric, index.Dimension);
        SearchHit[] found = ArrayPool<SearchHit>.Shared.Rent(checked(rows * query.K));
        int[] counts = new int[rows];
        SearchStatistics[] costs = new SearchStatistics[rows];
        try
        {
            index.SearchMany(queries, in parameters, in budget, selection.Items, found, counts, costs);
            int total = 0;
            for (int row = 0; row < rows; row++)
                total += counts[row] = Within(found.AsSpan(row * query.K, counts[row]), farthest);
            List<SearchHit> hits = new(total);
            int[] offsets = new int[rows + 1];
            SearchStatistics sum = default;
            double estimates = 0;
            for (int row = 0; row < rows; row++)
            {
                hits.AddRange(found.AsSpan(row * query.K, counts[row]));
                offsets[row + 1] = hits.Count;
                Costs.Add(ref sum, in costs[row]);
                estimates += costs[row].EstimatedRecall;
            }
            sum.EstimatedRecall = estimates / rows;
            return selection.AddTo(new RankingAnswer { Hits = hits, Offsets = offsets, Statistics = sum });
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(found);
        }
    }

    /// <summary>How many of the hits, nearest first, are no farther than a distance.</summary>
    public static int Within(ReadOnlySpan<SearchHit> hits, float? distance)
    {
        int count = hits.Length;
        while (count > 0 && hits[count - 1].Distance > distance)
            count--;
        return count;
    }
}
