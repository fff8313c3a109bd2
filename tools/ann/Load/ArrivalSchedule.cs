namespace Ann.Tool.Load;

/// <summary>The intended times of the requests of an open loop, in clock ticks after its start. The same for the same seed.</summary>
/// <param name="rate">Requests a second, above 0.</param>
/// <param name="arrivals">Constant or Poisson.</param>
/// <param name="seed">Seed of the gaps of Poisson arrivals.</param>
/// <param name="frequency">Ticks of the clock a second.</param>
internal sealed class ArrivalSchedule(double rate, Arrivals arrivals, int seed, long frequency) : ISchedule
{
    private readonly Random _random = new(seed);
    private double _seconds;
    private long _count;

    /// <inheritdoc/>
    public long Next()
    {
        if (arrivals == Arrivals.Constant)
            return (long)(_count++ * (frequency / rate)); // From the count: a sum of gaps would gather their rounding.
        _seconds -= Math.Log(1 - _random.NextDouble()) / rate;
        return (long)(_seconds * frequency);
    }
}
