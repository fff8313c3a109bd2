using System.Buffers;
using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>
/// The k nearest of what may be returned, for each row, as far as a least score reaches. What asks for more goes to <see
/// cref="RankedCall"/>.
/// </summary>
internal sealed class NearestCall(SearchPipeline pipeline, RankedCall ranked)
{
    /// <summary>Rows of one call into the engine: it interleaves their walks, and the deadline is looked at between two calls.</summary>
    private const int RowsAtOnce = 64;

    /// <summary>Results of one call into the engine, so that its buffer stays small however large k is.</summary>
    private const int ResultsAtOnce = 1 << 16;

    /// <summary>Answers a search.</summary>
    /// <inheritdoc cref="SearchPipeline.Acquire"/>
    public SearchResponse Run(
        SearchRequest request, ServerCallContext context, in SearchPlace place, SearchBudget? early, HeldIndex? encoded = null)
    {
        using AcquiredSearch search = pipeline.Acquire(request, context, in place, early, encoded);
        return Run(in search);
    }

    /// <summary>The same of a search that was read already; it stays the caller's.</summary>
    public SearchResponse Run(in AcquiredSearch search)
    {
        using VectorRows queries = pipeline.ReadRows(in search);
        if (WireRanking.IsRanked(search.Request))
            return ranked.Run(in search, in queries);
        float? farthest = search.Input.Farthest;
        using PreparedSearch prepared = pipeline.Prepare(in search, queries.Count, mayScan: true);
        SearchColumns columns = SearchPipeline.ColumnsOf(in prepared, queries.Count);
        AnswerQuality quality = new(prepared.Effort);
        Search(in prepared, in queries, farthest, columns, ref quality);
        return pipeline.Reply(in prepared, columns, in quality);
    }

    private void Search(
        in PreparedSearch search, in VectorRows queries, float? farthest, SearchColumns columns, ref AnswerQuality quality)
    {
        int k = search.Effort.Parameters.K;
        SearchBudget budget = search.Budget;
        int rowsAtOnce = Math.Min(queries.Count, Math.Clamp(ResultsAtOnce / k, 1, RowsAtOnce));
        Span<int> counts = stackalloc int[RowsAtOnce];
        Span<SearchStatistics> statistics = stackalloc SearchStatistics[RowsAtOnce];
        SearchHit[] results = ArrayPool<SearchHit>.Shared.Rent(rowsAtOnce * k);
        try
        {
            for (int first = 0; first < queries.Count; first += rowsAtOnce)
            {
                int rows = Math.Min(rowsAtOnce, queries.Count - first);
                // The search looks at the budget too, but only every few expansions; a small index would never ask.
                StopReason stopped = budget.Check();
                pipeline.RequireComplete(stopped, search.Of);
                if (stopped != StopReason.None && first > 0)
                {
                    columns.AddEmpty(queries.Count - first);
                    quality.AddUnsearched(queries.Count - first);
                    break;
                }
                SearchRows(in search, in queries, first, results, counts[..rows], statistics[..rows]);
                for (int i = 0; i < rows; i++)
                {
                    pipeline.RequireComplete(statistics[i].Stopped, search.Of);
                    Span<SearchHit> hits = results.AsSpan(i * k, counts[i]);
                    columns.Add(hits[..PlainSearch.Within(hits, farthest)], statistics[i]);
                    quality.Add(in statistics[i]);
                    pipeline.Learn(in search, queries[first + i], in statistics[i], hits);
                }
            }
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(results);
        }
    }

    private static void SearchRows(
        in PreparedSearch search, in VectorRows queries, int first, SearchHit[] results, Span<int> counts,
        Span<SearchStatistics> statistics)
    {
        IndexSnapshot index = search.Index;
        SearchParameters parameters = search.Effort.Parameters;
        SearchBudget budget = search.Budget;
        try
        {
            if (counts.Length == 1)
            {
                counts[0] = index.Search(
                    queries[first], in parameters, in budget, search.Selection, results.AsSpan(0, parameters.K), out statistics[0]);
            }
            else
            {
                index.SearchMany(
                    queries.Rows(first, counts.Length), in parameters, in budget, search.Selection, results, counts, statistics);
            }
        }
        catch (AnnException e) when (e is { Error: AnnError.InvalidArgument, Field: "queries" })
        {
            SearchPipeline.RequireSound(index, in queries, first, counts.Length);
            throw;
        }
    }
}
