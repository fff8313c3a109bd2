using System.Runtime.InteropServices;

namespace Ann.Tool.Load;

/// <summary>Waits for a moment of the clock.</summary>
internal interface IPacer
{
    /// <summary>Returns at <paramref name="timestamp"/>, at once when it has passed, earlier when cancelled.</summary>
    void WaitUntil(long timestamp, CancellationToken cancellation);
}

/// <summary>
/// Sleeps until shortly before the moment and spins the rest, at most about 50 µs a wait, so that the thread costs a fraction of a core
/// up to some thousand requests a second. On Linux it sleeps with nanosleep, whose wake-up is some ten µs late; elsewhere only waits
/// of more than two milliseconds sleep, since the system's timer is no finer.
/// </summary>
internal sealed partial class SleepThenSpin(TimeProvider time) : IPacer
{
    private const long SpinNanoseconds = 50_000;
    private const long CoarseNanoseconds = 2_000_000;
    private const long LongestSleepNanoseconds = 20_000_000; // A cancelled wait ends within this.

    /// <inheritdoc/>
    public void WaitUntil(long timestamp, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            long left = Nanoseconds(timestamp - time.GetTimestamp());
            if (left <= 0)
                return;
            if (OperatingSystem.IsLinux() && left > SpinNanoseconds)
                SleepOnLinux(Math.Min(left - SpinNanoseconds, LongestSleepNanoseconds));
            else if (left > CoarseNanoseconds)
                Thread.Sleep(TimeSpan.FromMilliseconds(Math.Min(left - CoarseNanoseconds, LongestSleepNanoseconds) / 1_000_000 + 1));
            else if (!Thread.Yield()) // Whoever waits for this core may have it: the clients' own answers, or the server.
                Thread.SpinWait(20);
        }
    }

    private long Nanoseconds(long ticks) => (long)(ticks * (1e9 / time.TimestampFrequency));

    private static void SleepOnLinux(long nanoseconds)
    {
        Interval interval = new() { Seconds = (nint)(nanoseconds / 1_000_000_000), Nanoseconds = (nint)(nanoseconds % 1_000_000_000) };
        _ = NanoSleep(in interval, 0); // A signal that cuts it short only makes the loop look at the clock again.
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Interval
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [DllImport("libc", EntryPoint = "nanosleep", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in Interval wanted, nint remaining);
}
