using System.Buffers;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.RateLimiting;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
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
    IndexCatalog catalog, EncoderCatalog encoders, AdmissionControl admission, IOptions<ServerOptions> options, TimeProvider time)
    : Retrieval.RetrievalBase
{
    private const int MaxTagBytes = 256;

    /// <summary>Rows of one call into the engine: it interleaves their walks, and the deadline is looked at between two calls.</summary>
    private const int RowsAtOnce = 64;

    /// <summary>Results of one call into the engine, so that its buffer stays small however large k is.</summary>
    private const int ResultsAtOnce = 1 << 16;

    private readonly ServerOptions _limits = options.Value;

    /// <remarks>A call that need not wait for its place runs to its end without a state machine.</remarks>
    public override Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        ValueTask<RateLimitLease> entering = admission.Searches.EnterAsync(context.CancellationToken);
        if (!entering.IsCompletedSuccessfully)
            return SearchLaterAsync(entering.AsTask(), request, context);
        using RateLimitLease place = entering.Result;
        return Task.FromResult(Search(request, context, queued: TimeSpan.Zero));
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

    private async Task<SearchResponse> SearchLaterAsync(Task<RateLimitLease> entering, SearchRequest request, ServerCallContext context)
    {
        long arrived = Stopwatch.GetTimestamp();
        using RateLimitLease place = await entering;
        return Search(request, context, queued: Stopwatch.GetElapsedTime(arrived));
    }

    /// <summary>Synchronous on the request's thread: from here to the reply nothing waits.</summary>
    private SearchResponse Search(SearchRequest request, ServerCallContext context, TimeSpan queued)
    {
        long started = Stopwatch.GetTimestamp();
        Tag(request.RequestTag);
        using SnapshotLease lease = catalog.Acquire(request.Index);
        IndexSnapshot index = lease.Snapshot;
        if (request.HasEncoderFingerprint)
            index.RequireEncoder(request.EncoderFingerprint);
        SearchParameters parameters = ToParameters(request);
        VectorTarget target = new("queries", index.Name, index.Dimension, _limits.MaxRowsPerRequest);
        using VectorRows queries = VectorRows.Read(request.Queries, target);
        RequireBounded((long)queries.Count * parameters.K);

        SearchBudget budget = CallBudget.Of(context, time);
        SearchColumns columns = new(index, queries.Count, parameters.K);
        int rowsAtOnce = Math.Min(queries.Count, Math.Clamp(ResultsAtOnce / parameters.K, 1, RowsAtOnce));
        Span<int> counts = stackalloc int[RowsAtOnce];
        Span<SearchStatistics> statistics = stackalloc SearchStatistics[RowsAtOnce];
        SearchHit[] results = ArrayPool<SearchHit>.Shared.Rent(rowsAtOnce * parameters.K);
        try
        {
            for (int first = 0; first < queries.Count; first += rowsAtOnce)
            {
                int rows = Math.Min(rowsAtOnce, queries.Count - first);
                // The search looks at the budget too, but only every few expansions; a small index would never ask.
                CallBudget.RequireComplete(budget.Check(), context, time);
                SearchRows(index, queries, first, parameters, budget, results, counts[..rows], statistics[..rows]);
                for (int i = 0; i < rows; i++)
                {
                    CallBudget.RequireComplete(statistics[i].Stopped, context, time);
                    columns.Add(results.AsSpan(i * parameters.K, counts[i]), statistics[i]);
                }
            }
        }
        finally
        {
            ArrayPool<SearchHit>.Shared.Return(results);
        }
        for (int row = 0; row < queries.Count; row++)
            index.Sample(queries[row]); // the search has checked it: a query of real traffic
        return columns.ToResponse(queued, Stopwatch.GetElapsedTime(started));
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

    private static SearchParameters ToParameters(SearchRequest request)
    {
        // Clamped so that a huge unsigned number stays a huge number, and is refused as such.
        int k = (int)Math.Min(request.K, int.MaxValue);
        int efSearch = request.HasEfSearch ? (int)Math.Min(request.EfSearch, int.MaxValue) : 0;
        SearchParameters parameters = new(k, efSearch, request.Exact);
        parameters.Validate();
        if (request.HasEfSearch && efSearch == 0)
        {
            throw AnnException.Invalid(
                "ef_search", $"ef_search is 0; it must be k ({k}) to {SearchParameters.MaxEfSearch}, or not set.");
        }
        return parameters;
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
