using System.Globalization;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Reports;

/// <summary>The page of <c>ann eval</c> of an index file.</summary>
internal static class EvalPages
{
    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, EvalReport report)
    {
        EvalRun best = report.Runs.MaxBy(static run => run.Recall)!;
        ChartPoint[] points =
        [
            .. report.Runs.Select(static run => new ChartPoint(
                run.Recall, run.MeanUs,
                string.Create(CultureInfo.InvariantCulture, $"ef {run.Ef}: recall {run.Recall:F4}, {run.MeanUs:N0} us"))),
        ];
        new ReportPage($"Recall and latency of {Path.GetFileName(report.Index)}")
            .Headline(
                best.Recall.ToString("0.0000", CultureInfo.InvariantCulture),
                $"recall@{report.K} at ef {best.Ef}, {best.MeanUs.ToString("N0", CultureInfo.InvariantCulture)} us a query")
            .Chart(LineChart.Draw(
                "Mean time of a query by recall", new ChartAxis($"recall@{report.K}", AxisScale.Share),
                new ChartAxis("mean time of a query, us", AxisScale.Logarithmic),
                [new ChartSeries(Path.GetFileName(report.Index), points)]))
            .Section("Beam widths")
            .Table(
                ["ef", "recall", "queries/s", "mean us", "p50 us", "p99 us", "visited", "reranked"],
                report.Runs.Select(static run => (string[])
                [
                    $"{run.Ef}", Text(run.Recall, "0.0000"), Text(run.Qps, "N0"), Text(run.MeanUs, "N0"), Text(run.P50Us, "N0"),
                    Text(run.P99Us, "N0"), Text(run.Visited, "N0"), Text(run.Reranked, "0.0"),
                ]))
            .Note(
                $"{report.Rows:N0} items of dimension {report.Dimension}, {report.Metric}, layout {report.Layout}; "
                + $"{report.Queries:N0} queries, {report.Threads} thread(s), truth: {report.Truth}.")
            .Write(tool, path);
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
