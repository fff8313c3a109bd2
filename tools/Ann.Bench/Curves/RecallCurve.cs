using Ann.Tool.Reports.Html;

namespace Ann.Bench.Curves;

/// <summary>
/// Recall against cost over all beam widths of one engine in one round. Between two measured points the logarithm of each cost is taken
/// as linear in −log₁₀(1 − recall), which curves of graph searches nearly are.
/// </summary>
internal sealed class RecallCurve
{
    private readonly CurvePoint[] _points;

    /// <param name="points">In any order; a wider beam whose recall is no better than a narrower one's is left out.</param>
    public RecallCurve(IEnumerable<CurvePoint> points)
    {
        List<CurvePoint> rising = [];
        foreach (CurvePoint point in points.OrderBy(point => point.Ef))
        {
            if (rising.Count == 0 || point.Recall > rising[^1].Recall)
                rising.Add(point);
        }
        _points = [.. rising];
    }

    /// <summary>The lowest recall that was measured; above 1 when nothing was.</summary>
    public double LeastRecall => _points.Length == 0 ? 2 : _points[0].Recall;

    /// <summary>The cost at a recall.</summary>
    public CurveValue At(double recall)
    {
        if (_points.Length == 0 || _points[^1].Recall < recall)
            return new CurveValue(CurveValueKind.NeverReached, null);
        if (_points[0].Recall > recall)
            return new CurveValue(CurveValueKind.Exceeded, _points[0]);
        int above = Array.FindIndex(_points, point => point.Recall >= recall);
        if (above == 0 || _points[above].Recall == recall)
            return new CurveValue(CurveValueKind.OnCurve, _points[above]);

        CurvePoint low = _points[above - 1];
        CurvePoint high = _points[above];
        double share =
            (AxisMap.Stretch(recall) - AxisMap.Stretch(low.Recall)) / (AxisMap.Stretch(high.Recall) - AxisMap.Stretch(low.Recall));
        CurvePoint point = new(
            (int)Math.Round(Between(low.Ef, high.Ef, share)), recall, Between(low.Qps, high.Qps, share),
            Between(low.P50Us, high.P50Us, share), Between(low.P99Us, high.P99Us, share),
            Between(low.Visited, high.Visited, share), Math.Max(low.Allocated, high.Allocated),
            Between(low.CpuUs, high.CpuUs, share));
        return new CurveValue(CurveValueKind.OnCurve, point);
    }

    /// <summary>Between two costs, their logarithms being linear; an unknown cost stays unknown.</summary>
    private static double Between(double low, double high, double share) =>
        low > 0 && high > 0 ? Math.Exp(Math.Log(low) + (share * (Math.Log(high) - Math.Log(low)))) : -1;
}
