using Ann.Bench.Curves;
using Ann.Bench.Reports;

namespace Ann.Tests.Bench;

/// <summary>Speed at a recall, and the ratio of two engines: what every claim rests on.</summary>
public sealed class RecallCurveTests
{
    private static CurvePoint Point(int ef, double recall, double qps, double cpuUs = -1) =>
        new(ef, recall, qps, 1e6 / qps, 2e6 / qps, 10.0 * ef, 0, cpuUs);

    private static SpeedRatio? Ratio(double recall, RecallCurve[] own, RecallCurve[] other) =>
        SpeedRatio.Of(recall, own, other, static point => point.Qps);

    [Fact]
    public void BetweenTwoPointsLogarithmsAreLinear()
    {
        // 0.9 and 0.999 lie at 1 and 3 on the stretched axis, 0.99 in the middle: the geometric mean of the speeds.
        RecallCurve curve = new([Point(10, 0.9, 10_000), Point(40, 0.999, 2_500)]);

        CurveValue value = curve.At(0.99);

        Assert.Equal(CurveValueKind.OnCurve, value.Kind);
        Assert.Equal(5_000, value.Point!.Qps, tolerance: 1e-6);
        Assert.Equal(200, value.Point.P50Us, tolerance: 1e-6);
        Assert.Equal(20, value.Point.Ef);
    }

    [Fact]
    public void AMeasuredRecallIsNotInterpolated() =>
        Assert.Equal(1_234, new RecallCurve([Point(10, 0.9, 9_999), Point(20, 0.95, 1_234), Point(40, 0.99, 100)]).At(0.95).Point!.Qps);

    [Fact]
    public void OutsideOfTheCurveNothingIsInvented()
    {
        RecallCurve curve = new([Point(20, 0.97, 4_000), Point(10, 0.94, 8_000)]);

        Assert.Equal(new CurveValue(CurveValueKind.NeverReached, null), curve.At(0.99));
        Assert.Equal(new CurveValue(CurveValueKind.Exceeded, Point(10, 0.94, 8_000)), curve.At(0.90));
        Assert.Equal(CurveValueKind.NeverReached, new RecallCurve([]).At(0.5).Kind);
    }

    [Fact]
    public void AWiderBeamThatGainsNothingIsLeftOut()
    {
        RecallCurve curve = new([Point(10, 0.9, 8_000), Point(20, 0.9, 5_000), Point(30, 0.89, 4_000), Point(40, 0.99, 1_000)]);

        Assert.Equal(8_000, curve.At(0.9).Point!.Qps);
    }

    [Fact]
    public void RecallOneHasAPlace() =>
        Assert.Equal(CurveValueKind.OnCurve, new RecallCurve([Point(10, 0.9, 8_000), Point(640, 1, 100)]).At(0.999).Kind);

    [Fact]
    public void TheRatioIsTheMedianOfTheRounds()
    {
        RecallCurve[] own = [Flat(3_000), Flat(2_000), Flat(9_000)];
        RecallCurve[] other = [Flat(1_000), Flat(1_000), Flat(2_000)];

        SpeedRatio ratio = Ratio(0.95, own, other)!;

        Assert.Equal(3, ratio.Times.Median, tolerance: 1e-9);
        Assert.Equal(2, ratio.Times.Min, tolerance: 1e-9);
        Assert.Equal(4.5, ratio.Times.Max, tolerance: 1e-9);
        Assert.Equal(0.95, ratio.AtRecall);

        static RecallCurve Flat(double qps) => new([Point(10, 0.9, qps), Point(40, 0.99, qps)]);
    }

    [Fact]
    public void EnginesAreComparedAtARecallThatBothHave()
    {
        RecallCurve[] own = [new([Point(10, 0.96, 4_000), Point(40, 0.99, 2_000)])];
        RecallCurve[] other = [new([Point(10, 0.97, 1_000), Point(40, 0.99, 500)])];

        Assert.Equal(0.97, Ratio(0.95, own, other)!.AtRecall);
        Assert.Null(Ratio(0.999, own, other));
        Assert.Null(Ratio(0.95, own, []));
    }

    /// <summary>A round in which another had half of the machine: wall time halves the speed, processor time does not move.</summary>
    [Fact]
    public void ProcessorTimeDoesNotMoveWithWhatOthersTake()
    {
        CurvePoint[] alone = [Point(10, 0.9, 8_000, 125), Point(40, 0.99, 4_000, 250)];
        CurvePoint[] disturbed = [.. alone.Select(static point => point with { Qps = point.Qps / 2 })];
        CurvePoint[] baseline = [.. disturbed.Select(static point => point with { CpuUs = point.CpuUs * 2 })];
        IReadOnlyList<CurvePoint>[] own = [alone, disturbed], other = [baseline, baseline];

        TargetReport target = TargetTable.Of(own, other)[1];

        Assert.Equal((1.0, 2.0), (Math.Round(target.Ratio!.Times.Min, 6), Math.Round(target.Ratio.Times.Max, 6)));
        Assert.True(target.Ratio.Times.IsWide);
        Assert.EndsWith("!", Cells.RatioRange(target));
        Assert.False(target.CpuRatio!.Times.IsWide);
        Assert.Equal(2, target.CpuRatio.Times.Median, tolerance: 1e-9);
        Assert.Equal("2.00", Cells.CpuRatio(target));
        TargetReport unknown = TargetTable.Of([[Point(10, 0.9, 1), Point(40, 0.99, 1)]], other[..1])[1];
        Assert.Equal(("-", "-"), (Cells.Cpu(unknown), Cells.CpuRatio(unknown)));
    }

    [Theory]
    [InlineData(0.91, 1.1, false)]
    [InlineData(0.89, 1.1, true)]
    public void ARangeIsWideBeyondAFifthOfTheMedian(double least, double most, bool isWide) =>
        Assert.Equal(isWide, new Spread(1, least, most).IsWide);

    [Fact]
    public void CellsSayWhatWasNotMeasured()
    {
        IReadOnlyList<CurvePoint>[] rounds = [[Point(10, 0.93, 8_000), Point(40, 0.97, 2_000)]];

        IReadOnlyList<TargetReport> targets = TargetTable.Of(rounds, []);

        Assert.Equal(">8,000", Cells.Qps(targets[0]));
        Assert.DoesNotContain(">", Cells.Qps(targets[1]));
        Assert.Equal("-", Cells.Qps(targets[2]));
        Assert.Equal("-", Cells.Ratio(targets[1]));
        Assert.Equal("1.00@0.9300", Cells.Ratio(TargetTable.Of(rounds, rounds)[0]));
    }

    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    public void MediansAreMedians(double[] values, double expected) => Assert.Equal(expected, Spread.Of(values)!.Median);
}
