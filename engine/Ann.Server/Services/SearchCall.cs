using System.Buffers;
using System.Diagnostics;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Ann.Server.Services;

/// <summary>
/// The k nearest of what may be returned, for each row: the plain search. Synchronous on the request's thread: from here to the reply
/// nothing waits. What asks for more goes to <see cref="RankedCalls"/>.
/// </summary>
internal sealed class SearchCall(
    IndexCatalog catalog, RankedCalls ranked, LiveRecallBoard recall, LiveRecallSampler sampler, ServerMetrics metrics,
    IOptions<ServerOptions> options, TimeProvider time)
{
    /// <summary>Rows of one call into the engine: it interleaves their walks, and the deadline is looked at between two calls.</summary>
    private const int RowsAtOnce = 64;

    /// <summary>Results of one call into the engine, so that its buffer stays small however large k is.</summary>
    private const int ResultsAtOnce = 1 << 16;

    private readonly ServerOptions _limits = options.Value;

    /// <summary>Time before its deadline at which a call answers with what it has.</summary>
    public TimeSpan Margin => TimeSpan.FromMilliseconds(_limits.DeadlineMarginMs);

    /// <summary>Answers a search.</summary>
    /// <param name="request">The request.</param>
    /// <param name="context">Its deadline and cancellation.</param>
    /// <param name="place">That it was admitted to.</param>
    /// <param name="early">Its budget, where that was taken before it waited; null to take it now.</param>
    public SearchResponse Run(SearchRequest request, ServerCallContext context, in SearchPlace place, SearchBudget? early)
    {
        long started = Stopwatch.GetTimestamp();
        RequestTag.Note(request.RequestTag);
        using SnapshotLease lease = catalog.Acquire(request.Index, out HostedIndex hosted);
        SearchInput input = new(request, lease.Snapshot, hosted, _limits.MaxExcludedKeys);
        if (input.IsRanked)
            return ranked.Search(request, input, context, in place, early);
        VectorTarget target = new("queries", input.Index.Name, input.Index.Dimension, _limits.MaxRowsPerRequest);
        using VectorRows queries = VectorRows.Read(request.Queries, target);
        int k = (int)Math.Min(request.K, int.MaxValue);

        SearchBudget whole = early ?? CallBudget.Of(context, time, request.OnDeadline, Margin);
        if (place.IsLate)
            whole = CallBudget.Least(in whole);
        bool takesRest = !place.IsLate && request.OnDeadline == OnDeadline.BestSoFar;
        long selecting = Stopwatch.GetTimestamp();
        ExcludedKeys? excluded = input.Excluded();
        using ItemSelection? selection = input.Index.Select(input.Filter, excluded, in whole);
        TimeSpan selected = Stopwatch.GetElapsedTime(selecting);
        SearchEffort effort = SearchEffort.Of(
            request, input.Index, selection?.Selectivity, () => recall.KnownOf(RecallKind.Of(input.Index, selection?.Selectivity, k)),
            place.Step, _limits.MaxRecallEf, mayScan: true);
        if ((long)queries.Count * k > _limits.MaxResultsPerRequest)
        {
            throw AnnException.Invalid(
                "k", $"Rows times k is {(long)queries.Count * k}; a request takes at most {_limits.MaxResultsPerRequest}.");
        }
        Work work = new(input, effort, selection, excluded, effort.Limit(in whole, takesRest), request.OnDeadline, context);
        SearchColumns columns = new(input.Index, queries.Count, effort.Parameters.K, input.Asked);
        AnswerQuality quality = new(effort);
        Search(in work, in queries, columns, ref quality);
        if (selection is not null)
            columns.Restrict(selection.Matching, selection.Selectivity, selected);
        SearchResponse response = columns.ToResponse(place.Queued, Stopwatch.GetElapsedTime(started));
        quality.Write(response, metrics);
        return response;
    }

    private void Search(in Work work, in VectorRows queries, SearchColumns columns, ref AnswerQuality quality)
    {
        int k = work.Effort.Parameters.K;
        ReadPoint at = work.Selection?.At ?? work.Input.Index.Now;
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
                StopReason stopped = work.Budget.Check();
                CallBudget.RequireComplete(stopped, work.Choice, work.Context, time);
                if (stopped != StopReason.None && first > 0)
                {
                    columns.AddEmpty(queries.Count - first);
                    quality.AddUnsearched(queries.Count - first);
                    break;
                }
                SearchRows(in work, in queries, first, results, counts[..rows], statistics[..rows]);
                for (int i = 0; i < rows; i++)
                {
                    CallBudget.RequireComplete(statistics[i].Stopped, work.Choice, work.Context, time);
                    Span<SearchHit> hits = results.AsSpan(i * k, counts[i]);
                    columns.Add(hits, statistics[i]);
                    quality.Add(in statistics[i]);
                    if (statistics[i].Stopped == StopReason.None)
                        work.Input.Index.Sample(queries[first + i]); // the search has checked it: a query of real traffic
                    if (work.Effort.CanBeSampled(in statistics[i]) && sampler.Wants(work.Effort.WeightOf(in statistics[i])))
                        sampler.Offer(work.Input.Index, queries[first + i], at, work.Sampled, work.Effort.AnswerOf(in statistics[i]), hits);
                }
            }
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(results);
        }
    }

    private static void SearchRows(
        in Work work, in VectorRows queries, int first, SearchHit[] results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        IndexSnapshot index = work.Input.Index;
        SearchParameters parameters = work.Effort.Parameters;
        SearchBudget budget = work.Budget;
        try
        {
            if (counts.Length == 1)
            {
                counts[0] = index.Search(
                    queries[first], in parameters, in budget, work.Selection, results.AsSpan(0, parameters.K), out statistics[0]);
            }
            else
            {
                index.SearchMany(
                    queries.Rows(first, counts.Length), in parameters, in budget, work.Selection, results, counts, statistics);
            }
        }
        catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
        {
            // All else was checked before: what is left is NaN, infinity or a zero vector. The search does not know the row that the caller
            // knows; checking once more gives the caller's own field and row.
            RequireSound(index, queries, first, counts.Length);
            throw;
        }
    }

    /// <summary>Refuses rows that cannot be searched with, by their number in the request.</summary>
    public static void RequireSound(IndexSnapshot index, in VectorRows queries, int first, int count)
    {
        float[] scratch = new float[queries.Dimension];
        for (int row = first; row < first + count; row++)
            RowPreparation.Prepare(index.Metric, queries[row], scratch, "queries", row);
    }

    /// <summary>What all rows of a request share.</summary>
    private readonly record struct Work(
        SearchInput Input, SearchEffort Effort, ItemSelection? Selection, ExcludedKeys? Excluded, SearchBudget Budget, OnDeadline Choice,
        ServerCallContext Context)
    {
        public SampledRequest Sampled => new(
            Effort.Parameters.K, Effort.PassedOver > 0 ? Effort.PassedOver : Effort.Parameters.BeamWidth, Effort.Target, Input.Filter,
            Excluded, Selection?.Selectivity);
    }
}
