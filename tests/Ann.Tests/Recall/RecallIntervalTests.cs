using Ann.Core.Recall;

namespace Ann.Tests.Recall;

public sealed class RecallIntervalTests
{
    /// <summary>Figures of Newcombe (1998), table I, method 3.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void ItIsWilsons(double sum, int samples, double low, double high)
    {
        RecallInterval interval = RecallInterval.Of(sum, samples);

        Assert.Equal(low, interval.Low, 1e-4);
        Assert.Equal(high, interval.High, 1e-4);
    }

    [Fact]
    public void NothingSeenKnowsNothing() => Assert.Equal(new RecallInterval(0, 0, 1, 0), RecallInterval.Of(0, 0));

    [Fact]
    public void AWindowForgets()
    {
        RecallWindow window = new(4);
        foreach (double recall in new[] { 0.0, 0.0, 1, 1, 1, 1 })
            window.Add(recall);

        Assert.Equal((1.0, 4, 6L), (window.Interval.Recall, window.Interval.Samples, window.Added));
    }
}
