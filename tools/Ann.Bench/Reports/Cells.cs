using System.Globalization;
using Ann.Bench.Curves;

namespace Ann.Bench.Reports;

/// <summary>
/// Figures as the tables show them: <c>&gt;x</c> when the narrowest beam exceeds a recall, <c>-</c> when it is never reached.
/// </summary>
internal static class Cells
{
    public static string Qps(TargetReport target) => Marked(target, target.Qps?.Median, "N0");

    public static string P50(TargetReport target) => Marked(target, target.Point?.P50Us, "F0");

    public static string P99(TargetReport target) => Marked(target, target.Point?.P99Us, "F0");

    public static string Visited(TargetReport target) =>
        target.Point is { Visited: >= 0 } point ? Marked(target, point.Visited, "N0") : "-";

    public static string Ef(TargetReport target) => Marked(target, target.Point?.Ef, "F0");

    public static string Cpu(TargetReport target) => target.Point is { CpuUs: >= 0 } point ? Marked(target, point.CpuUs, "F1") : "-";

    /// <summary>The median ratio by processor time.</summary>
    public static string CpuRatio(TargetReport target) =>
        target.CpuRatio?.Times.Median.ToString("F2", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>The median ratio; a recall that is not the asked one follows an @.</summary>
    public static string Ratio(TargetReport target)
    {
        if (target.Ratio is not SpeedRatio ratio)
            return "-";
        string times = ratio.Times.Median.ToString("F2", CultureInfo.InvariantCulture);
        return ratio.AtRecall == target.Recall ? times : times + "@" + ratio.AtRecall.ToString("F4", CultureInfo.InvariantCulture);
    }

    /// <summary>The range of the rounds; a wide one is marked.</summary>
    public static string RatioRange(TargetReport target) => target.Ratio is not SpeedRatio ratio
        ? "-"
        : string.Create(CultureInfo.InvariantCulture, $"{ratio.Times.Min:F2}..{ratio.Times.Max:F2}{(ratio.Times.IsWide ? "!" : "")}");

    private static string Marked(TargetReport target, double? value, string format) => target.Kind switch
    {
        CurveValueKind.OnCurve => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-",
        CurveValueKind.Exceeded => ">" + value?.ToString(format, CultureInfo.InvariantCulture),
        _ => "-",
    };
}
