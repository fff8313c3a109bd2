using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Tool.Reports;
using Ann.Tool.Tuning;

namespace Ann.Tool.Verbs;

/// <summary><c>ann tune</c>: build and search parameters for a target.</summary>
internal static class TuneVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> rows = VerbOptions.Required("--base", "FILE", "Vectors, in any format that ann build reads.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Queries such as will be asked: half choose, half confirm.");
        Option<string> metric = VerbOptions.Metric();
        Option<int> k = VerbOptions.Number("--k", "Results of a query.", 10, 1, SearchParameters.MaxK);
        Option<double?> target = VerbOptions.OptionalNumber(
            "--target-recall", "Recall to reach at the least latency. Default without a limit of latency: 0.95.", 0.01, 0.9999);
        Option<double?> latency = VerbOptions.OptionalNumber(
            "--max-latency", "Mean latency of one thread, in µs: the most recall within it.", 1, 1e9);
        Option<double?> bytes = VerbOptions.OptionalNumber(
            "--max-bytes-per-row", "Bytes of the file a row, beside either: larger builds are not chosen.", 1, 1e9);
        Option<string> budget = new("--budget")
        {
            Description = "Time of all, such as 90s, 10m or 2h.",
            HelpName = "TIME",
            DefaultValueFactory = _ => "10m",
        };
        Option<string?> output = VerbOptions.Optional("--output", "FILE.json", "Keep what --json prints.");
        Option<int> threads = VerbOptions.Number("--threads", "Threads of builds.", Environment.ProcessorCount, 1, 1024);
        Option<string?> page = VerbOptions.Report();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("tune",
            "Find build and search parameters for a recall or a latency, and confirm them on queries that did not choose. Exits with 1 "
            + "where nothing that was built is what was asked for.",
            "ann tune --base items.npy --queries queries.npy --metric cosine --target-recall 0.95 --report tune.html",
            "ann tune --base items.npy --queries queries.npy --metric l2 --max-latency 300 --max-bytes-per-row 400 --budget 1h")
        {
            rows, queries, metric, k, target, latency, bytes, budget, output, threads, page, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(target) is not null && parsed.GetValue(latency) is not null)
                throw AnnException.Invalid("--max-latency", "--target-recall and --max-latency exclude each other; give one.");
            string? pagePath = VerbOptions.ReportPathOf(tool, parsed, page);
            string? outputPath = parsed.GetValue(output);
            if (outputPath is not null)
                OutputPath.Require(tool.Files, outputPath, ".json");
            TuneRequest request = new()
            {
                Base = parsed.GetRequiredValue(rows),
                Queries = parsed.GetRequiredValue(queries),
                Metric = MetricTraits.Names.Parse(parsed.GetValue(metric)),
                K = parsed.GetValue(k),
                TargetRecall = parsed.GetValue(latency) is null ? parsed.GetValue(target) ?? 0.95 : null,
                MaxLatencyUs = parsed.GetValue(latency),
                MaxBytesPerRow = parsed.GetValue(bytes),
                Budget = TimeOf(parsed.GetValue(budget)!),
                Threads = parsed.GetValue(threads),
            };
            TuneReport report = new TuneRun(tool, request).Run(cancellation);
            if (outputPath is not null)
                Keep(tool, outputPath, report);
            if (pagePath is not null)
                TunePage.Write(tool, pagePath, report);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, report, ToolJson.Default.TuneReport);
            else
                Print(tool.Out, report);
            if (!report.IsConfirmed)
                tool.Error.WriteLine("ann: nothing that was built on all rows within the budget is what was asked for.");
            return Task.FromResult(report.IsConfirmed ? ExitCodes.Done : ExitCodes.CheckFailed);
        });
        return command;
    }

    /// <summary>Reads a time such as 90s, 10m or 2h.</summary>
    internal static TimeSpan TimeOf(string text)
    {
        double unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        return unit > 0 && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out double count)
            && count * unit is >= 1 and <= 7 * 86_400
            ? TimeSpan.FromSeconds(count * unit)
            : throw AnnException.Invalid("--budget", $"--budget is '{text}'; expected 1s to 7 days, such as 90s, 10m or 2h.");
    }

    private static void Keep(ToolContext tool, string path, TuneReport report)
    {
        using AtomicFile file = new(tool.Files, path);
        file.Stream.Write(JsonSerializer.SerializeToUtf8Bytes(report, ToolJson.Default.TuneReport));
        file.Commit();
    }

    private static void Print(TextWriter text, TuneReport report)
    {
        text.WriteLine(
            $"{report.Base}: {report.Rows:N0} rows, {report.Builds} builds in {report.Seconds:F0} s; {report.TuningQueries:N0} queries "
            + $"chose, {report.HeldOutQueries:N0} others measured recall@{report.K}");
        text.WriteLine($"{"m",4}{"efc",6}{"layout",9}{"codes",7}{"ef",7}{"recall",9}{"mean us",9}{"p99 us",9}{"bytes/row",11}");
        foreach (TunePoint point in report.Front)
        {
            text.WriteLine(
                $"{point.M,4}{point.EfConstruction,6}{point.Layout,9}{point.Codes,7}{point.Ef,7}{point.Recall,9:F4}{point.MeanUs,9:F0}"
                + $"{point.P99Us,9:F0}{point.BytesPerRow,11:F0}{(point == report.Chosen ? "  <- chosen" : "")}");
        }
        text.WriteLine(report.BuildCommand);
        text.WriteLine($"queries: {report.QueryOptions}");
    }
}
