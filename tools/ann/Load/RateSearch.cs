using Ann.Tool.Reports;

namespace Ann.Tool.Load;

/// <summary>
/// Finds the highest rate that holds: doubles while it does, halves while it does not, then halves the gap until it is small. Knows
/// nothing of time or servers.
/// </summary>
/// <param name="first">The rate to begin with, requests a second.</param>
internal sealed class RateSearch(double first)
{
    /// <summary>The answer is within this share below the lowest rate that failed.</summary>
    public const double Precision = 0.05;

    private const double Lowest = 1;
    private const double Highest = 1_000_000;

    private double _holds;
    private double _fails = double.PositiveInfinity;

    /// <summary>The rate to try now; null when the search is over.</summary>
    public double? Next { get; private set; } = first;

    /// <summary>The highest rate that held; 0 when none did.</summary>
    public double HighestHeld => _holds;

    /// <summary>Notes how the rate of <see cref="Next"/> went.</summary>
    public void Report(bool held)
    {
        double rate = Next ?? throw new InvalidOperationException("The search is over.");
        if (held)
            _holds = Math.Max(_holds, rate);
        else
            _fails = Math.Min(_fails, rate);
        Next = Following();
    }

    /// <summary>True when a run held its rate: it was sustained, with the 99th percentile within the objective.</summary>
    public static bool Holds(LoadRun run, double p99LimitUs) =>
        run is { Sustained: true, Answered: > 0 } && run.Latency.P99Us <= p99LimitUs;

    private double? Following()
    {
        if (double.IsPositiveInfinity(_fails))
            return _holds < Highest ? Math.Min(2 * _holds, Highest) : null;
        if (_holds == 0)
            return _fails > Lowest ? Math.Max(_fails / 2, Lowest) : null;
        return _holds < (1 - Precision) * _fails ? (_holds + _fails) / 2 : null;
    }
}
