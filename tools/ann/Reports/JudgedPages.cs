using System.Globalization;
using Ann.Tool.Judged;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Reports;

/// <summary>The page of <c>ann eval --qrels</c>.</summary>
internal static class JudgedPages
{
    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, JudgedReport report)
    {
        JudgedEncoderReport best = report.Encoders.MaxBy(static one => one.Exact.Ndcg)!;
        List<ChartBar> bars = [];
        foreach (JudgedEncoderReport one in report.Encoders)
            bars.Add(new ChartBar($"nDCG@{report.K}, exact", one.Name, one.Exact.Ndcg) { Low = one.NdcgLow, High = one.NdcgHigh });
        foreach ((string name, Func<JudgedEncoderReport, double> value) in ((string, Func<JudgedEncoderReport, double>)[])
        [
            ($"nDCG@{report.K}, index", static one => one.Index.Ndcg), ("MRR", static one => one.Exact.Mrr),
            ($"recall@{report.Depth}", static one => one.Exact.Recall), ("MAP", static one => one.Exact.Map),
        ])
        {
            bars.AddRange(report.Encoders.Select(one => new ChartBar(name, one.Name, value(one))));
        }
        new ReportPage($"Encoders by judged texts: {Path.GetFileName(report.Corpus)}")
            .Headline(
                best.Exact.Ndcg.ToString("0.0000", CultureInfo.InvariantCulture),
                $"nDCG@{report.K} of {best.Name}, the best of {report.Encoders.Count}, over {report.Queries:N0} judged queries")
            .Chart(BarChart.Draw(
                $"nDCG, MRR, recall and MAP of {report.Encoders.Count} encoders",
                new ChartAxis("0 to 1, more is better", Least: 0, Most: 1), bars))
            .Note("Strokes are the intervals that hold 95 % of the means of resampled queries.")
            .Section($"Against {report.Encoders[0].Name}")
            .Table(
                ["encoder:", "measure:", "difference", "95 % from", "to", "p"],
                report.Encoders.Where(static one => one.AgainstFirst is not null).SelectMany(one => Rows(one, report)))
            .Note(
                $"Exact search. Paired bootstrap over queries, {report.Resamples:N0} draws, seed {report.Seed}; p is the share of draws of "
                + "equal means that are as far apart.")
            .Section("Scores")
            .Table(
                ["encoder:", "search:", $"nDCG@{report.K}", "MRR", $"recall@{report.Depth}", "MAP"],
                report.Encoders.SelectMany(
                    static one => (string[][])[Row(one.Name, "exact", one.Exact), Row(one.Name, "index", one.Index)]))
            .Note(
                $"{report.Passages:N0} passages, {report.Metric}; index at its defaults and ef {report.Ef}. Judged passages that the "
                + $"corpus lacks, and that count as not found: {report.Missing:N0}.")
            .Write(tool, path);
    }

    private static IEnumerable<string[]> Rows(JudgedEncoderReport one, JudgedReport report) =>
    [
        Row(one.Name, $"nDCG@{report.K}", one.AgainstFirst!.Ndcg), Row(one.Name, "MRR", one.AgainstFirst.Mrr),
        Row(one.Name, $"recall@{report.Depth}", one.AgainstFirst.Recall), Row(one.Name, "MAP", one.AgainstFirst.Map),
    ];

    private static string[] Row(string name, string measure, MeanDifference by) =>
        [name, measure, Signed(by.Difference), Signed(by.Low), Signed(by.High), Plain(by.P)];

    private static string[] Row(string name, string search, RankingScores scores) =>
        [name, search, Plain(scores.Ndcg), Plain(scores.Mrr), Plain(scores.Recall), Plain(scores.Map)];

    private static string Plain(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Signed(double value) => value.ToString("+0.0000;-0.0000;0.0000", CultureInfo.InvariantCulture);
}
