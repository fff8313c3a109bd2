using System.Diagnostics;

namespace Ann.Tool.Evaluation;

/// <summary>Times of single calls, in <see cref="Stopwatch"/> ticks. Each slot is written by one thread.</summary>
internal sealed class LatencySamples(int count)
{
    private readonly long[] _ticks = new long[count];

    /// <summary>Samples that were collected elsewhere.</summary>
    public static LatencySamples Of(IReadOnlyList<long> ticks)
    {
        LatencySamples samples = new(ticks.Count);
        for (int i = 0; i < ticks.Count; i++)
            samples.Set(i, ticks[i]);
        return samples;
    }

    /// <summary>Notes the time of call <paramref name="index"/>.</summary>
    public void Set(int index, long ticks) => _ticks[index] = ticks;

    /// <summary>Mean, median and 99th percentile in microseconds.</summary>
    public (double Mean, double P50, double P99) Summarise()
    {
        long[] sorted = [.. _ticks];
        Array.Sort(sorted);
        return (Microseconds(sorted.Average()), Microseconds(AtQuantile(sorted, 0.50)), Microseconds(AtQuantile(sorted, 0.99)));
    }

    /// <summary>The smallest sample that at least this share of all samples does not exceed.</summary>
    private static long AtQuantile(long[] sorted, double quantile) => sorted[Math.Max(0, (int)Math.Ceiling(quantile * sorted.Length) - 1)];

    private static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
