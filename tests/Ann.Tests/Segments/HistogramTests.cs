using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: a histogram counts every value once, in bins that tell values apart whatever their law, and few of them.</summary>
public sealed class HistogramTests
{
    private const int Seed = 20261130;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(40, 1)]
    [InlineData(63, 1)]
    [InlineData(256, 5)] // of which the largest is far below four times the mean
    public void SmallNumbersHaveBinsOfOneWidth(int most, int width)
    {
        int[] numbers = [.. Enumerable.Range(0, most + 1)];

        Histogram histogram = Histogram.OfNumbers(numbers);

        Assert.All(histogram.Edges.Zip(histogram.Edges.Skip(1)), pair => Assert.Equal(width, pair.Second - pair.First));
        Assert.Equal(most + 1, histogram.Counts.Sum());
        Assert.Null(histogram.Fault());
    }

    [Fact]
    public void AHubDoesNotHideTheOthers()
    {
        int[] numbers = [.. Enumerable.Range(0, 10_000).Select(static i => 20 + i % 20), 10_000];

        Histogram histogram = Histogram.OfNumbers(numbers);

        Assert.InRange(histogram.Counts.Count, 20, Histogram.MostBins);
        Assert.True(histogram.Counts.Count(static count => count > 0) > 5, "the usual numbers are told apart");
        Assert.Equal(1, histogram.Counts[^1]);
        Assert.InRange(10_000, histogram.Edges[^2], histogram.Edges[^1]);
        Assert.Null(histogram.Fault());
    }

    [Fact]
    public void FrequenciesAndNumbersAgree()
    {
        Random random = new(Seed);
        int[] numbers = [.. Enumerable.Range(0, 5000).Select(_ => (int)Math.Exp(random.NextDouble() * 6))];
        long[] often = new long[numbers.Max() + 10];
        foreach (int number in numbers)
            often[number]++;

        Histogram one = Histogram.OfNumbers([.. numbers, 0, 0, 0], idleZeros: 3);
        Histogram other = Histogram.OfFrequencies(often);

        Assert.Equal(one.Edges, other.Edges);
        Assert.Equal(one.Counts, other.Counts);
    }

    [Fact]
    public void SizesGoByStepsOrByFactors()
    {
        float[] near = [.. Enumerable.Range(0, 1000).Select(static i => 1 + i / 1000f)];
        float[] far = [0, 0, .. Enumerable.Range(0, 1000).Select(static i => MathF.Pow(10, i / 100f - 5))];

        Histogram steps = Histogram.OfSizes(near);
        Histogram factors = Histogram.OfSizes(far);

        Assert.Equal((1, (double)near[^1], 1000), (steps.Edges[0], steps.Edges[^1], steps.Counts.Sum()));
        Assert.All(steps.Counts, static count => Assert.InRange(count, 15, 27));
        Assert.Equal((0, 2, 1002), (factors.Edges[0], factors.Counts[0], factors.Counts.Sum()));
        Assert.All(factors.Counts.Skip(1), static count => Assert.InRange(count, 15, 27));
        Assert.Null(steps.Fault() ?? factors.Fault());
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1f, 1.000001f)]
    [InlineData(3.4e38f, 3.4e38f)]
    [InlineData(1e-45f, 3.4e38f)]
    [InlineData(0f, 1e-45f)]
    public void SizesAtTheEndsOfTheirRangeAreCounted(float low, float high)
    {
        Histogram histogram = Histogram.OfSizes([low, low, high]);

        Assert.Equal(3, histogram.Counts.Sum());
        Assert.Null(histogram.Fault());
    }

    [Fact]
    public void NothingHasNoBins()
    {
        Assert.Empty(Histogram.OfSizes([]).Counts);
        Assert.Empty(Histogram.OfNumbers([0, 0], idleZeros: 2).Counts);
        Assert.Empty(Histogram.OfFrequencies([0, 0]).Counts);
        Assert.Null(new Histogram().Fault());
    }

    [Fact]
    public void WhatNoMeasurementGivesIsAFault()
    {
        Assert.Contains("edges", new Histogram { Edges = [0, 1], Counts = [1, 2] }.Fault(), StringComparison.Ordinal);
        Assert.Contains("-1", new Histogram { Edges = [0, 1], Counts = [-1] }.Fault(), StringComparison.Ordinal);
        Certificate backwards = new() { Degrees = new Histogram { Edges = [2, 1], Counts = [1] } };
        Assert.Contains("from 2 to 1", backwards.Fault(), StringComparison.Ordinal);
        Assert.NotNull(new Histogram { Edges = [0, double.NaN], Counts = [1] }.Fault());
        Assert.NotNull(new Histogram
        {
            Edges = [.. Enumerable.Range(0, 200).Select(static i => (double)i)],
            Counts = new long[199],
        }.Fault());
    }

    [Fact]
    public void ACertificateCountsEveryNodeAndRow()
    {
        const int Copies = 30;
        float[][] rows = SegmentFixture.NormSkewed(400, 12, sigma: 1, Seed);
        using SealedSegment segment = SegmentFixture.Seal(
            [.. rows, .. Enumerable.Repeat(rows[7], Copies)], SegmentFixture.Options(Metric.InnerProduct));

        Certificate certificate = segment.Certificate;

        Assert.Equal(Copies, certificate.Copies);
        Assert.Equal(400, certificate.Degrees!.Counts.Sum());
        Assert.Equal(400, certificate.InDegrees!.Counts.Sum());
        Assert.Equal(400 + Copies, certificate.NormCounts!.Counts.Sum());
        Assert.Equal(certificate.Norms.Max, (float)certificate.NormCounts.Edges[^1]);
        int first = certificate.InDegrees.Counts.Index().First(static bin => bin.Item > 0).Index;
        Assert.InRange(certificate.MinInDegree, certificate.InDegrees.Edges[first], certificate.InDegrees.Edges[first + 1] - 1);
        Assert.InRange(certificate.MaxInDegree, certificate.InDegrees.Edges[^2], certificate.InDegrees.Edges[^1] - 1);
        Assert.Null(certificate.Fault());
    }
}
