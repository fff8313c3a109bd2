namespace Ann.Tool.Load;

/// <summary>Intended times of an open loop, in clock ticks after its start.</summary>
internal interface ISchedule
{
    /// <summary>The time of the next request. Never decreases.</summary>
    long Next();
}

/// <summary>The times at which recorded requests came, and after the last of them none.</summary>
/// <param name="seconds">In rising order, after the begin.</param>
/// <param name="frequency">Ticks of the clock a second.</param>
internal sealed class RecordedSchedule(IReadOnlyList<double> seconds, long frequency) : ISchedule
{
    private int _next;

    /// <inheritdoc/>
    public long Next() => _next < seconds.Count ? (long)(seconds[_next++] * frequency) : long.MaxValue / 4;
}
