using System.CommandLine;
using System.Globalization;
using Ann.Core.Searching;
using Ann.Tool.Reports;
using Ann.Tool.Samples;

namespace Ann.Tool.Verbs;

/// <summary><c>ann sample</c>: models to try things with, made from a user's own data.</summary>
internal static class SampleVerb
{
    private const double UsualRegularization = 3, UsualConfidence = 3;

    private static readonly int[] UsualEf = [16, 64, 256];

    /// <summary>The command with its own ones.</summary>
    public static Command Create(ToolContext tool) => new Verb("sample",
        "Make sample models of your data, to see the whole path with: they are no substitute for models that somebody trained for use.",
        "ann sample two-tower ml-latest-small/ratings.csv --output movies --report movies.html",
        "ann sample two-tower ratings.dat --output movies --min-rating 4 --json")
    {
        TwoTower(tool),
    };

    private static Verb TwoTower(ToolContext tool)
    {
        Argument<string> ratings = new("ratings")
        {
            Description = "Ratings as MovieLens has them: ratings.csv with a line of names, ratings.dat, u.data; packed (.gz .zst) too.",
            HelpName = "RATINGS",
        };
        Option<string> output = VerbOptions.Required(
            "--output", "DIR", "Where towers, vectors, index and events go: a directory that is not there yet. All of it appears at once.");
        Option<double?> minRating = VerbOptions.OptionalNumber(
            "--min-rating", "Take ratings from this one on alone. Default: a rating of any kind is an event.", -1e9, 1e9);
        Option<int> factors = VerbOptions.Number("--factors", "Components of a vector.", 64, 1, 512);
        Option<int> iterations = VerbOptions.Number("--iterations", "Rounds of training.", 15, 1, 1000);
        Option<double?> regularization = VerbOptions.OptionalNumber(
            "--regularization", $"What is added to the diagonal of each least-squares problem. Default: {Text(UsualRegularization)}.",
            1e-6, 1e6);
        Option<double?> confidence = VerbOptions.OptionalNumber(
            "--confidence", $"An event weighs 1 + X, any other pair 1. Default: {Text(UsualConfidence)}.", 0, 1e6);
        Option<int> history = VerbOptions.Number(
            "--history", "Items of a user, the latest, that the user tower is asked with at most.", 256, 1, 16_384);
        Option<int> k = VerbOptions.Number("--k", "Items of an answer in the evaluation.", 10, 1, SearchParameters.MaxK);
        Option<string?> ef = VerbOptions.Optional(
            "--ef", "N,N",
            $"Beam widths of the evaluation, separated by commas; each at least k. Default: {string.Join(',', UsualEf)}, or k.");
        Option<int> seed = VerbOptions.Number("--seed", "One seed, one result.", 1, 0, int.MaxValue);
        Option<int> threads = VerbOptions.Number(
            "--threads", "Threads of training and building; they do not change the result.", Environment.ProcessorCount, 1, 1024);
        Option<string?> page = VerbOptions.Report();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("two-tower",
            "A SAMPLE of a recommender: trains item and user towers (implicit ALS) on ratings, builds an index of the items, and measures "
            + "on the last item of each user, held out, whether it beats popularity. Exit code 1 where it does not.",
            "ann sample two-tower ml-latest-small/ratings.csv --output movies --report movies.html",
            "ann sample two-tower ratings.dat --output movies --min-rating 4 --json")
        {
            ratings, output, minRating, factors, iterations, regularization, confidence, history, k, ef, seed, threads, page, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            int results = parsed.GetValue(k);
            string? pagePath = VerbOptions.ReportPathOf(tool, parsed, page);
            TwoTowerRequest request = new()
            {
                Ratings = parsed.GetRequiredValue(ratings),
                Output = parsed.GetRequiredValue(output),
                Training = new AlsSettings(
                    parsed.GetValue(factors), parsed.GetValue(iterations), parsed.GetValue(regularization) ?? UsualRegularization,
                    parsed.GetValue(confidence) ?? UsualConfidence, parsed.GetValue(seed), parsed.GetValue(threads)),
                MinRating = parsed.GetValue(minRating),
                History = parsed.GetValue(history),
                K = results,
                Ef = parsed.GetValue(ef) is { } widths
                    ? EvalVerb.ParseEf(widths, results)
                    : [.. UsualEf.Select(width => Math.Max(width, results)).Distinct()],
            };
            TwoTowerReport report = new TwoTowerBuild(tool, request, cancellation).Run();
            if (pagePath is not null)
                TwoTowerPages.Write(tool, pagePath, report);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.TwoTowerReport);
            else
                Print(tool.Out, report);
            if (!report.BeatsPopularity)
                tool.Error.WriteLine($"ann: {report.Output}: {Verdict(report)}");
            return Task.FromResult(report.BeatsPopularity ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }

    private static void Print(TextWriter text, TwoTowerReport report)
    {
        text.WriteLine(
            $"{report.Output}: towers of {report.Factors} components, {report.Users:N0} users, {report.Items:N0} items, "
            + $"{report.TrainingEvents:N0} events of training, {report.HeldOutEvents:N0} held out, {report.Seconds!.Total:F1} s");
        InteractionEval.Print(text, report.Evaluation);
        text.WriteLine(Verdict(report));
        text.WriteLine(report.Note);
        text.WriteLine("Go on with:");
        text.WriteLine($"  ann encoder check {Path.Combine(report.Output, TwoTowerBuild.UserTower)}");
        text.WriteLine($"  ann serve {report.Evaluation.Index} --encoder {Path.Combine(report.Output, TwoTowerBuild.UserTower)}");
    }

    private static string Verdict(TwoTowerReport report)
    {
        InteractionReport found = report.Evaluation;
        InteractionRun popularity = found.Answers.First(static run => run.Answers == "popularity");
        InteractionRun exact = found.Answers[0];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(report.BeatsPopularity ? "Better" : "NOT better")} than popularity: HR@{found.K} {exact.HitRate:0.0000} against "
            + $"{popularity.HitRate:0.0000} (difference {report.OverPopularity.Low:+0.0000;-0.0000} to "
            + $"{report.OverPopularity.High:+0.0000;-0.0000}, p {report.OverPopularity.P:0.0000}), NDCG@{found.K} {exact.Ndcg:0.0000} "
            + $"against {popularity.Ndcg:0.0000}.");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
