using System.Runtime.CompilerServices;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Tests;

/// <summary>Goal: each metric is described as it is, and a number that is no metric is refused by name wherever it comes by.</summary>
public sealed class MetricTraitsTests
{
    private const Metric None = (Metric)4;

    public static TheoryData<Metric> Metrics => [.. Enum.GetValues<Metric>()];

    [Fact]
    public void WordsAreThoseOfTheCommandLine()
    {
        Assert.Equal(["cosine", "l2", "ip"], MetricTraits.Names.All);
        Assert.All(Enum.GetValues<Metric>(), static metric => Assert.Equal(metric, MetricTraits.Names.Parse(metric.Traits().Name)));
        Assert.False(MetricTraits.Names.TryParse("Cosine", out _));
        Assert.False(MetricTraits.Names.TryParse(null, out _));
        Assert.Contains("manhattan", Assert.Throws<ArgumentOutOfRangeException>(
            static () => MetricTraits.Names.Parse("manhattan")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public unsafe void TheKernelAndTheDescriptionAgree(Metric metric)
    {
        using VectorTable rows = new(2, 3);
        RowPreparation.Prepare(metric, [1, -2, 0.5f], rows.Values(0), "rows", 0);
        RowPreparation.Prepare(metric, [0.25f, 3, 2], rows.Values(1), "rows", 1);
        double dot = 0, squares = 0, norm = 0;
        for (int i = 0; i < 3; i++)
        {
            (double a, double b) = (rows.Values(0)[i], rows.Values(1)[i]);
            dot += a * b;
            squares += (a - b) * (a - b);
            norm += a * a;
        }
        MetricTraits traits = metric.Traits();

        float distance = metric.Dispatch<Between, float>(new(rows), steady: false);
        Assert.Equal(traits.IsSquared ? squares : -dot, distance, 1e-5);
        Assert.Equal(distance, metric.Dispatch<Between, float>(new(rows), steady: true), 1e-5);
        Assert.Equal(traits.HasUnitRows, Math.Abs(norm - 1) < 1e-6);
        if (traits.SquaresPerDistance > 0)
            Assert.Equal(squares, traits.SquaresPerDistance * distance + traits.SquaresOffset, 1e-5);
        Assert.Equal(traits.IsSquared ? Math.Sqrt(squares) : dot, metric.ToScore(distance), 1e-5);
        Assert.Equal(traits.SimilarityOf(distance), metric.LargerIsNearer() ? metric.ToScore(distance) : -metric.ToScore(distance), 1e-5);
    }

    [Fact]
    public void WhatIsNoMetricIsRefusedByItsNumber()
    {
        using VectorTable rows = new(2, 3);
        Action[] uses =
        [
            () => None.Traits(), () => None.ToScore(1), () => None.ToDistance(1), () => None.LargerIsNearer(),
            () => None.Dispatch<Between, float>(new(rows)), () => RowDistances.Between(None, rows, 0, [1], new float[1]),
            () => RowPreparation.Prepare(None, [1f], new float[1], "rows", 0), () => _ = new ExactNeighbors(None, rows, k: 1),
        ];
        foreach (Action use in uses)
            Assert.Contains(" 4", Assert.Throws<SwitchExpressionException>(use).Message, StringComparison.Ordinal);
        Assert.Contains("4", Assert.Throws<ArgumentOutOfRangeException>(
            static () => MetricTraits.Names.Of(None)).Message, StringComparison.Ordinal);
        Assert.Throws<AnnException>(static () => new IndexSchema { Dimension = 3, Metric = None }.Validate());
    }

    private readonly unsafe struct Between(VectorTable rows) : IDistanceVisitor<float>
    {
        public float Visit<TDistance>()
            where TDistance : struct, IDistance => TDistance.Between(rows.Row(0), rows.Row(1), (nuint)rows.Stride);
    }
}
