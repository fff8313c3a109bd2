namespace Ann.Encoding.Batching;

/// <summary>How large a batch may get: so that its run ends by the earliest deadline in it, and nobody behind it waits for long.</summary>
/// <param name="mostWeight">Of the encoder.</param>
/// <param name="runTimes">What runs took so far.</param>
/// <param name="now">When the run begins.</param>
internal struct BatchBounds(long mostWeight, RunTimeEstimate runTimes, TimeSpan now)
{
    /// <summary>Inputs of a run at most: more gain nothing.</summary>
    public const int MostRows = 64;

    /// <summary>
    /// A run is not expected to take longer, unless it is of a single input: who comes while it runs waits for its end. A batch of that
    /// time has nearly the throughput of a larger one.
    /// </summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(50);

    private TimeSpan _earliest = TimeSpan.MaxValue;
    private long _weight;
    private int _rows;

    /// <summary>True when a run of an input alone would end by a deadline: one that could not be met anyway bounds no batch.</summary>
    public readonly bool CanMeet(long weight, TimeSpan deadline) => now + runTimes.Of(weight) <= deadline;

    /// <summary>Adds an input, if the batch takes it. The first is always taken.</summary>
    /// <param name="weight">Of its work.</param>
    /// <param name="deadline">That its run should end by.</param>
    public bool TryAdd(long weight, TimeSpan deadline)
    {
        TimeSpan earliest = deadline < _earliest ? deadline : _earliest;
        if (_rows > 0)
        {
            TimeSpan time = runTimes.Of(_weight + weight);
            bool endsLate = earliest < TimeSpan.MaxValue && now + time > earliest;
            if (_rows == MostRows || _weight + weight > mostWeight || time > MostTime || endsLate)
                return false;
        }
        _earliest = earliest;
        _weight += weight;
        _rows++;
        return true;
    }
}
