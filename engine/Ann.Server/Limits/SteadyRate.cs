using System.Diagnostics;

namespace Ann.Server.Limits;

/// <summary>
/// So many of something a second, evenly, and at once as many as come in one second. The generic cell rate algorithm (ITU-T I.371, virtual
/// scheduling): one number, the time at which all that was taken is paid for. No lock, no timer, nothing allocated.
/// </summary>
/// <remarks>
/// What is larger than a second's worth passes where nothing is owed, and is paid for by a longer wait of what comes after: every amount
/// passes at some time, and none makes the rate higher.
/// </remarks>
internal sealed class SteadyRate
{
    private readonly double _ticksEach;
    private readonly long _burst;
    private readonly TimeProvider _time;
    private long _paidAt;

    /// <param name="perSecond">More than 0.</param>
    /// <param name="time">Its clock.</param>
    public SteadyRate(double perSecond, TimeProvider time)
    {
        Debug.Assert(perSecond > 0);
        _ticksEach = time.TimestampFrequency / perSecond;
        _burst = (long)Math.Max(time.TimestampFrequency, _ticksEach);
        _time = time;
        _paidAt = time.GetTimestamp() - _burst;
    }

    /// <summary>Takes so many, if they are to be had now.</summary>
    /// <param name="amount">How many.</param>
    /// <param name="wait">How long until they are, when they are not and nobody else takes them.</param>
    public bool TryTake(long amount, out TimeSpan wait)
    {
        long cost = CostOf(amount);
        long now = _time.GetTimestamp();
        long seen = Volatile.Read(ref _paidAt);
        while (true)
        {
            long paid = Math.Max(seen, now - _burst);
            long late = paid + Math.Min(cost, _burst) - now;
            if (late > 0)
            {
                wait = TimeOf(late);
                return false;
            }
            long before = Interlocked.CompareExchange(ref _paidAt, paid + cost, seen);
            if (before == seen)
            {
                wait = TimeSpan.Zero;
                return true;
            }
            seen = before;
        }
    }

    /// <summary>Takes so many whether or not they are to be had.</summary>
    /// <returns>How long to wait until they would have been; 0 for not at all.</returns>
    public TimeSpan Owe(long amount)
    {
        long cost = CostOf(amount);
        long now = _time.GetTimestamp();
        long seen = Volatile.Read(ref _paidAt);
        while (true)
        {
            long paid = Math.Max(seen, now - _burst) + cost;
            long before = Interlocked.CompareExchange(ref _paidAt, paid, seen);
            if (before == seen)
                return paid > now ? TimeOf(paid - now) : TimeSpan.Zero;
            seen = before;
        }
    }

    /// <summary>How long until one is to be had; 0 where one is now. Takes nothing.</summary>
    public TimeSpan Wait()
    {
        long now = _time.GetTimestamp();
        long late = Math.Max(Volatile.Read(ref _paidAt), now - _burst) + CostOf(1) - now;
        return late > 0 ? TimeOf(late) : TimeSpan.Zero;
    }

    /// <summary>Gives back what was taken, of a call that another limit refuses.</summary>
    public void Give(long amount) => Interlocked.Add(ref _paidAt, -CostOf(amount));

    private long CostOf(long amount) => (long)Math.Min(amount * _ticksEach, long.MaxValue / 4);

    /// <summary>At least a tick: what is told to wait waits.</summary>
    private TimeSpan TimeOf(long ticks)
    {
        double time = Math.Ceiling((double)ticks / _time.TimestampFrequency * TimeSpan.TicksPerSecond);
        return TimeSpan.FromTicks((long)Math.Clamp(time, 1, TimeSpan.TicksPerDay));
    }
}
