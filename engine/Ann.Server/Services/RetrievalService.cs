using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Encoders;
using Ann.Server.Mapping;
using Ann.Server.Recall;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Ann.Server.Services;

/// <summary>Read path: admit, resolve, validate, search, map. No state of its own.</summary>
internal sealed class RetrievalService(
    IndexCatalog catalog, EncoderCatalog encoders, AdmissionControl admission, LiveRecallBoard recall, LiveRecallSampler sampler,
    ServerMetrics metrics, IOptions<ServerOptions> options, TimeProvider time) : Retrieval.RetrievalBase
{
    private const int MaxTagBytes = 256;

    /// <summary>Rows of one call into the engine: it interleaves their walks, and the deadline is looked at between two calls.</summary>
    private const int RowsAtOnce = 64;

    /// <summary>Results of one call into the engine, so that its buffer stays small however large k is.</summary>
    private const int ResultsAtOnce = 1 << 16;

    private readonly ServerOptions _limits = options.Value;

    private TimeSpan Margin => TimeSpan.FromMilliseconds(_limits.DeadlineMarginMs);

    /// <remarks>A call that need not wait for its place runs to its end without a state machine.</remarks>
    public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        bool bestSoFar = request.OnDeadline == OnDeadline.BestSoFar;
        // Of a call that wants what there is by its deadline, the time that it waits counts.
        SearchBudget? budget = bestSoFar ? CallBudget.Of(context, time, request.OnDeadline, Margin) : null;
        ValueTask<SearchPlace> entering = admission.SearchPlaces.EnterAsync(
            budget ?? new SearchBudget(long.MaxValue, context.CancellationToken), bestSoFar);
        if (!entering.IsCompletedSuccessfully)
            return SearchLaterAsync(entering.AsTask(), request, context, budget);
        using SearchPlace place = entering.Result;
        return Task.FromResult(Search(request, context, place, budget));
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

    private async Task<SearchResponse> SearchLaterAsync(
        Task<SearchPlace> entering, SearchRequest request, ServerCallContext context, SearchBudget? budget)
    {
        using SearchPlace place = await entering;
        return Search(request, context, place, budget);
    }

    /// <summary>Synchronous on the request's thread: from here to the reply nothing waits.</summary>
    private SearchResponse Search(SearchRequest request, ServerCallContext context, in SearchPlace place, SearchBudget? early)
    {
        long started = Stopwatch.GetTimestamp();
        Tag(request.RequestTag);
        using SnapshotLease lease = catalog.Acquire(request.Index);
        IndexSnapshot index = lease.Snapshot;
        if (request.HasEncoderFingerprint)
            index.RequireEncoder(request.EncoderFingerprint);
        int k = (int)Math.Min(request.K, int.MaxValue);
        SearchEffort effort = SearchEffort.Of(
            request, index, () => recall.FactorOf(RecallKind.Of(index, selectivity: null, k)), place.Step, _limits.MaxRecallEf);
        SearchParameters parameters = effort.Parameters;
        VectorTarget target = new("queries", index.Name, index.Dimension, _limits.MaxRowsPerRequest);
        using VectorRows queries = VectorRows.Read(request.Queries, target);
        RequireBounded((long)queries.Count * k);

        OnDeadline choice = request.OnDeadline;
        SearchBudget budget = effort.Limit(early ?? CallBudget.Of(context, time, choice, Margin));
        if (place.IsLate)
            budget = CallBudget.Least(in budget);
        AnswerQuality quality = new(effort);
        ReadPoint at = index.Now;
        SearchColumns columns = new(index, queries.Count, k);
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
                CallBudget.RequireComplete(stopped, choice, context, time);
                if (stopped != StopReason.None && first > 0)
                {
                    columns.AddEmpty(queries.Count - first);
                    quality.AddUnsearched(queries.Count - first);
                    break;
                }
                SearchRows(index, queries, first, parameters, budget, results, counts[..rows], statistics[..rows]);
                for (int i = 0; i < rows; i++)
                {
                    CallBudget.RequireComplete(statistics[i].Stopped, choice, context, time);
                    Span<SearchHit> hits = results.AsSpan(i * k, counts[i]);
                    columns.Add(hits, statistics[i]);
                    quality.Add(in statistics[i]);
                    if (effort.CanBeSampled(in statistics[i]) && sampler.Wants())
                        sampler.Offer(index, queries[first + i], at, new SampledRequest(k, effort.Target, null, null, null), hits);
                }
            }
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(results);
        }
        for (int row = 0; row < queries.Count; row++)
            index.Sample(queries[row]); // the search has checked it: a query of real traffic
        SearchResponse response = columns.ToResponse(place.Queued, Stopwatch.GetElapsedTime(started));
        quality.Write(response, metrics);
        return response;
    }

    private static void SearchRows(
        IndexSnapshot index, in VectorRows queries, int first, in SearchParameters parameters, in SearchBudget budget, SearchHit[] results,
        Span<int> counts, Span<SearchStatistics> statistics)
    {
        try
        {
            if (counts.Length == 1)
                counts[0] = index.Search(queries[first], parameters, budget, results.AsSpan(0, parameters.K), out statistics[0]);
            else
                index.SearchMany(queries.Rows(first, counts.Length), parameters, budget, results, counts, statistics);
        }
        catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
        {
            // All else was checked before: what is left is NaN, infinity or a zero vector. The search does not know the row that the caller
            // knows; checking once more gives the caller's own field and row.
            float[] scratch = new float[queries.Dimension];
            for (int row = first; row < first + counts.Length; row++)
                RowPreparation.Prepare(index.Metric, queries[row], scratch, "queries", row);
            throw;
        }
    }

    private void RequireBounded(long results)
    {
        if (results > _limits.MaxResultsPerRequest)
            throw AnnException.Invalid("k", $"Rows times k is {results}; a request takes at most {_limits.MaxResultsPerRequest}.");
    }

    private static void Tag(string tag)
    {
        if (tag.Length == 0)
            return;
        if (System.Text.Encoding.UTF8.GetByteCount(tag) is int length and > MaxTagBytes)
            throw AnnException.Invalid("request_tag", $"request_tag takes {length} bytes; it must be at most {MaxTagBytes}.");
        Activity.Current?.SetTag("ann.request_tag", tag);
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
