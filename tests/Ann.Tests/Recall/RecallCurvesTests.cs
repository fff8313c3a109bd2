using Ann.Core.Recall;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Recall;

/// <summary>
/// Goal: what the certificate measures tells the recall of answers to other queries, whole and cut, and the width that a recall needs.
/// Method: clustered rows; walks are cut by a number of looks at the budget, so nothing depends on a clock.
/// </summary>
public sealed class RecallCurvesTests(MeasuredSegments segments) : IClassFixture<MeasuredSegments>
{
    [Theory]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(100)]
    public void TheEstimateOfACutAnswerIsNearItsRecall(int k)
    {
        foreach (SealedSegment segment in segments.All)
        {
            RecallCurves curves = RecallCurves.Of(segment.Certificate)!;
            foreach (int looks in new[] { 1, 2, 3, 4, 6 })
            {
                (double recall, double estimate) = segments.Compare(segment, k, 256, looks, (int rows, in SearchStatistics s) =>
                    RecallEstimate.Of(curves, rows, k, in s));
                // Two samples of a hundred queries or so; hidden rows are a little harder than queries where a walk has hardly begun.
                Assert.True(
                    estimate >= recall - 0.07 && estimate <= recall + 0.05,
                    $"{segment.Metric}, k {k}, {16 * looks} expansions: recall {recall:F3}, estimate {estimate:F3}; "
                    + $"seed {MeasuredSegments.Seed}");
            }
        }
    }

    [Theory]
    [InlineData(10, 0.9)]
    [InlineData(10, 0.97)]
    [InlineData(50, 0.95)]
    [InlineData(100, 0.95)]
    [InlineData(200, 0.98)] // nothing beyond k 100 is measured
    public void AWidthForARecallReachesIt(int k, double target)
    {
        foreach (SealedSegment segment in segments.All)
        {
            RecallCurves curves = RecallCurves.Of(segment.Certificate)!;
            int ef = k;
            while (curves.OfBeam(k, ef) < target)
                ef++;
            (double recall, _) = segments.Compare(segment, k, ef, looks: int.MaxValue, (int _, in SearchStatistics _) => 0);
            Assert.True(
                recall >= target - (k <= 100 ? 0.02 : 0.05),
                $"{segment.Metric}, k {k}: target {target}, ef {ef}, recall {recall:F3}; seed {MeasuredSegments.Seed}");
        }
    }

    [Fact]
    public void AWholeAnswerIsEstimatedByItsWidth()
    {
        foreach (SealedSegment segment in segments.All)
        {
            RecallCurves curves = RecallCurves.Of(segment.Certificate)!;
            foreach ((int k, int ef) in new[] { (5, 20), (10, 10), (10, 24), (10, 100), (40, 60), (100, 120) })
            {
                (double recall, double estimate) = segments.Compare(segment, k, ef, int.MaxValue, (int rows, in SearchStatistics s) =>
                    RecallEstimate.Of(curves, rows, k, in s));
                Assert.True(
                    Math.Abs(recall - estimate) <= 0.05,
                    $"{segment.Metric}, k {k}, ef {ef}: recall {recall:F3}, estimate {estimate:F3}; seed {MeasuredSegments.Seed}");
            }
        }
    }

    [Fact]
    public void AScanIsAsGoodAsItIsWhole()
    {
        Assert.Equal(1, RecallEstimate.Of(null, 1000, 10, new SearchStatistics { Visited = 1000 }));
        Assert.Equal(0.25, RecallEstimate.Of(null, 1000, 10, new SearchStatistics { Visited = 250, Stopped = StopReason.Deadline }));
        Assert.Equal(1, RecallEstimate.Of(null, 50, 10, new SearchStatistics { EfSearch = 64, Expanded = 50 }));
        Assert.True(double.IsNaN(RecallEstimate.Of(null, 5000, 10, new SearchStatistics { EfSearch = 64 })));
        Assert.True(double.IsNaN(RecallEstimate.Of(
            null, 8000, 10, new SearchStatistics { EfSearch = 64, Kept = 64, Plan = SearchPlan.TwoHopWalk })));
        Assert.True(double.IsNaN(RecallEstimate.Of(null, 8000, 10, new SearchStatistics { Visited = 8000, IsByCodes = true })));
    }

    /// <summary>A walk that went through nine refused nodes for each one of the answer has walked for ten times as many.</summary>
    [Fact]
    public void AFilteredWalkIsOneForMoreNodes()
    {
        RecallCurves curves = RecallCurves.Of(segments.All[0].Certificate)!;
        SearchStatistics walk = new() { EfSearch = 40, Plan = SearchPlan.FilteredWalk, Kept = 20, Refused = 180 };

        Assert.Equal(curves.OfBeam(100, 200), RecallEstimate.Of(curves, 800, 10, in walk), 1e-9);
        Assert.Equal(curves.OfBeam(10, 20), RecallEstimate.Of(curves, 800, 10, walk with { Refused = 0 }), 1e-9);
        SearchStatistics cut = walk with { Stopped = StopReason.Deadline, Expanded = 16 };
        Assert.True(RecallEstimate.Of(curves, 800, 10, in cut) < curves.OfBeam(100, 200));
    }

    [Fact]
    public void ACurveOfMeasuredPointsIsKept()
    {
        RecallCurve curve = RecallCurve.Of([(64, 0.98), (16, 0.8), (32, 0.9), (128, 0.97), (0, 1), (8, 1.5), (9, -1)])!;

        Assert.Equal(0.8, curve.At(16), 1e-9);
        Assert.Equal(0.9, curve.At(32), 1e-9);
        Assert.Equal(0.98, curve.At(128), 1e-9); // less than with less work: chance
        Assert.Equal(0.98, curve.At(1e9), 1e-9);
        Assert.Equal(0.6, curve.At(8), 1e-9); // twice as much missed with half the work, as between the first two
        Assert.Equal(0.05, curve.At(1), 1e-9); // no less than its share of the work
        Assert.InRange(curve.At(23), 0.85, 0.87); // between the logarithms: 1 - √(0.2 · 0.1)
        Assert.True(curve.Beyond(4096) > 0.98);
    }

    [Fact]
    public void MoreWorkIsNeverEstimatedLower()
    {
        foreach (SealedSegment segment in segments.All)
        {
            RecallCurves curves = RecallCurves.Of(segment.Certificate)!;
            foreach (int k in new[] { 1, 10, 11, 50, 99, 100, 1000 })
            {
                double before = 0;
                for (int work = 1; work < 5000; work += 7)
                {
                    Assert.InRange(curves.OfBeam(k, work), before, 1);
                    before = curves.OfBeam(k, work);
                    Assert.InRange(curves.OfWork(k, work), 0, 1);
                }
            }
        }
    }

    [Fact]
    public void AFileOfBeforeHasACurveToo()
    {
        byte[] golden = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Segments", "golden-v1.ann"));
        Files.MemoryFileSystem files = new();
        files.Content["golden.ann"] = golden;
        using SealedSegment segment = SealedSegment.Open(files, "golden.ann");

        Assert.Empty(segment.Certificate.EfRecall100);
        Assert.Empty(segment.Certificate.CutRecall);
        Assert.Equal((CertificateQueries.Rows, 0), (segment.Certificate.QuerySource, segment.Certificate.Queries));
        RecallCurves curves = RecallCurves.Of(segment.Certificate)!;
        Assert.InRange(curves.OfBeam(10, 64), 0.5, 1);
        Assert.InRange(curves.OfWork(100, 64), 0, 1);
    }

    [Fact]
    public void WithoutMeasurementThereIsNoCurve() => Assert.Null(RecallCurves.Of(new Certificate()));
}
