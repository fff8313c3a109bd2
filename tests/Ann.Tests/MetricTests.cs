using Ann.Core;

namespace Ann.Tests;

public sealed class MetricTests
{
    /// <summary>The score of an item, asked for as the least score, must let that item through, and no item with another.</summary>
    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.L2)]
    [InlineData(Metric.InnerProduct)]
    public void TheDistanceOfAScoreIsTheLargestThatHasIt(Metric metric)
    {
        const int Seed = 20_261_125;
        Random random = new(Seed);
        float[] ends = [0, float.Epsilon, 1e-40f, 1e-20f, 1, 3, 1e20f, 3e38f, float.PositiveInfinity];
        for (int round = 0; round < 100_000; round++)
        {
            float distance = round < ends.Length ? ends[round] : (float)(random.NextDouble() * Math.Pow(10, random.Next(-30, 30)));
            float score = metric.ToScore(distance);
            float most = metric.ToDistance(score);
            Assert.True(most >= distance, $"seed {Seed}: distance {distance:R} has score {score:R}, whose distance is {most:R}");
            Assert.Equal(score, metric.ToScore(most));
            Assert.True(most == float.PositiveInfinity || metric.ToScore(MathF.BitIncrement(most)) != score, $"seed {Seed}: {most:R}");
        }
    }

    [Fact]
    public void AScoreThatIsNoNumberHasNoDistance()
    {
        Assert.True(float.IsNaN(Metric.L2.ToDistance(float.NaN)));
        Assert.Equal(float.PositiveInfinity, Metric.L2.ToDistance(float.PositiveInfinity));
        Assert.Equal(float.PositiveInfinity, Metric.Cosine.ToDistance(float.NegativeInfinity));
        Assert.Equal(0, Metric.L2.ToDistance(0));
    }
}
