using System.Diagnostics;
using Ann.Tool.Evaluation;

namespace Ann.Tests.Tool;

public sealed class LatencySamplesTests
{
    /// <summary>The quantile is a sample that was seen, never one in between.</summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(100, 50, 99)]
    [InlineData(1000, 500, 990)]
    public void QuantilesAreSamples(int count, int median, int p99)
    {
        long microsecond = Stopwatch.Frequency / 1_000_000;
        LatencySamples samples = LatencySamples.Of([.. Enumerable.Range(1, count).Reverse().Select(i => i * microsecond)]);

        (double mean, double p50, double high) = samples.Summarise();

        Assert.Equal(median, p50, 6);
        Assert.Equal(p99, high, 6);
        Assert.Equal((count + 1) / 2.0, mean, 6);
    }
}
