using System.Globalization;
using Ann.Tool.Reports.Html;

namespace Ann.Tool.Reports;

/// <summary>The page of <c>ann sample two-tower</c>.</summary>
internal static class TwoTowerPages
{
    /// <summary>Writes it.</summary>
    public static void Write(ToolContext tool, string path, TwoTowerReport report)
    {
        InteractionReport found = report.Evaluation;
        double exact = found.Answers[0].HitRate;
        double popularity = found.Answers.First(static run => run.Answers == "popularity").HitRate;
        ReportPage page = new ReportPage($"A sample of two towers: {Path.GetFileName(report.Ratings)}")
            .Headline(
                Plain(exact),
                $"HR@{found.K} of the towers, against {Plain(popularity)} of popularity, over {found.Users:N0} users whose last item was "
                + "held out");
        InteractionPages.Show(page, found);
        page.Section("What was trained")
            .Table(
                ["what:", "value"],
                [
                    ["users", Count(report.Users)], ["items", Count(report.Items)],
                    ["events of training", Count(report.TrainingEvents)], ["held-out events", Count(report.HeldOutEvents)],
                    ["factors", Count(report.Factors)], ["iterations", Count(report.Iterations)],
                    ["regularization", Number(report.Regularization)], ["confidence", Number(report.Confidence)],
                    ["seed", report.Seed.ToString(CultureInfo.InvariantCulture)],
                ])
            .Note(report.Note)
            .Write(tool, path);
    }

    private static string Plain(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
