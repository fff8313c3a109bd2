using Ann.Protocol.V1;
using Grpc.Core;

namespace Ann.Tool.Load;

/// <summary>The requests of one run that are under way, and what becomes of each. Shared by both loops.</summary>
internal sealed class LoadCalls(
    ILoadTransport transport, LoadRecorder recorder, AnswerRecall? recall, TimeProvider time, TimeSpan? deadline,
    LoadQuality? quality = null) : IDisposable
{
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inFlight = 1; // The loop itself, until it stops.

    /// <summary>Requests under way.</summary>
    public int InFlight => Volatile.Read(ref _inFlight) - 1;

    /// <summary>Most requests under way at once.</summary>
    public int Peak { get; private set; }

    /// <summary>Sends a request. Called by one thread at a time, but for closed loops, whose peak is known.</summary>
    /// <param name="number">From 0.</param>
    /// <param name="due">When it was intended.</param>
    /// <param name="now">The clock.</param>
    /// <returns>Ends with its answer, whatever it is.</returns>
    public Task SendAsync(long number, long due, long now)
    {
        Peak = Math.Max(Peak, Interlocked.Increment(ref _inFlight) - 1);
        recorder.Sent(due, now);
        TimeSpan? patience = deadline is TimeSpan limit ? limit - time.GetElapsedTime(due, now) : null;
        return FollowAsync(number, due, transport.SendAsync(number, patience, _cut.Token));
    }

    /// <summary>Waits for the requests under way; gives up on those that take longer than <paramref name="patience"/>.</summary>
    public async Task DrainAsync(TimeSpan patience)
    {
        Leave();
        try
        {
            await _empty.Task.WaitAsync(patience, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _cut.CancelAsync().ConfigureAwait(false);
            await _empty.Task.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cut.Dispose();

    private async Task FollowAsync(long number, long due, Task<LoadAnswer> sent)
    {
        LoadAnswer answer = await sent.ConfigureAwait(false);
        long now = time.GetTimestamp(); // First of all: what follows is the harness's own time.
        if (answer.Code == StatusCode.Cancelled && _cut.IsCancellationRequested)
        {
            recorder.Unanswered(due);
        }
        else
        {
            int right = 0;
            int wanted = 0;
            if (recall is not null && answer.Response is not null && recorder.Measures(due))
                right = recall.CountRight(number, answer.Response, out wanted);
            bool truncated = answer.Response is { Completeness: not Completeness.Complete };
            recorder.Ended(due, now, answer.Code, truncated, right, wanted);
            if (answer.Response is not null && recorder.Measures(due))
                quality?.Add(answer.Response, time.GetElapsedTime(due, now), right, wanted);
        }
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0)
            _empty.TrySetResult();
    }
}
