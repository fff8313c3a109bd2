using System.Diagnostics;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Errors;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>The gRPC deadline and cancellation of a call, as the search loop looks at them.</summary>
internal static class CallBudget
{
    /// <summary>
    /// The time of a call, ending early enough for what was found to reach the caller by the deadline, where the caller wants it so: by a
    /// margin, but never more than three quarters of the time that is left: the first quarter millisecond of a walk finds nearly all there
    /// is.
    /// </summary>
    public static SearchBudget Of(in SearchBudget whole, OnDeadline choice, TimeSpan margin)
    {
        if (choice != OnDeadline.BestSoFar || whole.DeadlineTimestamp == long.MaxValue)
            return whole;
        long left = Math.Max(0, whole.DeadlineTimestamp - Stopwatch.GetTimestamp());
        long kept = Math.Min((long)(margin.TotalSeconds * Stopwatch.Frequency), left - left / 4);
        return whole with { DeadlineTimestamp = whole.DeadlineTimestamp - kept };
    }

    /// <summary>
    /// A budget for a call that cannot wait for its place: some dozens of expansions, which find much of what lies nearest, and cost the
    /// others nothing to speak of. What is left of its own time, where that is less.
    /// </summary>
    public static SearchBudget Least(in SearchBudget budget)
    {
        long until = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 20_000; // 50 µs
        return budget with { DeadlineTimestamp = Math.Min(budget.DeadlineTimestamp, until) };
    }

    /// <summary>Ends the call when its search was stopped, but for a deadline whose caller wants what was found.</summary>
    public static void RequireComplete(StopReason stopped, OnDeadline choice, ServerCallContext context, TimeProvider time)
    {
        if (stopped != StopReason.Deadline || choice != OnDeadline.BestSoFar)
            RequireComplete(stopped, context, time);
    }

    /// <summary>Ends the call when its search was stopped: an answer cut short is no answer, unless the caller asked for it.</summary>
    public static void RequireComplete(StopReason stopped, ServerCallContext context, TimeProvider time)
    {
        if (stopped == StopReason.Deadline)
            throw CallEnd.DeadlineExceeded(context, time);
        if (stopped == StopReason.Cancelled)
            throw CallEnd.ToRpcException(context, time);
    }
}
