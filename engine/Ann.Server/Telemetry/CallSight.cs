using System.Diagnostics;

namespace Ann.Server.Telemetry;

/// <summary>What metrics and traces see of each call, whatever its method.</summary>
internal sealed class CallSight(ServerMetrics metrics)
{
    /// <summary>What a method is called that the protocol does not have.</summary>
    public const string OtherMethod = "_OTHER";

    /// <summary>A call begins.</summary>
    /// <param name="context">The call.</param>
    /// <param name="method">As <see cref="TagNames.RpcMethod"/>.</param>
    public CallMark Begin(HttpContext context, string method) =>
        Spans.AreWanted ? new CallMark(Stopwatch.GetTimestamp(), Spans.Begin(context.Request.Headers, method))
        : metrics.CountsCalls ? new CallMark(Stopwatch.GetTimestamp(), null)
        : default;

    /// <summary>It has ended.</summary>
    /// <param name="mark">What <see cref="Begin"/> gave.</param>
    /// <param name="context">The call.</param>
    /// <param name="method">The same as before.</param>
    /// <param name="isOwn">True of a call of the server to itself, which is not counted.</param>
    public void End(in CallMark mark, HttpContext context, string method, bool isOwn)
    {
        if (mark.Began == 0)
            return;
        string status = CallStatus.Of(context);
        if (!isOwn && metrics.CountsCalls)
            metrics.Called(method, status, Stopwatch.GetElapsedTime(mark.Began)); // before the span ends: it becomes the example
        if (mark.Span is { } span)
            Spans.End(span, status, isOwn);
    }
}

/// <summary>That a call is seen.</summary>
/// <param name="Began">When it began; 0 where nobody listens.</param>
/// <param name="Span">Its span; null where it is not sampled.</param>
internal readonly record struct CallMark(long Began, Activity? Span);
