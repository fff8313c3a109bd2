using System.Globalization;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Reports;

/// <summary>The page of <c>ann diff</c>.</summary>
internal static class DiffPages
{
    /// <summary>Values that are drawn as bars.</summary>
    private const int Drawn = 8;

    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, DiffReport report)
    {
        (string a, string b) = (Path.GetFileName(report.A), Path.GetFileName(report.B));
        DiffSpread by = report.OverlapByQuery;
        ReportPage page = new ReportPage($"What moves from {a} to {b}")
            .Headline(
                Text(report.Overlap, "0.0000"),
                $"overlap@{report.K} over {report.Queries:N0} queries; half of them at {Text(by.Median, "0.00")} "
                    + $"or more, a tenth at {Text(by.P10, "0.00")} or less")
            .Chart(BarChart.Draw(
                "Queries by overlap", new ChartAxis("queries"),
                [.. report.Histogram.Select(static bin => new ChartBar(
                    bin.From >= 1 ? "overlap 1" : $"overlap {Text(bin.From, "0.0")} to below {Text(bin.To, "0.0")}", "queries",
                    bin.Queries))]))
            .Section("Answers")
            .Table(
                ["figure:", "value"],
                (string[][])
                [
                    [$"overlap@{report.K}", Text(report.Overlap, "0.0000")],
                    ["queries with one answer in one order", Text(report.Same, "P1")],
                    ["places that an item in both moves", Text(report.RankChange, "0.00")],
                    .. report.DistanceShift is { } shift
                        ? (string[][])
                        [
                            ["distance in B less A, mean", Text(shift.Mean, "G4")], ["p10", Text(shift.P10, "G4")],
                            ["p90", Text(shift.P90, "G4")],
                        ]
                        : [],
                    [$"items of {a} alone", Text(report.OnlyInA, "N0")], [$"items of {b} alone", Text(report.OnlyInB, "N0")],
                ]);
        if (report.Values is { Count: > 0 } values)
        {
            page.Section("Attribute values")
                .Chart(BarChart.Draw(
                    "Shares of the answers by attribute value", new ChartAxis("share of the answered items, %"),
                    [.. values.Take(Drawn).SelectMany(value => (ChartBar[])
                    [
                        new ChartBar($"{value.Attribute} = {value.Value}", $"A, {a}", Math.Round(value.ShareA * 100, 2)),
                        new ChartBar($"{value.Attribute} = {value.Value}", $"B, {b}", Math.Round(value.ShareB * 100, 2)),
                    ])]))
                .Table(
                    ["attribute:", "value:", "A", "B", "change"],
                    values.Select(static value => (string[])
                    [
                        value.Attribute, value.Value, Text(value.ShareA, "P2"), Text(value.ShareB, "P2"),
                        Text(value.Change, "+0.00 %;-0.00 %"),
                    ]));
        }
        Items(page, "Entered most answers", report.Entered, a);
        Items(page, "Left most answers", report.Left, b);
        page.Note(
                $"A: {report.A}, generation {report.GenerationA}. B: {report.B}, generation {report.GenerationB}. "
                + (report.Ef is int ef ? $"Beam width {ef}." : "Exact search."))
            .Write(tool, path);
    }

    private static void Items(ReportPage page, string heading, IReadOnlyList<DiffItem> items, string other)
    {
        if (items.Count > 0)
        {
            page.Section(heading).Table(
                ["item:", "answers", "note:"],
                items.Select(item => (string[])[item.Key, Text(item.Queries, "N0"), item.InBoth ? "" : $"not in {other}"]));
        }
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
