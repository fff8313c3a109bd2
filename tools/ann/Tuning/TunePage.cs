using System.Globalization;
using Ann.Tool.Reports;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Tuning;

/// <summary>The page of <c>ann tune</c>: recall against latency, with the choice.</summary>
internal static class TunePage
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, TuneReport report)
    {
        TunePoint chosen = report.Chosen;
        List<ChartSeries> series =
        [
            .. report.Front.GroupBy(static point => $"m {point.M}, {point.EfConstruction}, {point.Layout}, {point.Codes}")
                .Select(static group => new ChartSeries(group.Key, [.. group.Select(Of)])),
            new ChartSeries("chosen", [Of(chosen)], IsLine: false) { IsMarked = true },
        ];
        new ReportPage($"Tuning of {Path.GetFileName(report.Base)}")
            .Headline(
                string.Create(Invariant, $"{chosen.MeanUs:F0} µs at recall@{report.K} {chosen.Recall:F4}"),
                report.IsConfirmed
                    ? $"on {report.HeldOutQueries:N0} queries that did not choose"
                    : "but this is not what was asked for, or was seen on a sample only")
            .Chart(LineChart.Draw(
                "Mean latency against recall of the builds that nothing beats, and the choice",
                new ChartAxis($"recall@{report.K} of held-out queries", AxisScale.Share),
                new ChartAxis("mean latency, µs", AxisScale.Logarithmic), series))
            .Section("What nothing else beats")
            .Table(
                ["Build", "ef", "Recall", "± 1 standard error", "Mean µs", "p99 µs", "Bytes a row"],
                report.Front.Select(static point => (string[])
                [
                    $"m {point.M}, ef-construction {point.EfConstruction}, {point.Layout}, {point.Codes}", $"{point.Ef}",
                    point.Recall.ToString("F4", Invariant), point.RecallError.ToString("F4", Invariant),
                    point.MeanUs.ToString("F0", Invariant), point.P99Us.ToString("F0", Invariant),
                    point.BytesPerRow.ToString("F0", Invariant),
                ]),
                row => report.Front[row] == chosen)
            .Section("Use it")
            .Command(report.BuildCommand)
            .Command("ann query … " + report.QueryOptions)
            .Write(tool, path);

        static ChartPoint Of(TunePoint point) => new(
            point.Recall, point.MeanUs,
            string.Create(Invariant, $"ef {point.Ef}, recall {point.Recall:F4}, {point.MeanUs:F0} µs, {point.BytesPerRow:F0} bytes a row"));
    }
}
