using System.Diagnostics;
using Ann.Core.Indexes;

namespace Ann.Server.Telemetry;

/// <summary>
/// Spans of calls, by <see cref="ActivitySource"/> <c>ann</c>. What a call did is told when it is over, from the times that were taken: so
/// no span is begun and ended in the midst of a search, and none is made where nobody listens.
/// </summary>
internal static class Spans
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "ann";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>True where somebody listens.</summary>
    public static bool AreWanted => Source.HasListeners();

    /// <summary>The span of the call under way, where it is sampled; null for none.</summary>
    public static Activity? OfCall =>
        Source.HasListeners() && Activity.Current is { IsAllDataRequested: true } current && current.Source == Source ? current : null;

    /// <summary>Begins the span of a call; goes on with the trace of its caller. Null where it is not sampled.</summary>
    /// <param name="headers">Of the call: <c>traceparent</c>, <c>tracestate</c>.</param>
    /// <param name="method">As <see cref="TagNames.RpcMethod"/>.</param>
    public static Activity? Begin(IHeaderDictionary headers, string method)
    {
        ActivityContext parent = default;
        if (Activity.Current is null && headers.TraceParent.ToString() is { Length: > 0 } text)
            _ = ActivityContext.TryParse(text, headers.TraceState, isRemote: true, out parent);
        return Source.StartActivity(
            method, ActivityKind.Server, parent, [new(TagNames.RpcSystem, "grpc"), new(TagNames.RpcMethod, method)]);
    }

    /// <summary>Ends the span of a call.</summary>
    /// <param name="call">The span.</param>
    /// <param name="status">gRPC's name of its status.</param>
    /// <param name="isOwn">True of a call of the server to itself, which is not told.</param>
    public static void End(Activity call, string status, bool isOwn)
    {
        call.SetTag(TagNames.RpcStatus, status);
        if (IsFault(status))
        {
            call.SetStatus(ActivityStatusCode.Error);
            call.SetTag(TagNames.ErrorType, status);
        }
        if (isOwn)
        {
            call.IsAllDataRequested = false;
            call.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
        call.Stop();
    }

    /// <summary>Tells a part of a call that is over.</summary>
    /// <param name="call">The span of the call.</param>
    /// <param name="name">What was done.</param>
    /// <param name="began">When it began, UTC.</param>
    /// <param name="elapsed">How long it took.</param>
    public static void Tell(Activity call, string name, DateTimeOffset began, TimeSpan elapsed)
    {
        if (elapsed <= TimeSpan.Zero)
            return;
        using Activity? part = Source.StartActivity(name, ActivityKind.Internal, call.Context, startTime: began);
        part?.SetEndTime((began + elapsed).UtcDateTime);
    }

    /// <summary>Tells the fsync that a write waited for.</summary>
    /// <param name="flush">What the log did; null for nothing.</param>
    /// <param name="now">The time now.</param>
    public static void Tell(FlushReport? flush, DateTimeOffset now)
    {
        if (flush is null || OfCall is not { } call)
            return;
        call.SetTag(TagNames.DbSystem, TagNames.DbSystemValue);
        call.SetTag(TagNames.Index, flush.Index);
        Tell(call, "fsync", now - Stopwatch.GetElapsedTime(flush.Began), flush.Elapsed);
    }

    /// <summary>Statuses that are the server's fault, by the conventions for servers of gRPC.</summary>
    private static bool IsFault(string status) => status is
        "UNKNOWN" or "DEADLINE_EXCEEDED" or "UNIMPLEMENTED" or "INTERNAL" or "UNAVAILABLE" or "DATA_LOSS";
}
