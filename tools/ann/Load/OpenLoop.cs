namespace Ann.Tool.Load;

/// <summary>
/// Sends each request at its intended time, whether or not earlier ones were answered, as callers that know nothing of each other do. A
/// stall of the server then shows in the latency of every request that was due meanwhile.
/// </summary>
internal sealed class OpenLoop(LoadCalls calls, LoadRecorder recorder, IPacer pacer, TimeProvider time)
{
    /// <summary>Sends until <paramref name="end"/>. Holds the calling thread.</summary>
    /// <param name="schedule">Intended times after <paramref name="start"/>.</param>
    /// <param name="maxInFlight">A request due while so many are under way is not sent.</param>
    /// <param name="start">Begin of the schedule.</param>
    /// <param name="end">No request is due at or after it.</param>
    /// <param name="measuring">Called once, before the first request that is measured.</param>
    /// <param name="cancellation">Ends the loop early.</param>
    public void Dispatch(
        ISchedule schedule, int maxInFlight, long start, long end, Action measuring, CancellationToken cancellation)
    {
        bool measures = false;
        for (long number = 0; ; number++)
        {
            long due = start + schedule.Next();
            pacer.WaitUntil(Math.Min(due, end), cancellation);
            if (due >= end || cancellation.IsCancellationRequested)
                return;
            if (!measures && recorder.Measures(due))
            {
                measures = true;
                measuring();
            }
            long now = time.GetTimestamp();
            if (calls.InFlight >= maxInFlight)
                recorder.NotSent(due, now);
            else
                _ = calls.SendAsync(number, due, now);
        }
    }
}
