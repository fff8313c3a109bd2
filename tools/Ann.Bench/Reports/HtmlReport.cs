using System.Globalization;
using System.Net;
using System.Text;
using Ann.Bench.Curves;
using Ann.Tool.Reports.Html;

namespace Ann.Bench.Reports;

/// <summary>One self-contained page: plots, tables, machine, settings, command. No script, nothing fetched.</summary>
internal static class HtmlReport
{
    private const double HeadlineRecall = 0.95;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>The whole page.</summary>
    public static string Render(PeersReport report)
    {
        StringBuilder page = new();
        string title = $"{report.Set.Base}: {report.Set.Rows:N0} × {report.Set.Dimension}, {report.Set.Metric}, k = {report.K}";
        page.Append(
            Invariant,
            $"{ReportStyle.Head}<title>{Escape(title)}</title><style>{ReportStyle.Sheet}</style></head><body><h1>{Escape(title)}</h1>");
        if (Headline(report) is (string figure, string words))
            page.Append(Invariant, $"<p class='headline'><strong>{Escape(figure)}</strong> {Escape(words)}</p>");
        page.Append(Invariant, $"<p class='note'>{Escape(Method(report))}</p>");
        foreach (string note in RangeNotes.Of(report))
            page.Append(Invariant, $"<p class='note'>{Escape(note)}</p>");
        foreach (int threads in report.Engines.SelectMany(engine => engine.Threads).Select(part => part.Threads).Distinct().Order())
            Speed(page, report, threads);
        Cost(page, report);
        Settings(page, report);
        page.Append("</body></html>\n");
        return page.ToString();
    }

    /// <summary>Text as HTML.</summary>
    internal static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string Method(PeersReport report) =>
        $"{report.Set.QueryCount:N0} queries; {RangeNotes.Rounds(report)} in which every engine has its turn, each in a process of its "
        + $"own, pinned from core {report.Core} on; every answer checked against exact truth ({report.Set.Truth}), equal distances being "
        + $"equally right. "
        + $"M {report.M}, efConstruction {report.EfConstruction}.";

    private static void Speed(StringBuilder page, PeersReport report, int threads)
    {
        List<(string Name, ThreadsReport Part)> parts =
        [
            .. from engine in report.Engines
               from part in engine.Threads
               where part.Threads == threads
               select (engine.Name, part),
        ];
        page.Append(Invariant, $"<h2>Speed on {threads} searching thread{(threads == 1 ? "" : "s")}</h2>");
        page.Append(RecallPlot.Draw([.. parts.Select(part => (part.Name, Points(part.Part)))]));
        page.Append("<p class='note'>Further right and higher is better; a bar goes from the slowest round to the fastest. "
            + "×: queries a second as a multiple of hnswlib's at equal recall, median of the rounds, then range; "
            + "@ gives the recall of the comparison where one of the two starts above the one asked for. "
            + "&gt;: the narrowest beam already exceeds the recall. -: never reached. !: the rounds differ much. Times in microseconds; "
            + "cpu: processor time of a query, and × hnswlib by that; visited: distances computed for a query.</p>"
            + "<div class='scroll'><table><tr><th>recall</th><th class='text'>engine</th><th>queries/s</th>"
            + "<th>× hnswlib</th><th>range</th><th>ef</th><th>p50</th><th>p99</th><th>cpu</th><th>× by cpu</th>"
            + "<th>visited</th></tr>");
        foreach (double recall in PeersReport.Targets)
        {
            foreach ((string name, ThreadsReport part) in parts)
            {
                TargetReport target = part.Targets.First(candidate => candidate.Recall == recall);
                page.Append(name == Peers.PeerEngine.Baseline ? "<tr class='baseline'>" : "<tr>");
                page.Append(Invariant, $"<td>{recall}</td><td class='text'>{Escape(name)}</td>");
                foreach (string cell in (string[])[Cells.Qps(target), Cells.Ratio(target)])
                    page.Append(Invariant, $"<td class='strong'>{Escape(cell)}</td>");
                string[] plain =
                [
                    Cells.RatioRange(target), Cells.Ef(target), Cells.P50(target), Cells.P99(target), Cells.Cpu(target),
                    Cells.CpuRatio(target), Cells.Visited(target),
                ];
                foreach (string cell in plain)
                    page.Append(Invariant, $"<td>{Escape(cell)}</td>");
                page.Append("</tr>");
            }
        }
        page.Append("</table></div>");
    }

