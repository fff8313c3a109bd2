using Ann.Core.Recall;

namespace Ann.Tests.Recall;

/// <summary>
/// Goal: tens of samples outweigh the certificate where they were measured, chance does not, and nothing oscillates. Method: samples in,
/// shares out; no clock. Truth and certificate are curves of the multiple of k.
/// </summary>
public sealed class RecallCorrectionTests
{
    private const int Seed = 20261129;
    private const int K = 10;

    [Fact]
    public void NothingMeasuredLeavesTheCertificate()
    {
        foreach (double certified in new[] { 0, 1e-4, 0.01, 0.3, 1 })
            Assert.Equal(certified, RecallCorrection.None.MissedAt(K, 64, certified), 1e-9);
        Assert.Equal(1, RecallCorrection.None.Ratio);
    }

    [Fact]
    public void FiftySamplesTellWhatTheCertificateDoesNotKnow()
    {
        RecallCorrection correction = Measured(50, 16, certified: 0.03, missed: 0.15);

        Assert.InRange(correction.MissedAt(K, 16, 0.03), 0.13, 0.15);
        // Farther away the curve keeps its shape: a fifth of what is missed there, and so a fifth of what is missed more.
        Assert.InRange(correction.MissedAt(K, 128, 0.006), 0.012, 0.03);
        Assert.InRange(correction.MissedAt(K, 4096, 0.0001), 0, 0.001);
    }

    [Fact]
    public void ACertificateThatSaysAllIsFoundIsRefutedToo()
    {
        RecallCorrection correction = Measured(50, 10, certified: 1e-4, missed: 0.1);

        Assert.InRange(correction.MissedAt(K, 10, 1e-4), 0.08, 0.1);
    }

    [Fact]
    public void LuckIsBelievedLaterThanIllLuck()
    {
        double lucky = 0.1 - Measured(20, 16, 0.1, 0.05).MissedAt(K, 16, 0.1, isCautious: true);
        double unlucky = Measured(20, 16, 0.1, 0.15).MissedAt(K, 16, 0.1, isCautious: true) - 0.1;

        Assert.True(lucky < 0.65 * unlucky, $"{lucky:F4}, {unlucky:F4}");
        Assert.InRange(Measured(500, 16, 0.1, 0.05).MissedAt(K, 16, 0.1, isCautious: true), 0.05, 0.056);
        Assert.InRange(Measured(60, 16, 0.1, 0).MissedAt(K, 16, 0.1), 0, 0.01); // what is told follows sooner
    }

    [Fact]
    public void ACutAnswerIsNotToldToMissMoreThanAll()
    {
        RecallCorrection correction = Measured(200, 16, certified: 0.02, missed: 0.2);

        Assert.InRange(correction.MissedAt(K, 16, 0.7), 0.7, 1);
        Assert.InRange(correction.MissedAt(K, 16, 1), 0.99, 1);
    }

    /// <summary>
    /// Queries that are harder than the rows: 3 to 6 times what the certificate says is missed, in lumps. Wanted is 0.95 after 500 queries,
    /// and that widths stay where they came to.
    /// </summary>
    [Theory]
    [InlineData(1.0, 0.9)]
    [InlineData(3.0, 0.9)]
    [InlineData(3.0, 0.95)]
    [InlineData(6.0, 0.95)]
    [InlineData(6.0, 0.99)]
    [InlineData(0.3, 0.95)]
    public void AClosedLoopSettlesWithinHundreds(double harder, double target)
    {
        Random random = new(Seed);
        RecallCorrection correction = RecallCorrection.None;
        List<int> widths = [];
        for (int i = 0; i < 4000; i++)
        {
            int ef = WidthFor(correction, target);
            widths.Add(ef);
            double mean = Math.Min(1, harder * Certified(ef));
            double missed = random.NextDouble() < mean / 0.3 ? 0.1 * random.Next(1, 6) : 0; // 0.3 in the mean, of few queries
            correction = correction.After(K, ef, Certified(ef), missed);
        }

        double worst = widths.Skip(500).Max(ef => harder * Certified(ef));
        double typical = widths.Skip(500).Average(ef => harder * Certified(ef));
        Assert.True(typical <= 1 - target + 0.01, $"missed {typical:F4} in the mean; seed {Seed}");
        Assert.True(worst <= 1.6 * (1 - target) + 0.01, $"missed {worst:F4} at worst; seed {Seed}");
        Assert.True(
            widths.Skip(1000).Max() <= 2.5 * widths.Skip(1000).Min(),
            $"widths {widths.Skip(1000).Min()} to {widths.Skip(1000).Max()}; seed {Seed}");
    }

    [Fact]
    public void OldSamplesGiveWay()
    {
        RecallCorrection correction = Measured(20_000, 16, 0.05, 0.2);
        for (int i = 0; i < 3000; i++)
            correction = correction.After(K, 16, 0.05, 0.05);

        Assert.InRange(correction.Weight, RecallCorrection.Memory - 1, RecallCorrection.Memory);
        Assert.InRange(correction.MissedAt(K, 16, 0.05), 0.05, 0.065);
    }

    [Fact]
    public void LessWeightSaysTheSameMoreQuietly()
    {
        RecallCorrection weaker = Measured(1000, 16, 0.05, 0.2).Weaker(0.25, most: 50);

        Assert.Equal(50, weaker.Weight, 1e-6);
        Assert.InRange(weaker.MissedAt(K, 16, 0.05), 0.17, 0.2);
        for (int i = 0; i < 100; i++)
            weaker = weaker.After(K, 16, 0.05, 0.02);
        Assert.InRange(weaker.MissedAt(K, 16, 0.05), 0.05, 0.1);
    }

    [Fact]
    public void SumsThatNoSamplesMakeAreRefused()
    {
        RecallCorrection correction = Measured(30, 16, 0.05, 0.2);
        double[] samples = [.. correction.Samples];
        double[] missed = [.. correction.Missed];
        double[] expected = [.. correction.Expected];
        int place = Array.FindIndex(samples, static x => x > 0);

        Assert.NotNull(RecallCorrection.Of(samples, missed, expected));
        Assert.Null(RecallCorrection.Of(samples[1..], missed, expected));
        foreach (double wrong in new[] { double.NaN, -1, 31, double.PositiveInfinity })
        {
            double[] spoilt = [.. missed];
            spoilt[place] = wrong;
            Assert.Null(RecallCorrection.Of(samples, spoilt, expected));
            Assert.Null(RecallCorrection.Of(samples, missed, spoilt));
        }
        samples[place] = 1e9;
        Assert.Null(RecallCorrection.Of(samples, missed, expected));
    }

    private static RecallCorrection Measured(int samples, int ef, double certified, double missed)
    {
        RecallCorrection correction = RecallCorrection.None;
        for (int i = 0; i < samples; i++)
            correction = correction.After(K, ef, certified, missed);
        return correction;
    }

    /// <summary>Missed at ef 10: 0.2; half of it for each doubling.</summary>
    private static double Certified(int ef) => 0.2 * K / ef;

    private static int WidthFor(RecallCorrection correction, double target)
    {
        int low = K;
        int high = 4096;
        while (low < high)
        {
            int middle = (low + high) / 2;
            double missed = correction.MissedAt(K, middle, Certified(middle), isCautious: true);
            if (missed + correction.DeviationAt(K, middle, missed) <= 1 - target)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }
}
