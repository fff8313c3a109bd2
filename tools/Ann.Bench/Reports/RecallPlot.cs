using System.Globalization;
using Ann.Bench.Curves;
using Ann.Tool.Reports.Html;

namespace Ann.Bench.Reports;

/// <summary>Recall against queries a second: recall stretched towards 1, speed logarithmic, one line an engine.</summary>
internal static class RecallPlot
{
    private const double LeastRecall = 0.8;
    private const double MostRecall = 0.9999;

    /// <summary>Draws medians and ranges of all rounds.</summary>
    /// <param name="curves">A name and its points, in the order of the legend.</param>
    public static string Draw(IReadOnlyList<(string Name, IReadOnlyList<PlotPoint> Points)> curves) => LineChart.Draw(
        "Recall against queries a second",
        new ChartAxis("recall (stretched towards 1)", AxisScale.Share, LeastRecall, MostRecall),
        new ChartAxis("queries a second (logarithmic)", AxisScale.Logarithmic),
        [.. curves.Select(static curve => Series(curve.Name, curve.Points))]);

    private static ChartSeries Series(string name, IReadOnlyList<PlotPoint> points)
    {
        ChartPoint[] shown = [.. points.Where(static point => point.Recall >= LeastRecall).OrderBy(static point => point.Ef).Select(Point)];
        return new ChartSeries(
            shown.Length > 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name} (below {LeastRecall})"), shown);
    }

    private static ChartPoint Point(PlotPoint point) => new(
        point.Recall, point.Qps.Median,
        string.Create(
            CultureInfo.InvariantCulture,
            $"ef {point.Ef}: recall {point.Recall:F4}, {point.Qps.Median:N0} queries/s ({point.Qps.Min:N0} to {point.Qps.Max:N0})"))
    {
        Low = point.Qps.Min,
        High = point.Qps.Max,
    };
}

/// <summary>A beam width over all rounds.</summary>
/// <param name="Ef">Beam width; 0 for a scan.</param>
/// <param name="Recall">Median of the rounds.</param>
/// <param name="Qps">Queries a second over the rounds.</param>
internal sealed record PlotPoint(int Ef, double Recall, Spread Qps);
