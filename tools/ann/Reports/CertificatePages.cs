using System.Globalization;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Reports;

/// <summary>The page of <c>ann verify</c>: the certificate of an index file.</summary>
internal static class CertificatePages
{
    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, VerifyReport report)
    {
        IReadOnlyList<RecallAtBeam> points = report.Recall ?? [];
        ReportPage page = new($"Certificate of {Path.GetFileName(report.File)}");
        string verdict = report.Fault ?? report.BelowFloor ?? "sound: every hash, link and key is right, and every item can be reached";
        if (CertificateTable.PointOf(points, 10) is { } point)
            page.Headline(Text(point.Recall), $"recall@10 at ef {point.Ef}. {verdict}");
        else
            page.Headline(report.Sound ? "Sound" : "Damaged", verdict);
        if (points.Count > 0)
        {
            page.Chart(LineChart.Draw(
                    "Recall by beam width", new ChartAxis("ef", AxisScale.Logarithmic), new ChartAxis("recall", AxisScale.Share),
                    [.. points.GroupBy(static one => one.K).Select(static of => new ChartSeries(
                        $"recall@{of.Key}",
                        [.. of.Select(static one => new ChartPoint(one.Ef, one.Recall, $"ef {one.Ef}: {Text(one.Recall)}"))]))],
                    report.MinRecall is double least ? new ChartLimit(least, "demanded") : null))
                .Section("Recall by beam width")
                .Table(
                    ["k", "ef", "recall"],
                    points.Select(static one => (string[])[$"{one.K}", $"{one.Ef}", Text(one.Recall)]))
                .Note($"Measured against exact search when the file was made, with {report.Queries:N0} queries ({report.QuerySource}).");
        }
        page.Note($"{report.File}: {report.Rows:N0} items, {report.Bytes:N0} bytes, generation {report.Generation}.").Write(tool, path);
    }

    private static string Text(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
