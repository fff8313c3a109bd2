using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server.Hosting;
using Ann.Server.Telemetry;
using Ann.Tool.Remote;
using Ann.Tool.Reports;
using Google.Protobuf;
using Grpc.Core;

namespace Ann.Tool.Replay;

/// <summary>Sends slow calls again, as the bytes that they were.</summary>
/// <param name="server">Whom to.</param>
/// <param name="time">The clock.</param>
internal sealed class CallReplay(ServerConnection server, TimeProvider time)
{
    /// <summary>Sends one, and compares.</summary>
    /// <param name="query">With its request.</param>
    /// <param name="withDeadline">Gives it the time that its caller gave it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="AnnException">No server answers.</exception>
    public async Task<ReplayedCall> SendAsync(SlowQuery query, bool withDeadline, CancellationToken cancellation)
    {
        DateTime? deadline = withDeadline && query.DeadlineMs is { } given
            ? time.GetUtcNow().UtcDateTime.AddMilliseconds(Math.Max(given, 0))
            : null;
        long began = time.GetTimestamp();
        string status = "OK";
        byte[]? reply = null;
        try
        {
            reply = await server.SendAsync(query.Method, query.Request!, deadline, cancellation);
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested)
        {
            if (e is { StatusCode: StatusCode.Unavailable, Status.DebugException: not null })
                throw server.Named(e, cancellation);
            status = CallStatus.NameOf((int)e.StatusCode);
        }
        double nowMs = time.GetElapsedTime(began).TotalMilliseconds;
        SearchResponse[] answers = reply is null ? [] : AnswersOf(query.Method, reply);
        return new ReplayedCall(
            query.Time, query.Method, query.Index, query.Status, status, query.DurationMs, Math.Round(nowMs, 3),
            answers.Length == 0 || query.Keys is null ? null : Overlap(query.Keys, [.. answers.SelectMany(SlowQueries.ListsOf)]),
            query.RequestTag);
    }

    /// <summary>Share of the keys that an answer had which a later one has too, list by list; null where it had none.</summary>
    public static double? Overlap(IReadOnlyList<IReadOnlyList<string>> then, IReadOnlyList<IReadOnlyList<string>> now)
    {
        int all = then.Sum(static list => list.Count);
        if (all == 0)
            return null;
        int found = then.Take(now.Count).Select((list, i) => list.Intersect(now[i], StringComparer.Ordinal).Count()).Sum();
        return (double)found / all;
    }

    /// <summary>The answers of searches that a reply holds.</summary>
    public static SearchResponse[] AnswersOf(string method, byte[] reply) => method.Split('/')[1] switch
    {
        nameof(Retrieval.RetrievalClient.Search) => [Parse<SearchResponse>(reply)],
        nameof(Retrieval.RetrievalClient.SearchMany) => [.. Parse<SearchManyResponse>(reply).Answers],
        nameof(Retrieval.RetrievalClient.Recommend) => [.. new[] { Parse<RecommendResponse>(reply).Answer }.OfType<SearchResponse>()],
        nameof(Retrieval.RetrievalClient.Range) => [.. new[] { Parse<RangeResponse>(reply).Answer }.OfType<SearchResponse>()],
        _ => [],
    };

    private static T Parse<T>(byte[] bytes)
        where T : IMessage, new()
    {
        T message = new();
        message.MergeFrom(bytes);
        return message;
    }
}
