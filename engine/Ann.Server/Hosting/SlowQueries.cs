using System.Diagnostics;
using System.Globalization;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server.Access;
using Ann.Server.Errors;
using Ann.Server.Recall;
using Ann.Server.Telemetry;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Hosting;

/// <summary>Finds the slow ones among the read calls. There is none where no file is set for them.</summary>
internal sealed class SlowQueries(SlowQueryLog log, TimeProvider time) : Interceptor
{
    /// <summary>Largest request that is kept whole.</summary>
    private const int MostRequestBytes = 1 << 20;

    /// <summary>Lists and keys of an answer that are kept, to compare a later answer with.</summary>
    private const int MostLists = 16;
    private const int MostKeys = 100;

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        DateTimeOffset arrived = time.GetUtcNow();
        long began = time.GetTimestamp();
        try
        {
            TResponse response = await continuation(request, context);
            if (IsSlow(began, out TimeSpan took) && !(request is SearchRequest search && OwnCalls.Has(search)))
                log.Add(Of((IMessage)request, response, context, arrived, took, StatusCode.OK));
            return response;
        }
        catch (Exception e) when (e is AnnException or RpcException or OperationCanceledException && IsSlow(began, out TimeSpan took))
        {
            log.Add(Of((IMessage)request, null, context, arrived, took, StatusOf(e, context)));
            throw;
        }
    }

    private bool IsSlow(long began, out TimeSpan took)
    {
        took = time.GetElapsedTime(began);
        return took >= log.Threshold;
    }

    private static SlowQuery Of(
        IMessage request, object? response, ServerCallContext context, DateTimeOffset arrived, TimeSpan took, StatusCode status)
    {
        int bytes = request.CalculateSize();
        SearchRequest? search = SearchOf(request);
        SearchResponse[] answers = AnswersOf(response);
        SearchResponse? first = answers.FirstOrDefault();
        return new SlowQuery
        {
            Time = arrived + took,
            Method = context.Method.TrimStart('/'),
            Status = CallStatus.NameOf((int)status),
            DurationMs = Math.Round(took.TotalMilliseconds, 3),
            DeadlineMs = context.Deadline == DateTime.MaxValue
                ? null
                : Math.Round((context.Deadline - arrived.UtcDateTime).TotalMilliseconds, 3),
            Index = RequestedIndex.Of(request),
            Generation = first?.Generation,
            K = search?.K is > 0 and uint k ? k : null,
            Plan = first is null ? null : ServerMetrics.NameOf(first.Stats.Plan),
            Completeness = first is null ? null : ServerMetrics.NameOf(first.Completeness),
            Costs = first is null ? null : CostsOf(first.Stats),
            Caller = AccessIdentity.Of(context.GetHttpContext())?.Shown,
            RequestTag = search?.RequestTag is { Length: > 0 } tag ? tag : null,
            TraceId = Activity.Current is { Recorded: true } trace ? trace.TraceId.ToHexString() : null,
            Keys = answers.Length == 0 ? null : [.. answers.SelectMany(ListsOf).Take(MostLists)],
            RequestBytes = bytes,
            Request = bytes <= MostRequestBytes ? request.ToByteArray() : null,
        };
    }

    private static SearchRequest? SearchOf(IMessage request) => request switch
    {
        SearchRequest search => search,
        SearchManyRequest many => many.Searches.FirstOrDefault(),
        RecommendRequest recommend => recommend.Search,
        RangeRequest range => range.Search,
        ExplainRequest explain => explain.Search,
        _ => null,
    };

    private static SearchResponse[] AnswersOf(object? response) => response switch
    {
        SearchResponse answer => [answer],
        SearchManyResponse many => [.. many.Answers],
        RecommendResponse { Answer: { } answer } => [answer],
        RangeResponse { Answer: { } answer } => [answer],
        _ => [],
    };

    /// <summary>The first keys of each list of an answer.</summary>
    public static IEnumerable<IReadOnlyList<string>> ListsOf(SearchResponse answer)
    {
        for (int list = 0; list + 1 < answer.RowOffsets.Count; list++)
        {
            int first = (int)answer.RowOffsets[list];
            int count = Math.Min((int)answer.RowOffsets[list + 1] - first, MostKeys);
            KeyColumn keys = answer.Keys;
            yield return
            [
                .. Enumerable.Range(first, count).Select(place => keys.Texts.Count > 0
                    ? keys.Texts[place]
                    : keys.Numbers[place].ToString(CultureInfo.InvariantCulture)),
            ];
        }
    }

    private static SlowQueryCosts CostsOf(SearchStats stats) => new(
        stats.QueueUs / 1e3, stats.EncodeUs / 1e3, stats.FilterUs / 1e3, stats.SearchUs / 1e3, stats.EfSearch, (long)stats.Visited,
        stats.BrownOut);

    private StatusCode StatusOf(Exception e, ServerCallContext context) => e switch
    {
        RpcException call => call.StatusCode,
        AnnException refusal => StatusDetails.ToRpcException(refusal, static message => message).StatusCode,
        _ => CallEnd.ToRpcException(context, time).StatusCode,
    };
}