    /// <summary>The first engine that is compared, at the usual recall, with few threads: a figure, and what it is one of.</summary>
    private static (string Figure, string Words)? Headline(PeersReport report)
    {
        var found =
            from engine in report.Engines
            where engine.Name != Peers.PeerEngine.Baseline
            from part in engine.Threads
            from target in part.Targets
            where target.Qps is not null && target.Kind == CurveValueKind.OnCurve
            orderby target.Ratio is null, part.Threads, Math.Abs(target.Recall - HeadlineRecall)
            select (engine.Name, part.Threads, target);
        foreach ((string name, int threads, TargetReport target) in found)
        {
            string qps = string.Create(Invariant, $"{target.Qps!.Median:N0}");
            string where = string.Create(
                Invariant, $"at recall {target.Ratio?.AtRecall ?? target.Recall} on {threads} thread{(threads == 1 ? "" : "s")}");
            return target.Ratio is not SpeedRatio ratio
                ? ($"{qps} queries/s", $"of {name} {where}")
                : (string.Create(Invariant, $"{ratio.Times.Median:F2} ×"),
                    string.Create(
                        Invariant,
                        $"as many queries a second as {Peers.PeerEngine.Baseline} {where}: {name}, {ratio.Times.Min:F2} to "
                        + $"{ratio.Times.Max:F2} over {report.Rounds} round{(report.Rounds == 1 ? "" : "s")}"));
        }
        return null;
    }

    /// <summary>One point a beam width, over the rounds.</summary>
    private static IReadOnlyList<PlotPoint> Points(ThreadsReport part) =>
    [
        .. from point in part.Rounds.SelectMany(points => points)
           group point by point.Ef into width
           select new PlotPoint(
               width.Key, Spread.Of(width.Select(point => point.Recall))!.Median, Spread.Of(width.Select(point => point.Qps))!),
    ];

    private static void Cost(StringBuilder page, PeersReport report)
    {
        page.Append("<h2>Build, memory, disk</h2><div class='scroll'><table><tr><th>engine</th><th>build s (threads)</th>"
            + "<th>disk B/row</th><th>memory B/row</th><th>private</th><th>mapped</th><th>allocated B/query</th></tr>");
        foreach (EngineReport engine in report.Engines)
        {
            string builds = string.Join(", ", engine.Builds.Select(
                build => string.Create(Invariant, $"{build.Seconds:F1} ({build.Threads})")));
            string allocated = engine.AllocatedPerQuery < 0 ? "-" : engine.AllocatedPerQuery.ToString("F2", Invariant);
            page.Append(Invariant,
                $"<tr><td>{Escape(engine.Name)}</td><td>{builds}</td><td>{engine.DiskBytesPerRow:N0}</td>"
                + $"<td>{engine.MemoryPerRow.Total:N0}</td><td>{engine.MemoryPerRow.Anonymous:N0}</td>"
                + $"<td>{engine.MemoryPerRow.File:N0}</td><td>{allocated}</td></tr>");
        }
        page.Append("</table></div><p class='note'>Memory: what resident memory grew by from before the index was opened to after the "
            + "sweep. Builds are timed without reading the rows and without writing the file.</p>");
    }

    private static void Settings(StringBuilder page, PeersReport report)
    {
        page.Append("<h2>Engines</h2><div class='scroll'><table><tr><th>engine</th><th class='text'>version</th>"
            + "<th class='text'>settings</th></tr>");
        foreach (EngineReport engine in report.Engines)
            Row(engine.Name, engine.Version, engine.Settings);
        foreach (MissingEngine missing in report.Missing)
            Row(missing.Name, "not here", missing.Remedy);
        page.Append("</table></div><h2>Machine and command</h2>");
        page.Append(Invariant,
            $"<p>{Escape(report.Machine.ToText())}; {report.Started:yyyy-MM-dd HH:mm} UTC</p>"
            + $"<p><code>{Escape(report.CommandLine)}</code></p>");

        void Row(string name, string version, string settings) => page.Append(
            Invariant,
            $"<tr><td>{Escape(name)}</td><td class='text'>{Escape(version)}</td><td class='text'>{Escape(settings)}</td></tr>");
    }
}
