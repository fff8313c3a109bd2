using System.Runtime.InteropServices;
using System.Threading.RateLimiting;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Mapping;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Ann.Server.Services;

/// <summary>Read path: admit, resolve, validate, search, map. No state of its own.</summary>
internal sealed class RetrievalService(
    IndexCatalog catalog, EncoderCatalog encoders, AdmissionControl admission, SearchCall search, RankedCalls ranked,
    IOptions<ServerOptions> options, TimeProvider time) : Retrieval.RetrievalBase
{
    private readonly ServerOptions _limits = options.Value;

    /// <remarks>A call that need not wait for its place runs to its end without a state machine.</remarks>
    public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        bool bestSoFar = request.OnDeadline == OnDeadline.BestSoFar;
        // Of a call that wants what there is by its deadline, the time that it waits counts.
        SearchBudget? budget = bestSoFar ? CallBudget.Of(context, time, request.OnDeadline, search.Margin) : null;
        ValueTask<SearchPlace> entering = admission.SearchPlaces.EnterAsync(
            budget ?? new SearchBudget(long.MaxValue, context.CancellationToken), bestSoFar);
        if (!entering.IsCompletedSuccessfully)
            return SearchLaterAsync(entering.AsTask(), request, context, budget);
        using SearchPlace place = entering.Result;
        return Task.FromResult(search.Run(request, context, in place, budget));
    }

    public override async Task<RecommendResponse> Recommend(RecommendRequest request, ServerCallContext context)
    {
        using SearchPlace place = await EnterAsync(context);
        return ranked.Recommend(request, context, in place);
    }

    public override async Task<RangeResponse> Range(RangeRequest request, ServerCallContext context)
    {
        using SearchPlace place = await EnterAsync(context);
        return ranked.Range(request, context, in place);
    }

    public override async Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        using SearchPlace place = await EnterAsync(context);
        return ranked.Explain(request, context, in place);
    }

    public override async Task<ScrollResponse> Scroll(ScrollRequest request, ServerCallContext context)
    {
        using SearchPlace place = await EnterAsync(context);
        using SnapshotLease lease = catalog.Acquire(request.Index);
        SearchBudget budget = CallBudget.Of(context, time);
        ScrollResponse response = ScrollCall.Run(lease.Snapshot, request, in budget, out StopReason stopped);
        CallBudget.RequireComplete(stopped, context, time); // a page that lacks items must not be paged on from
        return response;
    }

    public override async Task<PrepareFilterResponse> PrepareFilter(PrepareFilterRequest request, ServerCallContext context)
    {
        using SearchPlace place = await EnterAsync(context);
        using SnapshotLease lease = catalog.Acquire(request.Index, out HostedIndex hosted);
        SearchBudget budget = CallBudget.Of(context, time);
        BoundFilter filter = WireRanking.ReadFilter(request.Filter, prepared: null, lease.Snapshot, hosted)
            ?? throw AnnException.Invalid("filter", "filter is not set; it is what is to be prepared.");
        using ItemSelection? selection = lease.Snapshot.Select(filter, null, in budget);
        CallBudget.RequireComplete(selection?.Stopped ?? StopReason.None, context, time);
        return new PrepareFilterResponse
        {
            PreparedFilter = hosted.PreparedFilters.Add(filter),
            Matching = (ulong)(selection?.Matching ?? lease.Snapshot.Items),
        };
    }

    public override async Task<EmbedResponse> Embed(EmbedRequest request, ServerCallContext context)
    {
        using RateLimitLease place = await admission.Embeds.EnterAsync(context.CancellationToken);
        return EmbedTexts(request, context);
    }

    public override async Task<FetchResponse> Fetch(FetchRequest request, ServerCallContext context)
    {
        using RateLimitLease place = await admission.Searches.EnterAsync(context.CancellationToken);
        using SnapshotLease lease = catalog.Acquire(request.Index);
        return ItemFetch.Run(lease.Snapshot, request, _limits.MaxRowsPerRequest);
    }

    private ValueTask<SearchPlace> EnterAsync(ServerCallContext context) =>
        admission.SearchPlaces.EnterAsync(new SearchBudget(long.MaxValue, context.CancellationToken), bestSoFar: false);

    private async Task<SearchResponse> SearchLaterAsync(
        Task<SearchPlace> entering, SearchRequest request, ServerCallContext context, SearchBudget? budget)
    {
        using SearchPlace place = await entering;
        return search.Run(request, context, in place, budget);
    }

    private EmbedResponse EmbedTexts(EmbedRequest request, ServerCallContext context)
    {
        if (request.Texts.Count is 0 || request.Texts.Count > _limits.MaxTextsPerRequest)
            throw AnnException.Invalid("texts", $"texts holds {request.Texts.Count}; a request takes 1 to {_limits.MaxTextsPerRequest}.");
        TextEncoder encoder = EncoderOf(request);

        int dimension = encoder.Info.Dimension;
        long length = (long)request.Texts.Count * dimension * sizeof(float);
        if (length > Array.MaxLength)
            throw AnnException.Invalid("texts", $"texts holds {request.Texts.Count}, whose vectors make {length} bytes; send fewer.");
        byte[] rows = new byte[length];
        encoder.Encode(request.Texts, MemoryMarshal.Cast<byte, float>(rows.AsSpan()), context.CancellationToken);
        return new EmbedResponse
        {
            Vectors = new VectorBatch { Dtype = Dtype.F32, Dim = (uint)dimension, Data = UnsafeByteOperations.UnsafeWrap(rows) },
            EncoderFingerprint = encoder.Info.Fingerprint,
            Encoder = encoder.Info.Name,
        };
    }

    private TextEncoder EncoderOf(EmbedRequest request)
    {
        if (request.SourceCase == EmbedRequest.SourceOneofCase.Encoder)
            return encoders.Named(request.Encoder);
        if (request.SourceCase == EmbedRequest.SourceOneofCase.None)
            throw AnnException.Invalid("source", "Neither index nor encoder is set; one of them must be.");

        using SnapshotLease lease = catalog.Acquire(request.Index);
        IndexSnapshot index = lease.Snapshot;
        if (index.EncoderFingerprint is not ulong fingerprint)
            throw new AnnException(AnnError.FailedPrecondition, $"Index '{index.Name}' was built without naming an encoder.");
        return encoders.WithFingerprint(fingerprint)
            ?? throw new AnnException(
                AnnError.FailedPrecondition,
                $"The encoder of index '{index.Name}', '{index.Encoder.Name}' ({fingerprint:x16}), is not hosted here.");
    }
}
