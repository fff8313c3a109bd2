using System.Diagnostics;
using Ann.Core.Recall;
using Ann.Server.Limits;

namespace Ann.Server.Admission;

/// <summary>
/// Somebody who makes calls, as the server tells callers apart: by the name of a credential, and all as one where nobody is asked. What is
/// learnt of its calls is its own, so that what one does is not held against another.
/// </summary>
/// <param name="name">As <c>key:batch</c>.</param>
internal sealed class Caller(string name)
{
    /// <summary>All who make calls, where nobody is asked who he is.</summary>
    public const string Anonymous = "anonymous";

    /// <summary>Weight of one search in the mean time that a place is held.</summary>
    private const int MeanOver = 32;

    /// <summary>Weight of one call in the share of those that are late.</summary>
    private const double LateOver = 64;

    /// <summary>What a turn counts before anything is known of a caller's searches, and the least that it counts.</summary>
    private const long LeastTurn = TimeSpan.TicksPerMillisecond / 10;

    private readonly Lock _lock = new();
    private BrownOutLadder _ladder;
    private double _lateShare;
    private long _meanTicks;

    /// <summary>As <c>key:batch</c>.</summary>
    public string Name => name;

    /// <summary>What is taken of its limits; null where it has none.</summary>
    public CallerMeters? Meters { get; set; }

    /// <summary>When it made its last call, milliseconds of the system's clock.</summary>
    public long SeenAt { get; set; }

    /// <summary>What a turn of it counts in a queue: the time that its searches hold a place, by its weight.</summary>
    public long Turn => (long)(Math.Max(LeastTurn, Volatile.Read(ref _meanTicks)) / (Meters?.Weight ?? 1));

    /// <summary>Step of the brown-out ladder that its next call would find, if it came without pressure.</summary>
    public int Step
    {
        get
        {
            lock (_lock)
                return _ladder.After(0, Stopwatch.GetElapsedTime(0)).Step;
        }
    }

    /// <summary>Learns how long one of its searches held a place.</summary>
    public void Held(TimeSpan time)
    {
        // Two at once may lose one of them: it is a mean.
        long mean = Volatile.Read(ref _meanTicks);
        Volatile.Write(ref _meanTicks, mean == 0 ? time.Ticks : mean + (time.Ticks - mean) / MeanOver);
    }

    /// <summary>A call of it is let in.</summary>
    /// <param name="waiting">Calls of it that wait.</param>
    /// <param name="places">Of those that wait, its share.</param>
    /// <param name="waited">Time that this one waited.</param>
    /// <param name="isLate">True where it had no time to wait.</param>
    /// <returns>The step of the brown-out ladder that it is served at.</returns>
    public int Observe(long waiting, int places, TimeSpan waited, bool isLate)
    {
        lock (_lock)
        {
            _lateShare += ((isLate ? 1 : 0) - _lateShare) / LateOver;
            double pressure = BrownOutLadder.Pressure(waiting, places, waited, _lateShare);
            _ladder = _ladder.After(pressure, Stopwatch.GetElapsedTime(0));
            return _ladder.Step;
        }
    }
}
