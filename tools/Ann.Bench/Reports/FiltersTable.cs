using System.Globalization;
using Ann.Tool.Reports.Html;

namespace Ann.Bench.Reports;

/// <summary>What <c>filters</c> measured, as a table of text and as one self-contained page.</summary>
internal static class FiltersTable
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private static readonly string[] Heads =
        ["filter", "%", "k", "rows left", "recall", "p50 us", "p99 us", "plan", "x plain", "x scan", "cached us", "cold us", "verdict"];

    /// <summary>The table of standard output.</summary>
    public static void Print(TextWriter text, FiltersReport report)
    {
        text.WriteLine(Title(report));
        text.WriteLine(Method(report));
        text.WriteLine();
        text.WriteLine(Row(Heads));
        foreach (FilterCell cell in report.Cells)
            text.WriteLine(Line(cell));
        text.WriteLine();
        text.WriteLine(Verdict(report));
        text.WriteLine(report.Machine.ToText());
    }

    /// <summary>One cell.</summary>
    public static string Line(FilterCell cell) => Row(Words(cell));

    /// <summary>The whole page.</summary>
    public static string Render(FiltersReport report)
    {
        ReportPage page = new(Title(report));
        page.Headline(Kept(report), Verdict(report));
        page.Note(Method(report));
        page.Table(Heads, report.Cells.Select(Words), cell => !report.Cells[cell].IsKept);
        return page.End(report.Machine, report.Started, report.CommandLine);
    }

    private static string Title(FiltersReport report) =>
        $"{report.Set.Base}: {report.Set.Rows.ToString("N0", Invariant)} x {report.Set.Dimension}, {report.Set.Metric}, filters";

    private static string Method(FiltersReport report) =>
        $"{report.Set.QueryCount} queries, {report.Rounds} rounds, {report.Categories} categories "
        + (report.Attribute is null ? "made of the rows" : $"from {report.Attribute}")
        + "; x plain: p50 as a multiple of the same search without a filter; x scan: of the exact scan of the rows left; "
        + "cached and cold: the filter's own part, where it is evaluated: found in the cache, which p50 has in it, and never asked before.";

    private static string Kept(FiltersReport report) =>
        string.Create(Invariant, $"{report.Cells.Count(cell => cell.IsKept)} of {report.Cells.Count}");

    private static string Verdict(FiltersReport report)
    {
        int kept = report.Cells.Count(cell => cell.IsKept);
        return $"{kept} of {report.Cells.Count} cells keep the promise: recall >= {FilterCell.Target.ToString(Invariant)}, and p50 at most "
            + $"{FilterCell.MostTimes.ToString(Invariant)} x plain or 1 x scan, whichever is larger.";
    }

    private static string[] Words(FilterCell cell) =>
    [
        cell.Shape.ToString(), cell.Selectivity.ToString(Invariant), cell.K.ToString(Invariant), cell.Matching.ToString("N0", Invariant),
        cell.Recall.ToString("F4", Invariant), cell.P50Us.ToString("F0", Invariant), cell.P99Us.ToString("F0", Invariant),
        string.Create(Invariant, $"{cell.Plan} {100 * cell.PlanShare:F0}%"), cell.TimesPlain.ToString("F2", Invariant),
        cell.TimesScan.ToString("F2", Invariant), cell.CachedUs?.ToString("F1", Invariant) ?? "-",
        cell.ColdUs?.ToString("F1", Invariant) ?? "-", Verdict(cell),
    ];

    private static string Verdict(FilterCell cell) => cell switch
    {
        { IsKept: true } => "kept",
        { IsShort: true } => "short",
        { Recall: < FilterCell.Target } => "recall",
        _ => "slow",
    };

    private static string Row(string[] words) =>
        $"{words[0],-12}{words[1],6}{words[2],5}{words[3],11}{words[4],8}{words[5],8}{words[6],8}{words[7],19}{words[8],9}{words[9],8}"
        + $"{words[10],11}{words[11],9}  {words[12]}";
}
