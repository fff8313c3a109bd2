using Ann.Bench.Curves;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Filters;

/// <summary>How the times of a trial are summed up, in microseconds.</summary>
internal static class TrialTimes
{
    /// <summary>The middle one of the rounds.</summary>
    public static double Median(IEnumerable<double> rounds) => Spread.Of(rounds)!.Median;

    /// <summary>The percentiles of some searches, whose ticks stay in their order.</summary>
    public static (double P50, double P99) Summarise(long[] ticks)
    {
        (_, double p50, double p99) = LatencySamples.Of([.. ticks]).Summarise();
        return (p50, p99);
    }
}
