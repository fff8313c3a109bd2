using System.Globalization;
using Ann.Tool.Reports;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Load;

/// <summary>A run with the name under which a page shows it.</summary>
/// <param name="Name">Such as its rate, or its stream and phase.</param>
/// <param name="Run">What was measured.</param>
internal sealed record NamedRun(string Name, LoadRun Run);

/// <summary>Parts of a load report to look at: distribution, time, rates. The same for runs, scenarios and replays.</summary>
internal static class LoadPage
{
    /// <summary>Lines of a chart at most: more cannot be told apart.</summary>
    private const int MostLines = 8;

    /// <summary>The page of <c>ann load</c>.</summary>
    public static ReportPage Of(LoadReport report)
    {
        NamedRun[] runs = [.. (report.Runs.Count > 0 ? report.Runs : report.Maximum?.Probes ?? []).Select(NameOf)];
        ReportPage page = new($"Load on {report.Index}");
        if (report.Maximum is LoadMaximum maximum)
            page.Headline(Text($"{maximum.Rate:N0}/s"), Text($"highest rate that held, with p99 within {maximum.SloP99Ms} ms"));
        else if (runs.Length > 0)
            page.Headline(Text($"{runs[0].Run.Latency.P99Us / 1000:N2} ms"), $"99th percentile, {runs[0].Name}");
        AddCharts(page, runs, marks: "");
        if (report.Maximum is { Probes.Count: > 0 } found)
            AddRates(page.Section("The search for the highest rate"), [.. found.Probes.Select(NameOf)]);
        page.Note($"Latency counts from {report.LatencyCounts}; {report.Mode} loop, k {report.K}, {report.Rows:N0} items.");
        return page;
    }

    /// <summary>Adds distribution, course and table of runs.</summary>
    /// <param name="page">The page.</param>
    /// <param name="runs">At least one.</param>
    /// <param name="marks">What happened when, in words; empty for nothing.</param>
    public static void AddCharts(ReportPage page, IReadOnlyList<NamedRun> runs, string marks)
    {
        NamedRun[] drawn = [.. runs.Where(static one => one.Run.Answered > 0).Take(MostLines)];
        if (drawn.Length > 0)
        {
            page.Section("Latency by share of the answers").Chart(LineChart.Draw(
                "Latency by share of the answers", new ChartAxis("share of the answers", AxisScale.Share),
                new ChartAxis("latency, ms", AxisScale.Logarithmic), [.. drawn.Select(Distribution)]));
        }
        ChartSeries[] course = [.. drawn.SelectMany(Course).Where(static series => series.Points.Count > 1)];
        if (course.Length > 0)
        {
            page.Section("Latency over time").Chart(LineChart.Draw(
                "Latency of each second", new ChartAxis("second in which the answers came"),
                new ChartAxis("latency, ms", AxisScale.Logarithmic), course));
        }
        if (marks.Length > 0)
            page.Note(marks);
        page.Section("Figures");
        AddTable(page, runs);
        if (drawn.Any(static one => one.Run.Offered is not null))
            AddRates(page.Section("Offered and achieved rate"), drawn);
    }

    private static NamedRun NameOf(LoadRun run) =>
        new(run.Rate is double rate ? Text($"{rate:N0} requests/s") : Text($"{run.Concurrency} callers"), run);

    private static ChartSeries Distribution(NamedRun one)
    {
        double finest = 1 - 1.0 / Math.Max(one.Run.Answered, 2); // Beyond it there is not one answer.
        return new ChartSeries(one.Name,
            [.. one.Run.Latency.Curve.Where(point => point.Us > 0 && point.Share <= finest).Select(static point => new ChartPoint(
                point.Share, point.Us / 1000, Text($"{100 * point.Share:0.####} % within {point.Us / 1000:N3} ms")))]);
    }

    private static IEnumerable<ChartSeries> Course(NamedRun one)
    {
        double from = one.Run.FirstSecond;
        yield return new ChartSeries($"{one.Name}, p50", [.. Points(static second => second.P50Us)]);
        yield return new ChartSeries($"{one.Name}, p99", [.. Points(static second => second.P99Us)]);

        IEnumerable<ChartPoint> Points(Func<LoadSecond, double> figure) => one.Run.Series
            .Where(static second => second.Answered > 0)
            .Select(second => new ChartPoint(
                from + second.Second, figure(second) / 1000, Text($"second {from + second.Second}: {figure(second) / 1000:N3} ms")));
    }

    private static void AddRates(ReportPage page, IReadOnlyList<NamedRun> runs) => page.Chart(BarChart.Draw(
        "Offered and achieved rate", new ChartAxis("requests a second"),
        [
            .. runs.Where(static one => one.Run.Offered is not null).SelectMany(static one => (ChartBar[])
            [
                new ChartBar(one.Name, "offered", one.Run.Offered!.Value),
                new ChartBar(one.Name, "achieved", one.Run.Achieved),
            ]),
        ]));

    private static void AddTable(ReportPage page, IEnumerable<NamedRun> runs) => page.Table(
        ["run:", "offered/s", "answered/s", "failed", "degraded", "recall", "p50 ms", "p90", "p99", "p99.9", "p99.99", "max", "verdict:"],
        runs.Select(static one => (IReadOnlyList<string>)
        [
            one.Name, one.Run.Offered is double offered ? Text($"{offered:N0}") : "–", Text($"{one.Run.Achieved:N0}"),
            Text($"{one.Run.Failed:N0}"), Text($"{one.Run.Truncated:N0}"), one.Run.Recall is double recall ? Text($"{recall:F4}") : "–",
            Ms(one.Run.Latency.P50Us), Ms(one.Run.Latency.P90Us), Ms(one.Run.Latency.P99Us), Ms(one.Run.Latency.P999Us),
            Ms(one.Run.Latency.P9999Us), Ms(one.Run.Latency.MaxUs), one.Run.Verdict,
        ]));

    private static string Ms(double us) => Text($"{us / 1000:N3}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
