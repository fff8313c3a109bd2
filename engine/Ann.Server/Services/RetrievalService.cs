using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>Read path: every call is admitted here, and goes to its kind. No state of its own.</summary>
internal sealed class RetrievalService(
    AdmissionControl admission, CallWork work, SearchPipeline pipeline, SearchKinds kinds, QueryEncoding encoding, EmbedCall embed)
    : Retrieval.RetrievalBase
{
    /// <remarks>A call that need not wait for its place runs to its end without a state machine.</remarks>
    public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        if (QueryInputs.Of(request) is { } inputs)
            return SearchEncodedAsync(request, inputs, context);
        bool bestSoFar = request.OnDeadline == OnDeadline.BestSoFar;
        // Of a call that wants what there is by its deadline, the time that it waits counts.
        SearchBudget? budget = bestSoFar ? pipeline.BudgetOf(request.OnDeadline, context) : null;
        if (work.IsHeavy(request))
            return SearchHeavyAsync(request, context, budget);
        ValueTask<SearchPlace> entering = admission.SearchPlaces.EnterAsync(
            budget ?? new SearchBudget(long.MaxValue, context.CancellationToken), bestSoFar, CallBody.CallerOf(context));
        if (!entering.IsCompletedSuccessfully)
            return SearchLaterAsync(entering.AsTask(), request, context, budget);
        using SearchPlace place = entering.Result;
        return Task.FromResult(kinds.Nearest.Run(request, context, in place, budget));
    }

    public override Task<SearchManyResponse> SearchMany(SearchManyRequest request, ServerCallContext context) =>
        AnswerAsync(request, request.Index, QueryInputs.Of(request), context, work.IsHeavy, kinds.Many.Run);

    public override Task<RecommendResponse> Recommend(RecommendRequest request, ServerCallContext context) =>
        AnswerAsync(request, request.Search?.Index, QueryInputs.Of(request), context, work.IsHeavy, kinds.Recommend.Run);

    public override Task<RangeResponse> Range(RangeRequest request, ServerCallContext context) =>
        AnswerAsync(request, request.Search?.Index, QueryInputs.Of(request), context, work.IsHeavy, kinds.Range.Run);

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context) =>
        AnswerAsync(request, request.Search?.Index, QueryInputs.Of(request), context, work.IsHeavy, kinds.Explain.Run);

    public override Task<ScrollResponse> Scroll(ScrollRequest request, ServerCallContext context) =>
        AdmitAsync(request, context, work.IsHeavy(request), (asked, call, _) => kinds.Scroll.Run(asked, call));

    public override Task<PrepareFilterResponse> PrepareFilter(PrepareFilterRequest request, ServerCallContext context) =>
        AdmitAsync(request, context, work.IsHeavy(request), (asked, call, _) => kinds.PrepareFilter.Run(asked, call));

    public override Task<FetchResponse> Fetch(FetchRequest request, ServerCallContext context) =>
        AdmitAsync(request, context, isHeavy: false, (asked, call, _) => kinds.Fetch.Run(asked, call));

    /// <remarks>Not admitted here: its encoder has a queue of its own.</remarks>
    public override Task<EmbedResponse> Embed(EmbedRequest request, ServerCallContext context) => embed.RunAsync(request, context);

    /// <summary>Answers what may hold texts or features: those are encoded first, and the call is admitted then.</summary>
    private async Task<TResponse> AnswerAsync<TRequest, TResponse>(
        TRequest request, string? index, QueryInputs? inputs, ServerCallContext context, Func<TRequest, bool> isHeavy,
        Func<TRequest, ServerCallContext, SearchPlace, HeldIndex?, TResponse> run)
    {
        HeldIndex? encoded = inputs is null ? null : await encoding.HoldAsync(index ?? "", inputs, context);
        try
        {
            return await AdmitAsync(
                request, context, isHeavy(request), (asked, call, place) => run(asked, call, place, encoded));
        }
        finally
        {
            encoded?.Lease.Dispose();
        }
    }

    private async Task<TResponse> AdmitAsync<TRequest, TResponse>(
        TRequest request, ServerCallContext context, bool isHeavy, Func<TRequest, ServerCallContext, SearchPlace, TResponse> run)
    {
        Caller? caller = CallBody.CallerOf(context);
        using HeavyPlace heavy = isHeavy ? await admission.EnterHeavyAsync(caller, context.CancellationToken) : default;
        using SearchPlace place = await admission.SearchPlaces.EnterAsync(
            new SearchBudget(long.MaxValue, context.CancellationToken), bestSoFar: false, caller);
        return run(request, context, place);
    }

    private async Task<SearchResponse> SearchEncodedAsync(SearchRequest request, QueryInputs inputs, ServerCallContext context)
    {
        HeldIndex encoded = await encoding.HoldAsync(request.Index, inputs, context);
        try
        {
            SearchBudget budget = pipeline.BudgetOf(request.OnDeadline, in encoded);
            Caller? caller = CallBody.CallerOf(context);
            using HeavyPlace heavy = work.IsHeavy(request) ? await admission.EnterHeavyAsync(caller, context.CancellationToken) : default;
            using SearchPlace place = await admission.SearchPlaces.EnterAsync(budget, request.OnDeadline == OnDeadline.BestSoFar, caller);
            return kinds.Nearest.Run(request, context, in place, budget, encoded);
        }
        finally
        {
            encoded.Lease.Dispose();
        }
    }

    private async Task<SearchResponse> SearchHeavyAsync(SearchRequest request, ServerCallContext context, SearchBudget? budget)
    {
        Caller? caller = CallBody.CallerOf(context);
        using HeavyPlace heavy = await admission.EnterHeavyAsync(caller, context.CancellationToken);
        using SearchPlace place = await admission.SearchPlaces.EnterAsync(
            budget ?? new SearchBudget(long.MaxValue, context.CancellationToken), budget is not null, caller);
        return kinds.Nearest.Run(request, context, in place, budget);
    }

    private async Task<SearchResponse> SearchLaterAsync(
        Task<SearchPlace> entering, SearchRequest request, ServerCallContext context, SearchBudget? budget)
    {
        using SearchPlace place = await entering;
        return kinds.Nearest.Run(request, context, in place, budget);
    }
}

/// <summary>Each kind of read call.</summary>
internal sealed record SearchKinds(
    NearestCall Nearest, SearchManyCall Many, RecommendCall Recommend, RangeCall Range, ExplainCall Explain, ScrollCall Scroll,
    FetchCall Fetch, PrepareFilterCall PrepareFilter);
