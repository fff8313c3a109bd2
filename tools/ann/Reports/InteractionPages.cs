using System.Globalization;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Reports;

/// <summary>The page of <c>ann eval --interactions</c>.</summary>
internal static class InteractionPages
{
    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, InteractionReport report)
    {
        (string figure, string words) = report.HitRatePerRecallPoint is double worth
            ? (Signed(worth), $"of HR@{report.K} is what a point of recall@{report.K} (0.01) is worth, over {report.Users:N0} users")
            : (Plain(report.Answers[0].HitRate), $"HR@{report.K} of exact search, over {report.Users:N0} users");
        ReportPage page = new ReportPage($"What users took: {Path.GetFileName(report.Index)}")
            .Headline(figure, words);
        Show(page, report);
        page.Write(tool, path);
    }

    /// <summary>Adds bars and table of an evaluation to a page.</summary>
    public static void Show(ReportPage page, InteractionReport report)
    {
        List<ChartBar> bars = [];
        foreach (InteractionRun run in report.Answers)
            bars.Add(new ChartBar($"HR@{report.K}", run.Answers, run.HitRate) { Low = run.HitRateLow, High = run.HitRateHigh });
        bars.AddRange(report.Answers.Select(run => new ChartBar($"NDCG@{report.K}", run.Answers, run.Ndcg)));
        bars.AddRange(report.Answers.Select(static run => new ChartBar("MRR", run.Answers, run.Mrr)));
        bars.AddRange(report.Answers.Select(static run => new ChartBar("coverage of the items", run.Answers, run.Coverage)));
        page
            .Chart(BarChart.Draw(
                "Hit rate, NDCG, MRR and coverage by way to answer",
                new ChartAxis("0 to 1; strokes are 95 % intervals of resampled users"), bars))
            .Section("Ways to answer")
            .Table(
                ["answers:", "recall", $"HR@{report.K}", "from", "to", "NDCG", "MRR", "coverage", "popularity bias", "HR less exact", "p"],
                report.Answers.Select(static run => (string[])
                [
                    run.Answers, Plain(run.Recall), Plain(run.HitRate), Plain(run.HitRateLow), Plain(run.HitRateHigh), Plain(run.Ndcg),
                    Plain(run.Mrr), Plain(run.Coverage), run.PopularityBias?.ToString("0.00", CultureInfo.InvariantCulture) ?? "",
                    run.AgainstExact is { } by ? Signed(by.Difference) : "", Plain(run.AgainstExact?.P),
                ]))
            .Note(
                $"Held-out events of {report.Interactions}; what users had seen ({report.Seen ?? "not given"}) is left out of answers. "
                + "Popularity bias: seen events of an answered item over those of an item. p by paired bootstrap over users, "
                + $"{report.Resamples:N0} draws, seed {report.Seed}. Users without a vector: {report.UsersWithoutVector:N0}; "
                + $"held-out items that the index lacks: {report.MissingItems:N0}.");
    }

    private static string Plain(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "";

    private static string Signed(double value) => value.ToString("+0.00000;-0.00000;0.00000", CultureInfo.InvariantCulture);
}
