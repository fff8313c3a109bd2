using Ann.Bench.Curves;

namespace Ann.Bench.Reports;

/// <summary>From rounds to what is said of an engine at each recall.</summary>
internal static class TargetTable
{
    /// <summary>Interpolates every round, takes medians, and compares round by round.</summary>
    /// <param name="rounds">Points of the engine, by round.</param>
    /// <param name="baseline">Points of hnswlib in the same rounds; empty when it did not run.</param>
    public static IReadOnlyList<TargetReport> Of(
        IReadOnlyList<IReadOnlyList<CurvePoint>> rounds, IReadOnlyList<IReadOnlyList<CurvePoint>> baseline)
    {
        RecallCurve[] curves = [.. rounds.Select(points => new RecallCurve(points))];
        RecallCurve[] others = [.. baseline.Select(points => new RecallCurve(points))];
        return [.. PeersReport.Targets.Select(recall => At(recall, curves, others))];
    }

    private static TargetReport At(double recall, RecallCurve[] curves, RecallCurve[] others)
    {
        CurveValue[] values = [.. curves.Select(curve => curve.At(recall))];
        CurveValueKind kind = values.Length == 0 ? CurveValueKind.NeverReached : values.Min(value => value.Kind);
        CurvePoint[] points = [.. values.Select(value => value.Point).OfType<CurvePoint>()];
        if (kind == CurveValueKind.NeverReached)
            return new TargetReport { Recall = recall, Kind = kind };
        return new TargetReport
        {
            Recall = recall,
            Kind = kind,
            Qps = Spread.Of(points.Select(point => point.Qps)),
            Point = new CurvePoint(
                (int)Median(point => point.Ef), Median(point => point.Recall), Median(point => point.Qps), Median(point => point.P50Us),
                Median(point => point.P99Us), Median(point => point.Visited), points.Max(point => point.Allocated),
                Median(point => point.CpuUs)),
            Ratio = SpeedRatio.Of(recall, curves, others, static point => point.Qps),
            CpuRatio = SpeedRatio.Of(recall, curves, others, static point => point.CpuUs > 0 ? 1 / point.CpuUs : double.NaN),
        };

        double Median(Func<CurvePoint, double> value) => Spread.Of(points.Select(value))!.Median;
    }
}
