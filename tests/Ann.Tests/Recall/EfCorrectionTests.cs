using Ann.Core.Recall;

namespace Ann.Tests.Recall;

/// <summary>Goal: the factor follows what is measured, not its noise. Method: samples in, factors out; no clock.</summary>
public sealed class EfCorrectionTests
{
    private const int Seed = 7;

    [Fact]
    public void RecallBelowTheTargetRaisesTheFactorToItsLimit()
    {
        EfCorrection correction = EfCorrection.None;
        List<double> factors = [1];
        for (int i = 0; i < 5000; i++)
        {
            correction = correction.After(i % 2 == 0 ? 0.8 : 0.9, 0.95);
            if (correction.Factor != factors[^1])
                factors.Add(correction.Factor);
        }

        Assert.Equal(EfCorrection.Largest, factors[^1]);
        Assert.All(factors.Zip(factors.Skip(1)), pair => Assert.InRange(pair.Second / pair.First, 1.0001, EfCorrection.Step + 1e-9));
    }

    [Fact]
    public void RecallWellAboveTheTargetLowersItToOne()
    {
        EfCorrection correction = EfCorrection.None with { Factor = 3 };
        for (int i = 0; i < 5000; i++)
            correction = correction.After(1, 0.9);

        Assert.Equal(1, correction.Factor);
    }

    [Theory]
    [InlineData(0.90)]
    [InlineData(0.91)]
    public void RecallAtTheTargetChangesNothing(double recall)
    {
        Random random = new(Seed);
        EfCorrection correction = EfCorrection.None with { Factor = 1.5 };
        for (int i = 0; i < 1900; i++)
            correction = correction.After(recall + (random.NextDouble() - 0.5) * 0.1, 0.9);

        Assert.Equal(1.5, correction.Factor);
    }

    [Fact]
    public void FewSamplesChangeNothing()
    {
        EfCorrection correction = EfCorrection.None;
        for (int i = 0; i < EfCorrection.LeastSamples - 1; i++)
            correction = correction.After(0, 0.99);

        Assert.Equal(1, correction.Factor);
    }

    [Fact]
    public void AClosedLoopSettles()
    {
        // Recall as a curve of the factor: 0.90 at 1, and half of what is missed for each doubling.
        EfCorrection correction = EfCorrection.None;
        int changes = 0;
        for (int i = 0; i < 200_000; i++)
        {
            double recall = 1 - 0.10 / correction.Factor;
            EfCorrection next = correction.After(recall, 0.95);
            changes += next.Factor != correction.Factor ? 1 : 0;
            correction = next;
        }

        Assert.InRange(correction.Factor, 1.5, 2.5);
        Assert.True(changes <= 6, $"{changes} changes");
    }
}
