namespace Ann.Tool.Load;

/// <summary>
/// A number of callers, each of which sends its next request when the last one was answered. While the server stalls nobody asks, so a
/// stall costs one sample a caller: good for the cost of a call, no picture of what independent callers see.
/// </summary>
internal sealed class ClosedLoop(LoadCalls calls, LoadRecorder recorder, TimeProvider time)
{
    private long _next = -1;
    private int _measures;

    /// <summary>Runs all callers until <paramref name="end"/>.</summary>
    /// <param name="callers">How many.</param>
    /// <param name="end">No request is sent at or after it.</param>
    /// <param name="measuring">Called once, before the first request that is measured.</param>
    /// <param name="cancellation">Ends the loop early.</param>
    public Task RunAsync(int callers, long end, Action measuring, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, callers)
            .Select(_ => Task.Run(() => CallAsync(end, measuring, cancellation), CancellationToken.None)));

    private async Task CallAsync(long end, Action measuring, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            long now = time.GetTimestamp();
            if (now >= end)
                return;
            if (_measures == 0 && recorder.Measures(now) && Interlocked.Exchange(ref _measures, 1) == 0)
                measuring();
            await calls.SendAsync(Interlocked.Increment(ref _next), now, now).ConfigureAwait(false);
        }
    }
}
