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

    private readonly ServerOptions _limits = options.Value;

    public override async Task<SearchResponse> Search(SearchRequest request, ServerCallContext context)
    {
        long arrived = Stopwatch.GetTimestamp();
        using RateLimitLease place = await admission.Searches.EnterAsync(context.CancellationToken);
        return Search(request, context, queued: Stopwatch.GetElapsedTime(arrived));
    }

    public override async Task<EmbedResponse> Embed(EmbedRequest request, ServerCallContext context)
    {
        using RateLimitLease place = await admission.Embeds.EnterAsync(context.CancellationToken);
        return EmbedTexts(request, context);
    }

    /// <summary>Synchronous on the request's thread: from here to the reply nothing waits.</summary>
    private SearchResponse Search(SearchRequest request, ServerCallContext context, TimeSpan queued)
    {
        long started = Stopwatch.GetTimestamp();
        Tag(request.RequestTag);
        IndexSnapshot index = catalog.Acquire(request.Index);
        if (request.HasEncoderFingerprint)
            index.RequireEncoder(request.EncoderFingerprint);
        SearchParameters parameters = ToParameters(request);
        using QueryRows queries = QueryRows.Read(request.Queries, index, _limits.MaxRowsPerRequest);
        RequireBounded((long)queries.Count * parameters.K);

        SearchBudget budget = CallBudget.Of(context, time);
        SearchColumns columns = new(index, queries.Count, parameters.K);
        Neighbor[] results = ArrayPool<Neighbor>.Shared.Rent(parameters.K);
        try
        {
            for (int row = 0; row < queries.Count; row++)
            {
                // The search looks at the budget too, but only every few expansions; a small index would never ask.
                CallBudget.RequireComplete(budget.Check(), context, time);
                int found = SearchRow(index, queries, row, parameters, budget, results, out SearchStatistics statistics);
                CallBudget.RequireComplete(statistics.Stopped, context, time);
                columns.Add(results.AsSpan(0, found), statistics);
            }
        }
        finally
        {
            ArrayPool<Neighbor>.Shared.Return(results);
        }
        return columns.ToResponse(queued, Stopwatch.GetElapsedTime(started));
    }

    private static int SearchRow(
        IndexSnapshot index, in QueryRows queries, int row, in SearchParameters parameters, in SearchBudget budget, Neighbor[] results,
        out SearchStatistics statistics)
    {
        try
        {
            return index.Segment.Search(queries[row], parameters, budget, results.AsSpan(0, parameters.K), out statistics);
        }
        catch (AnnException e) when (e.Error == AnnError.InvalidArgument)
        {
            // All else was checked before: what is left is NaN, infinity or a zero vector. The search knows one row only and calls it 0;
            // checking once more gives the caller's own field and row.
            RowPreparation.Prepare(index.Segment.Metric, queries[row], new float[queries.Dimension], "queries", row);
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
        byte[] rows = new byte[request.Texts.Count * dimension * sizeof(float)];
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

        IndexSnapshot index = catalog.Acquire(request.Index);
        if (index.EncoderFingerprint is not ulong fingerprint)
            throw new AnnException(AnnError.FailedPrecondition, $"Index '{index.Name}' was built without naming an encoder.");
        return encoders.WithFingerprint(fingerprint)
            ?? throw new AnnException(
                AnnError.FailedPrecondition,
                $"The encoder of index '{index.Name}', '{index.Segment.BuildRecord.EncoderName}' ({fingerprint:x16}), is not hosted here.");
    }
}
