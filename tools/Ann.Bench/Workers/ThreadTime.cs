using System.Runtime.InteropServices;

namespace Ann.Bench.Workers;

/// <summary>What a thread has had of a processor: time in which it waited for one, others having it, does not count.</summary>
internal static partial class ThreadTime
{
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    /// <summary>Nanoseconds of the calling thread so far; null where the system is not asked, which is all but Linux.</summary>
    public static long? Now() =>
        OperatingSystem.IsLinux() && ReadClock(ThreadClock, out TimeSpec time) == 0
            ? ((long)time.Seconds * 1_000_000_000) + time.Nanoseconds
            : null;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}
