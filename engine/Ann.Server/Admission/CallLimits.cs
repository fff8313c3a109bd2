using System.Diagnostics;
using Ann.Core.Searching;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Ann.Server.Admission;

/// <summary>What one read call may take of the server: time, and memory for its reply.</summary>
internal sealed class CallLimits(IOptions<ServerOptions> options, TimeProvider time)
{
    private readonly long _most = options.Value.MaxReplyBytes;
    private readonly long _longest = (long)(options.Value.MaxSearchMs / 1000.0 * Stopwatch.Frequency);

    /// <summary>Bytes of the replies of all calls.</summary>
    public ByteBudget Replies { get; } = new(options.Value.ReplyBudget());

    /// <summary>Room for the reply of a call, held until it was written out (<see cref="ReplyDrain"/>).</summary>
    public ReplyRoom RoomOf(ServerCallContext context)
    {
        ReplyRoom room = new(Replies, _most);
        if (CallBody.Of(context) is { } body)
            body.Room = room;
        return room;
    }

    /// <summary>Time until the deadline of a call; null when it has none.</summary>
    public TimeSpan? LeftOf(ServerCallContext context) =>
        context.Deadline == DateTime.MaxValue ? null : context.Deadline - time.GetUtcNow().UtcDateTime;

    /// <summary>
    /// The time of a call: its own, but no more than the server lets a call take. The deadline is a date of the wall clock; the loop
    /// compares with the cheaper monotonic one.
    /// </summary>
    public SearchBudget BudgetOf(ServerCallContext context)
    {
        long now = Stopwatch.GetTimestamp();
        long left = _longest;
        if (context.Deadline != DateTime.MaxValue)
        {
            double ticks = (context.Deadline - time.GetUtcNow().UtcDateTime).TotalSeconds * Stopwatch.Frequency;
            left = (long)Math.Clamp(ticks, 0, _longest);
        }
        return new SearchBudget(now + left, context.CancellationToken);
    }
}
