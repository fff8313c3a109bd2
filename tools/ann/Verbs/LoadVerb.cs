using System.CommandLine;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Evaluation;
using Ann.Tool.Load;
using Ann.Tool.Load.Scenarios;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann load</c>: what a server does under load, with the recall of the very answers that it gave.</summary>
internal static class LoadVerb
{
    /// <summary>Warm-up of a run of the search at most.</summary>
    private static readonly TimeSpan ProbeWarmUp = TimeSpan.FromSeconds(1);

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        LoadOptions options = new();
        Option<string?> report = VerbOptions.Report();
        Option<bool> json = VerbOptions.Json();
        Verb command = new("load",
            "Put a running server under load and measure it. Open loop: requests leave at their intended times whether or not earlier ones "
            + "were answered, and latency counts from the intended time. Exit code 1 when requests failed or recall is below --min-recall.",
            "ann load --index items --queries queries.npy --rate 2000 --duration 30s --deadline 50",
            "ann load --index items --queries queries.fbin --truth truth.ibin --find-max --slo-p99 5 --at 50,80 --report load.html",
            "ann load --scenario churn --index items --queries queries.fbin --scale 2 --metrics 127.0.0.1:9464 --report churn.html",
            "ann load --index items --queries queries.fbin --closed --concurrency 16",
            "ann load --index items --queries queries.fbin --truth truth.ibin --rate 8000 --deadline 5 --on-deadline best-so-far",
            "ann load --index items --queries queries.npy --rate 200 --api-key @page.key --flood 2000 --flood-key @batch.key");
        options.AddTo(command);
        command.Add(report);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(options.Scenarios.Print) is string shipped)
                return ScenarioVerb.Print(tool, shipped);
            string? page = VerbOptions.ReportPathOf(tool, parsed, report);
            if (options.ReadScenario(tool, parsed, out ScenarioTarget? target) is Scenario scenario)
                return await ScenarioVerb.RunAsync(tool, scenario, target!, page, parsed.GetValue(json), cancellation);
            LoadRequest request = options.Read(tool, parsed);
            LoadReport found = await RunAsync(tool, request, cancellation);
            if (page is not null && !found.EndedEarly)
                LoadPage.Of(found).Write(tool, page);
            if (parsed.GetValue(json))
                ToolJson.Write(tool, found, ToolJson.Default.LoadReport);
            else
                LoadText.Print(tool.Out, found);
            return found.EndedEarly ? CutOff.Tell(tool, page) : Verdict(tool, found);
        });
        return command;
    }

    private static async Task<LoadReport> RunAsync(ToolContext tool, LoadRequest request, CancellationToken cancellation)
    {
        using ServerConnection server = new(request.Server);
        IndexDescription index = await server.DescribeAsync(request.Index, cancellation);
        QuerySet queries = QuerySet.Load(tool, request.Queries, $"index '{index.Name}'", (int)index.Dimension);
        if (queries.Count == 0)
            throw AnnException.BadInput(request.Queries, "", "it holds no query.");
        GroundTruth? truth = request.Truth is null ? null : Truth(tool, request, index, ref queries);
        LoadRequests requests = new(request.ToSearch(), queries, request.Batch);

        // What the server refuses once it refuses always: better one line than a report of failures.
        await server.SearchAsync(requests[0], cancellation);
        using GrpcTransport transport = new(request.Server, request.Connections, requests, tool.Time);
        await transport.ConnectAsync(cancellation);
        AnswerRecall? recall = truth is null ? null : new AnswerRecall(requests, truth);
        LoadRunner runner = new(tool, transport, recall, request.MinRecall, request.MaxDegraded);

        List<LoadRun> runs = [];
        LoadMaximum? maximum = request.FindMax ? await FindMaximumAsync(tool, runner, request, cancellation) : null;
        foreach (LoadPlan plan in Plans(request, maximum))
        {
            if (cancellation.IsCancellationRequested)
                break;
            tool.Notice(plan.IsClosed ? $"closed loop, {plan.Concurrency} caller(s)" : $"open loop, {plan.Rate:N0} requests/s");
            runs.Add(await runner.RunAsync(plan, cancellation));
        }
        LoadFlood? flood = null;
        if (request.Flood is not null && !cancellation.IsCancellationRequested)
            flood = await FloodAsync(tool, runner, request, requests, runs, cancellation);
        LoadReport report = Report(request, index, queries.Count, maximum, runs, cancellation.IsCancellationRequested) with
        {
            Flood = flood,
        };
        if (cancellation.IsCancellationRequested)
            return report;
        index = await server.DescribeAsync(request.Index, cancellation);
        return report with
        {
            LiveRecall =
            [
                .. index.LiveRecall.Where(fact => fact.Generation == index.Generation).Select(static fact => new LoadLiveRecall(
                    fact.FilterClass, (int)fact.K, (int)fact.Samples, fact.Recall, fact.RecallLow, fact.RecallHigh, fact.EfFactor)),
            ],
        };
    }

    private static GroundTruth Truth(ToolContext tool, LoadRequest request, IndexDescription index, ref QuerySet queries)
    {
        if (index.KeyKind != KeyKind.Uint64)
        {
            throw AnnException.Invalid("--truth",
                $"--truth names rows of the base, and index '{index.Name}' has text keys: no answer can be matched.");
        }
        GroundTruth truth = GroundTruth.Load(tool, request.Truth!, request.K, queries.Count, $"index '{index.Name}'", (long)index.Count)
            ?? throw AnnException.BadInput(request.Truth!, "", $"it has fewer than {request.K} neighbours a query.");
        if (truth.Count == 0)
            throw AnnException.BadInput(request.Truth!, "", "it holds no row.");
        if (truth.Count < queries.Count)
        {
            tool.Notice($"{request.Truth} covers the first {truth.Count} of {queries.Count} queries; the others are not asked.");
            queries = queries.First(truth.Count);
        }
        return truth;
    }

    private static async Task<LoadMaximum> FindMaximumAsync(
        ToolContext tool, LoadRunner runner, LoadRequest request, CancellationToken cancellation)
    {
        RateSearch search = new(request.Plan.Rate);
        List<LoadRun> probes = [];
        TimeSpan warmUp = request.Plan.WarmUp < ProbeWarmUp ? request.Plan.WarmUp : ProbeWarmUp;
        while (search.Next is double rate && !cancellation.IsCancellationRequested)
        {
            LoadPlan plan = request.Plan with { Rate = rate, WarmUp = warmUp, Duration = request.Probe };
            LoadRun run = await runner.RunAsync(plan, cancellation);
            if (cancellation.IsCancellationRequested)
                break; // Cut short, it says nothing of its rate.
            bool holds = RateSearch.Holds(run, request.SloP99Ms * 1000);
            tool.Notice(
                $"{rate:N0} requests/s: {(holds ? "holds" : "does not hold")}, p99 {run.Latency.P99Us:N0} us"
                + (LoadVerdict.Degraded(run) is string degraded ? ", " + degraded : "")
                + (run.Recall is double recall ? $", recall {recall:F4}" : ""));
            probes.Add(run);
            search.Report(holds);
        }
        return new LoadMaximum(request.SloP99Ms, search.HighestHeld, probes);
    }

    /// <summary>Makes the run again, while another caller floods the server.</summary>
    private static async Task<LoadFlood> FloodAsync(
        ToolContext tool, LoadRunner runner, LoadRequest request, LoadRequests requests, List<LoadRun> runs, CancellationToken cancellation)
    {
        using GrpcTransport other = new(request.Flood!, request.Connections, requests, tool.Time);
        await other.ConnectAsync(cancellation);
        tool.Notice($"the same beside another caller, {request.FloodRate:N0} requests/s");
        ToolContext silent = tool with { Error = TextWriter.Null };
        Task<LoadRun> flooding = new LoadRunner(silent, other, recall: null).RunAsync(
            request.Plan with { Rate = request.FloodRate, Seed = request.Plan.Seed + 1 }, cancellation);
        LoadRun beside = await runner.RunAsync(request.Plan, cancellation);
        LoadRun flood = await flooding;
        double change = runs[^1].Latency.P99Us > 0 ? beside.Latency.P99Us / runs[^1].Latency.P99Us - 1 : 0;
        runs.Add(beside);
        return new LoadFlood(request.FloodRate, flood.Answered, flood.Errors, change);
    }

    private static IEnumerable<LoadPlan> Plans(LoadRequest request, LoadMaximum? maximum)
    {
        if (maximum is null)
            return [request.Plan];
        return maximum.Rate > 0 ? request.At.Select(percent => request.Plan with { Rate = maximum.Rate * percent / 100 }) : [];
    }

    private static LoadReport Report(
        LoadRequest request, IndexDescription index, int queries, LoadMaximum? maximum, List<LoadRun> runs, bool endedEarly)
    {
        LoadPlan plan = request.Plan;
        return new LoadReport
        {
            Mode = plan.IsClosed ? "closed" : "open",
            LatencyCounts = plan.IsClosed
                ? "the sending of a request: a stall delays later requests, and they do not show it"
                : "the intended time of a request",
            Server = request.Server.Address,
            Index = index.Name,
            Generation = index.Generation,
            Rows = (long)index.Count,
            Dimension = (int)index.Dimension,
            K = request.K,
            Ef = request.Ef,
            RecallTarget = request.RecallTarget,
            OnDeadline = request.BestSoFar ? "best-so-far" : "fail",
            Batch = request.Batch,
            Connections = request.Connections,
            DeadlineMs = (int?)plan.Deadline?.TotalMilliseconds,
            Arrivals = plan.IsClosed ? null : plan.Arrivals == Arrivals.Constant ? "constant" : "poisson",
            Seed = plan.IsClosed || plan.Arrivals == Arrivals.Constant ? null : plan.Seed,
            Queries = queries,
            Truth = request.Truth,
            MinRecall = request.MinRecall,
            MaxDegraded = request.MaxDegraded,
            Maximum = maximum,
            Runs = runs,
            EndedEarly = endedEarly,
        };
    }

    private static int Verdict(ToolContext tool, LoadReport report)
    {
        List<string> faults = [];
        if (report.Runs.Sum(run => run.Failed) is long failed and > 0)
            faults.Add($"{failed:N0} requests got no answer");
        if (report.MinRecall is double least && report.Runs.Any(run => run.Recall is double found && found < least))
            faults.Add($"recall@{report.K} is {report.Runs.Min(run => run.Recall):F4}; {least} was asked for");
        if (report is { Maximum.Rate: 0 })
        {
            string recall = report.MinRecall is double wanted ? $" and recall {wanted}" : "";
            faults.Add($"no rate was sustained with p99 within {report.Maximum.SloP99Ms} ms{recall}");
        }
        foreach (string fault in faults)
            tool.Error.WriteLine($"ann: {report.Index}: {fault}.");
        return faults.Count > 0 ? ExitCodes.CheckFailed : ExitCodes.Done;
    }
}
