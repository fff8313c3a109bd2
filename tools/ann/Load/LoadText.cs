using Ann.Tool.Reports;

namespace Ann.Tool.Load;

/// <summary>A load report for people.</summary>
internal static class LoadText
{
    /// <summary>Heading, one line a run, then the verdicts.</summary>
    public static void Print(TextWriter text, LoadReport report)
    {
        text.WriteLine(
            $"{report.Server} {report.Index}: {report.Rows:N0} items of dimension {report.Dimension}, generation {report.Generation}");
        string batch = report.Batch == 1 ? "" : $", {report.Batch} rows a request";
        string deadline = report.DeadlineMs is int limit ? $", deadline {limit} ms" : "";
        string arrivals = report.Arrivals is null ? "" : ", " + report.Arrivals;
        string ef = report.Ef == 0 ? "of the server" : $"{report.Ef}";
        string mode = report.Mode.ToUpperInvariant();
        text.WriteLine($"{mode} loop{arrivals}, {report.Connections} connection(s), k {report.K}, ef {ef}{batch}{deadline}");
        text.WriteLine($"latency counts from {report.LatencyCounts}");
        if (report.Maximum is LoadMaximum maximum)
        {
            string least = report.MinRecall is double recall ? $" and recall {recall}" : "";
            text.WriteLine($"highest rate with p99 within {maximum.SloP99Ms:0.###} ms{least}, tried for some seconds each:");
            PrintRuns(text, maximum.Probes);
            text.WriteLine(maximum.Rate > 0 ? $"highest sustained rate: {maximum.Rate:N0} requests/s" : "no rate was sustained");
        }
        if (report.Runs.Count == 0)
            return;
        PrintRuns(text, report.Runs);
        foreach (LoadRun run in report.Runs)
        {
            string name = run.Rate is double rate ? $"{rate:N0}/s" : $"{run.Concurrency} caller(s)";
            text.WriteLine($"verdict, {name}: {run.Verdict}");
            if (run.Errors.Count > 0)
                text.WriteLine("  failed: " + string.Join(", ", run.Errors.Select(error => $"{error.Value:N0} {error.Key}")));
            if (run.Answers is LoadAnswers answers)
                Print(text, answers);
        }
        if (report.Flood is LoadFlood flood)
        {
            string refused = string.Join(", ", flood.Errors.Select(static error => $"{error.Value:N0} {error.Key}"));
            text.WriteLine(
                $"beside another caller, {flood.Rate:N0} requests/s, of which {flood.Answered:N0} answered, "
                + $"{(refused.Length > 0 ? refused : "none refused")}: p99 changed by {flood.P99Change:+0.0%;-0.0%}");
        }
        foreach (LoadLiveRecall live in report.LiveRecall)
        {
            text.WriteLine(
                $"live recall, filter {live.FilterClass}, k to {live.K}: {live.Recall:F4} ({live.Low:F4} to {live.High:F4}) of "
                + $"{live.Samples:N0} queries, ef factor {live.EfFactor:0.##}");
        }
        if (report.EndedEarly)
            text.WriteLine("ended early: the last run is shorter than planned.");
    }

    private static void Print(TextWriter text, LoadAnswers answers)
    {
        if (answers.InDeadline is double share)
            text.WriteLine($"  answered by the deadline: {share:P2} of the requests due");
        if (answers.Completeness.Count > 1)
            text.WriteLine("  " + string.Join(", ", answers.Completeness.Select(pair => $"{pair.Value:N0} {pair.Key}")));
        if (answers.BrownOut.Skip(1).Any(static count => count > 0))
            text.WriteLine("  by step of the brown-out: " + string.Join(", ", answers.BrownOut.Select(static count => $"{count:N0}")));
        if (answers.EstimatedRecall is double estimate)
        {
            text.WriteLine(
                $"  recall estimated {estimate:F4}, measured {answers.MeasuredRecall:F4}, mean error by class {answers.EstimateError:F4}");
        }
    }

    /// <summary>Figures, a line a run.</summary>
    public static void PrintRuns(TextWriter text, IReadOnlyList<LoadRun> runs)
    {
        bool closed = runs.Any(run => run.Rate is null);
        text.WriteLine(
            $"{(closed ? "callers" : "rate"),10}{"offered/s",11}{"answered/s",12}{"failed",8}{"degraded",10}{"recall",8}"
            + $"{"mean us",10}{"p50 us",10}{"p90 us",10}{"p99 us",10}{"p99.9 us",10}{"p99.99",10}{"max us",10}");
        foreach (LoadRun run in runs)
        {
            LoadLatency latency = run.Latency;
            string name = run.Rate is double rate ? $"{rate:N0}" : $"{run.Concurrency}";
            string offered = run.Offered is double due ? $"{due:N0}" : "-";
            string recall = run.Recall is double share ? $"{share:F4}" : "-";
            text.WriteLine(
                $"{name,10}{offered,11}{run.Achieved,12:N0}{run.Failed,8:N0}{run.Truncated,10:N0}{recall,8}"
                + $"{latency.MeanUs,10:N0}{latency.P50Us,10:N0}{latency.P90Us,10:N0}{latency.P99Us,10:N0}{latency.P999Us,10:N0}"
                + $"{latency.P9999Us,10:N0}{latency.MaxUs,10:N0}");
        }
    }
}
