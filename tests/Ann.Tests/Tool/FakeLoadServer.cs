using Ann.Protocol.V1;
using Ann.Tool.Load;
using Grpc.Core;

namespace Ann.Tests.Tool;

/// <summary>A clock that stands still until it is moved. One tick is a microsecond.</summary>
internal sealed class ManualClock : TimeProvider
{
    public long Now { get; set; }

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => Now;
}

/// <summary>
/// A server, a network and the pacer of the loop on one manual clock: waiting moves the clock, and answers come on the way. Nothing sleeps.
/// </summary>
internal sealed class FakeLoadServer(ManualClock clock) : ILoadTransport, IPacer
{
    private readonly PriorityQueue<TaskCompletionSource<LoadAnswer>, long> _underWay = new();

    /// <summary>Time of an answer, microseconds.</summary>
    public long ServiceTime { get; init; } = 100;

    /// <summary>Begin and end of a time in which no answer comes: those due then come at its end.</summary>
    public (long Start, long End) Stall { get; init; }

    /// <summary>When request n, sent at a time, is answered; null for <see cref="ServiceTime"/> and <see cref="Stall"/>.</summary>
    public Func<long, long, long>? AnsweredAt { get; init; }

    /// <summary>What request n gets.</summary>
    public Func<long, StatusCode> CodeOf { get; init; } = static _ => StatusCode.OK;

    /// <summary>Time that the loop itself needs to send a request.</summary>
    public long SendTime { get; init; }

    /// <summary>Patience of each request, in order.</summary>
    public List<TimeSpan?> Patience { get; } = [];

    public Task<LoadAnswer> SendAsync(long number, TimeSpan? patience, CancellationToken cancellation)
    {
        Patience.Add(patience);
        long ready = clock.Now + ServiceTime;
        if (ready >= Stall.Start && ready < Stall.End)
            ready = Stall.End;
        if (AnsweredAt is not null)
            ready = AnsweredAt(number, clock.Now);
        StatusCode code = CodeOf(number);
        TaskCompletionSource<LoadAnswer> answer = new();
        _underWay.Enqueue(answer, ready);
        SearchResponse response = new() { Completeness = Completeness.Complete };
        Task<LoadAnswer> task = ThenAsync(answer.Task, new LoadAnswer(code, code == StatusCode.OK ? response : null));
        clock.Now += SendTime;
        return task;
    }

    public void WaitUntil(long timestamp, CancellationToken cancellation)
    {
        while (_underWay.TryPeek(out TaskCompletionSource<LoadAnswer>? answer, out long ready) && ready <= Math.Max(timestamp, clock.Now))
        {
            _underWay.Dequeue();
            clock.Now = Math.Max(clock.Now, ready);
            answer.SetResult(default);
        }
        clock.Now = Math.Max(clock.Now, timestamp);
    }

    private static async Task<LoadAnswer> ThenAsync(Task<LoadAnswer> ready, LoadAnswer answer)
    {
        await ready.ConfigureAwait(false);
        return answer;
    }
}
