using System.Diagnostics;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Ann.Server.Telemetry;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Ann.Server.Services;

/// <summary>
/// What every kind of search shares, in its order: <see cref="Acquire"/> the index, <see cref="Prepare"/> (select, choose the effort), run,
/// and reply. Synchronous on the request's thread: from here to the reply nothing waits.
/// </summary>
internal sealed class SearchPipeline(
    IndexCatalog catalog, CallLimits limits, LiveRecallBoard recall, LiveRecallSampler sampler, SearchSight sight,
    IOptions<ServerOptions> options, TimeProvider time)
{
    private const int MaxTagBytes = 256;

    private readonly ServerOptions _limits = options.Value;

    /// <summary>Examples and rows that a request may have.</summary>
    public int MaxRows => _limits.MaxRowsPerRequest;

    /// <summary>The time of a call, less what its reply needs where the caller wants what there is by the deadline.</summary>
    public SearchBudget BudgetOf(OnDeadline choice, ServerCallContext context) =>
        CallBudget.Of(limits.BudgetOf(context), choice, TimeSpan.FromMilliseconds(_limits.DeadlineMarginMs));

    /// <summary>The same of a call that holds its index: of one whose queries were encoded, from its arrival on.</summary>
    public SearchBudget BudgetOf(OnDeadline choice, in HeldIndex held) => CallBudget.Of(
        held.Encoded?.Whole ?? limits.BudgetOf(held.Context), choice, TimeSpan.FromMilliseconds(_limits.DeadlineMarginMs));

    /// <summary>Holds an index for a call. Once a call: its reply has one room.</summary>
    public HeldIndex Hold(string index, ServerCallContext context)
    {
        SnapshotLease lease = catalog.Acquire(index, out HostedIndex hosted);
        return new HeldIndex(lease, hosted, context, limits.RoomOf(context));
    }

    /// <summary>Holds the index of a request, and checks what is asked against it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="context">Its deadline and cancellation.</param>
    /// <param name="place">That it was admitted to.</param>
    /// <param name="early">Its budget, where that was taken before it waited; null to take it now.</param>
    /// <param name="encoded">The index, where its encoder made the queries; null to hold it now.</param>
    public AcquiredSearch Acquire(
        SearchRequest request, ServerCallContext context, in SearchPlace place, SearchBudget? early = null, HeldIndex? encoded = null)
    {
        HeldIndex held = encoded ?? Hold(request.Index, context);
        try
        {
            return Read(request, in held, in place, early ?? BudgetOf(request.OnDeadline, in held));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Checks what is asked against an index that is held.</summary>
    /// <param name="request">The request; what index it names does not count.</param>
    /// <param name="held">The index. Whoever disposes the search lets go of it.</param>
    /// <param name="place">That the call was admitted to.</param>
    /// <param name="budget">Its time.</param>
    public AcquiredSearch Read(SearchRequest request, in HeldIndex held, in SearchPlace place, in SearchBudget budget)
    {
        long started = Stopwatch.GetTimestamp();
        NoteTag(request.RequestTag);
        SearchInput input = new(request, held.Snapshot, held.Hosted, _limits.MaxExcludedKeys);
        return new AcquiredSearch(request, input, held, place, budget, started);
    }

    /// <summary>The query rows of a request.</summary>
    public VectorRows ReadRows(in AcquiredSearch search) => VectorRows.Read(
        search.Request.Queries, new VectorTarget("queries", search.Index.Name, search.Index.Dimension, _limits.MaxRowsPerRequest));

    /// <summary>Selects what may be returned, and chooses the effort.</summary>
    /// <param name="search">The request.</param>
    /// <param name="lists">Lists that it will have.</param>
    /// <param name="mayScan">True where one search answers, so that an exact scan may take the place of its walk.</param>
    /// <param name="more">Keys that are excluded besides; null for none.</param>
    public PreparedSearch Prepare(in AcquiredSearch search, int lists, bool mayScan, ExcludedKeys? more = null)
    {
        SearchRequest request = search.Request;
        SearchBudget whole = search.Place.IsLate ? CallBudget.Least(search.Budget) : search.Budget;
        bool takesRest = !search.Place.IsLate && request.OnDeadline == OnDeadline.BestSoFar;
        ExcludedKeys? excluded = search.Input.Excluded(more);
        long selecting = Stopwatch.GetTimestamp();
        ItemSelection? selection = search.Shared is { } shared
            ? shared.Without(excluded, in whole)
            : search.Index.Select(search.Input.Filter, excluded, in whole);
        bool isRestricted = search.Input.Filter is not null || excluded is not null;
        try
        {
            TimeSpan selected = Stopwatch.GetElapsedTime(selecting);
            SearchEffort effort = EffortOf(in search, lists, isRestricted ? selection?.Selectivity : null, mayScan);
            SearchBudget budget = effort.Limit(in whole, takesRest) with { Timer = SearchSight.NewTimer() };
            return new PreparedSearch(
                search, effort, budget, selection, excluded, selected, selection?.At ?? search.Index.Now);
        }
        catch
        {
            selection?.Dispose();
            throw;
        }
    }

    /// <summary>How hard a request is searched for; refuses one that asks for too much.</summary>
    /// <inheritdoc cref="Prepare"/>
    /// <param name="search">The request.</param>
    /// <param name="lists">Lists that it will have.</param>
    /// <param name="selectivity">Share of the items that may be returned; null when nothing restricts them.</param>
    /// <param name="mayScan">True where one search answers.</param>
    public SearchEffort EffortOf(in AcquiredSearch search, int lists, double? selectivity, bool mayScan)
    {
        IndexSnapshot index = search.Index;
        int k = search.K;
        SearchEffort effort = SearchEffort.Of(
            search.Request, index, selectivity, () => recall.KnownOf(RecallKind.Of(index, selectivity, k)), search.Place.Step,
            Math.Min(_limits.MaxRecallEf, CallBody.Of(search.Held.Context)?.MostEf ?? int.MaxValue), mayScan);
        RequireResults("k", (long)lists * k);
        return effort;
    }

    /// <summary>Refuses a request that may have more results than one may have.</summary>
    /// <param name="field">Blamed for it.</param>
    /// <param name="results">Rows times k.</param>
    public void RequireResults(string field, long results)
    {
        if (results > _limits.MaxResultsPerRequest)
            throw AnnException.Invalid(field, $"Rows times k is {results}; a request takes at most {_limits.MaxResultsPerRequest}.");
    }

    /// <summary>Ends the call when its search was stopped, but for a deadline whose caller wants what was found.</summary>
    public void RequireComplete(StopReason stopped, in AcquiredSearch search) =>
        CallBudget.RequireComplete(stopped, search.Request.OnDeadline, search.Held.Context, time);

    /// <summary>Offers a row and what was found for it to those who learn from traffic.</summary>
    /// <param name="search">The request.</param>
    /// <param name="query">The row; a search has checked it.</param>
    /// <param name="statistics">Of its search.</param>
    /// <param name="hits">The nearest k, or as many as there are.</param>
    public void Learn(in PreparedSearch search, ReadOnlySpan<float> query, in SearchStatistics statistics, ReadOnlySpan<SearchHit> hits)
    {
        SearchEffort effort = search.Effort;
        bool isOwn = OwnCalls.Has(search.Of.Request);
        if (statistics.Stopped == StopReason.None)
            search.Index.Sample(isOwn ? [] : query); // no query at all is not kept, and the first caller's finds the code compiled
        if (!effort.CanBeSampled(in statistics) || !sampler.Wants(effort.WeightOf(in statistics), isOwn))
            return;
        int ef = effort.PassedOver > 0 ? effort.PassedOver : effort.Parameters.BeamWidth;
        SampledRequest sampled = new(
            effort.Parameters.K, ef, effort.Target, search.Of.Input.Filter, search.Excluded, search.Restriction?.Selectivity)
        {
            IsRehearsal = isOwn,
        };
        sampler.Offer(search.Index, query, search.At, sampled, effort.AnswerOf(in statistics), hits);
    }

    /// <summary>The reply to an answer that the core ranked.</summary>
    public SearchResponse Reply(in PreparedSearch search, RankingAnswer answer)
    {
        RequireComplete(answer.Statistics.Stopped, search.Of);
        SearchColumns columns = ColumnsOf(in search, answer.Lists);
        for (int list = 0; list < answer.Lists; list++)
            columns.Add(answer[list]);
        SearchStatistics statistics = answer.Statistics;
        columns.AddCosts(in statistics);
        columns.Explain(answer);
        AnswerQuality quality = new(search.Effort);
        quality.Add(in statistics);
        if (!answer.IsFullest)
            quality.AddLimitedWork();
        return Reply(in search, columns, in quality);
    }

    /// <summary>The columns of a reply that will have so many lists.</summary>
    public static SearchColumns ColumnsOf(in PreparedSearch search, int lists) =>
        new(search.Index, lists, search.Effort.Parameters.K, search.Of.Input.Asked, search.Of.Held.Room);

    /// <summary>The reply, with what became of the request.</summary>
    public SearchResponse Reply(in PreparedSearch search, SearchColumns columns, in AnswerQuality quality)
    {
        if (search.Restriction is { } selection)
            columns.Restrict(selection.Matching, selection.Selectivity, search.Selecting);
        SearchResponse response = ToResponse(search.Of, columns);
        quality.Write(response);
        sight.Answered(search.Of, search.Selecting, search.Budget.Timer, response);
        return response;
    }

    /// <summary>The reply to a request that there was no time for: its lists are empty.</summary>
    public SearchResponse ReplyUnsearched(in AcquiredSearch search, int lists)
    {
        SearchEffort effort = EffortOf(in search, lists, selectivity: null, mayScan: false);
        SearchColumns columns = new(search.Index, lists, k: 0, search.Input.Asked, search.Held.Room);
        columns.AddEmpty(lists);
        AnswerQuality quality = new(effort);
        quality.AddUnsearched(lists);
        SearchResponse response = ToResponse(in search, columns);
        quality.Write(response);
        sight.Answered(in search, TimeSpan.Zero, null, response);
        return response;
    }

    /// <summary>
    /// Refuses rows that cannot be searched with, by their number in the request: what the core refuses of them is NaN, infinity or a zero
    /// vector, and it does not know the row that the caller knows.
    /// </summary>
    public static void RequireSound(IndexSnapshot index, in VectorRows queries, int first, int count)
    {
        float[] scratch = new float[queries.Dimension];
        for (int row = first; row < first + count; row++)
            RowPreparation.Prepare(index.Metric, queries[row], scratch, "queries", row);
    }

    private static SearchResponse ToResponse(in AcquiredSearch search, SearchColumns columns) => columns.ToResponse(
        search.Place.Queued, Stopwatch.GetElapsedTime(search.Started), search.Held.Encoded?.Time ?? TimeSpan.Zero);

    /// <summary>Notes the caller's own mark of a request in the trace; of several in one call the first.</summary>
    private static void NoteTag(string tag)
    {
        if (tag.Length == 0)
            return;
        if (System.Text.Encoding.UTF8.GetByteCount(tag) is int length and > MaxTagBytes)
            throw AnnException.Invalid("request_tag", $"request_tag takes {length} bytes; it must be at most {MaxTagBytes}.");
        if (Activity.Current is { } activity && activity.GetTagItem(TagNames.RequestTag) is null)
            activity.SetTag(TagNames.RequestTag, tag);
    }
}
