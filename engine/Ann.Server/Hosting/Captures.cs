using Ann.Protocol.V1;
using Ann.Server.Access;
using Ann.Server.Recall;
using Ann.Server.Telemetry;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Ann.Server.Hosting;

/// <summary>Takes a sample of the searches, answered or not, for the capture. There is none where no file is set for it.</summary>
internal sealed class Captures(CaptureLog log, TimeProvider time) : Interceptor
{
    /// <summary>Largest request that is kept.</summary>
    private const int MostRequestBytes = 1 << 20;

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        if (!IsSearch(request) || !log.Wants())
            return await continuation(request, context);
        DateTimeOffset arrived = time.GetUtcNow();
        try
        {
            return await continuation(request, context);
        }
        finally
        {
            Add((IMessage)request, context, arrived); // now texts are vectors
        }
    }

    private void Add(IMessage request, ServerCallContext context, DateTimeOffset arrived)
    {
        if (request.CalculateSize() > MostRequestBytes || Plain(request) is not IMessage plain)
        {
            log.Lose();
            return;
        }
        log.Add(new CapturedCall
        {
            Time = arrived,
            Method = context.Method.TrimStart('/'),
            Index = RequestedIndex.Of(request),
            DeadlineMs = context.Deadline == DateTime.MaxValue
                ? null
                : Math.Round((context.Deadline - arrived.UtcDateTime).TotalMilliseconds, 3),
            Request = plain.ToByteArray(),
        });
    }

    private static bool IsSearch(object request) => request switch
    {
        SearchRequest search => !OwnCalls.Has(search),
        SearchManyRequest or RecommendRequest or RangeRequest => true,
        _ => false,
    };

    /// <summary>The request without its caller's marks; null where it still has texts, which are a person's own words.</summary>
    private static IMessage? Plain(IMessage request)
    {
        switch (request)
        {
            case SearchRequest search:
                return Plain(search);
            case SearchManyRequest many:
                SearchManyRequest manyPlain = many.Clone();
                manyPlain.Searches.Clear();
                foreach (SearchRequest one in many.Searches)
                {
                    if (Plain(one) is not SearchRequest plain)
                        return null;
                    manyPlain.Searches.Add(plain);
                }
                return manyPlain;
            case RecommendRequest recommend:
                RecommendRequest copy = recommend.Clone();
                copy.Search = Plain(recommend.Search ?? new SearchRequest());
                return copy.Search is null || copy.PositiveTexts.Count + copy.NegativeTexts.Count > 0 ? null : copy;
            case RangeRequest range:
                return Plain(range.Search ?? new SearchRequest()) is SearchRequest ranged ? new RangeRequest { Search = ranged } : null;
            default:
                return null;
        }
    }

    private static SearchRequest? Plain(SearchRequest search)
    {
        if (search.Texts.Count > 0)
            return null;
        SearchRequest plain = search.Clone();
        plain.RequestTag = "";
        return plain;
    }
}
