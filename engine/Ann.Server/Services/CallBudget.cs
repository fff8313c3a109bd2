using System.Diagnostics;
using Ann.Core.Hnsw;
using Ann.Server.Errors;
using Grpc.Core;

namespace Ann.Server.Services;

/// <summary>The gRPC deadline and cancellation of a call, as the search loop looks at them.</summary>
internal static class CallBudget
{
    /// <summary>The budget of a call. The deadline is a date of the wall clock; the loop compares with the cheaper monotonic one.</summary>
    public static SearchBudget Of(ServerCallContext context, TimeProvider time)
    {
        if (context.Deadline == DateTime.MaxValue)
            return new SearchBudget(long.MaxValue, context.CancellationToken);

        TimeSpan left = context.Deadline - time.GetUtcNow().UtcDateTime;
        double ticks = left.TotalSeconds * Stopwatch.Frequency;
        // Half the range: far beyond any deadline, and the sum cannot overflow.
        long bounded = (long)Math.Clamp(ticks, 0, long.MaxValue / 2);
        return new SearchBudget(Stopwatch.GetTimestamp() + bounded, context.CancellationToken);
    }

    /// <summary>Ends the call when its search was stopped: an answer cut short is no answer, unless the caller asked for it.</summary>
    public static void RequireComplete(StopReason stopped, ServerCallContext context, TimeProvider time)
    {
        if (stopped == StopReason.Deadline)
            throw CallEnd.DeadlineExceeded();
        if (stopped == StopReason.Cancelled)
            throw CallEnd.ToRpcException(context, time);
    }
}
