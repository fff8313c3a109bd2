using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tool.Evaluation;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary>
/// <c>ann eval</c>: recall and latency of an index file, by beam width; with <c>--qrels</c> what <see cref="JudgedEval"/> measures, with
/// <c>--interactions</c> what <see cref="InteractionEval"/> does.
/// </summary>
internal static class EvalVerb
{
    /// <summary>What was asked.</summary>
    private sealed record Request(
        string Index, string Queries, string? Truth, bool Exact, string? WriteTruth, int K, int[] Ef, int Threads, double? MinRecall,
        SegmentResidence Residence);

    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string?> index = VerbOptions.Optional("--index", "FILE", "The .ann file.");
        Option<string> queries = VerbOptions.Required(
            "--queries", "FILE", "Query vectors, in any format that build reads; with --qrels the texts, as --corpus, with "
                + "--interactions the users' vectors, keyed by user.");
        Option<string?> truth = VerbOptions.Optional("--truth", "FILE",
            "True neighbours as rows of the build's input: .ibin .ivecs .npy. "
            + "With fewer than k columns, or none: computed by exact search.");
        Option<bool> exact = new("--exact") { Description = "Compute the truth by exact search even when a file is given." };
        Option<string?> writeTruth = VerbOptions.Optional("--write-truth", "FILE", "Keep the truth that was used, as .ibin.");
        Option<int> k = VerbOptions.Number("--k", "Results a query.", 10, 1, SearchParameters.MaxK);
        Option<string> ef = new("--ef")
        {
            Description = $"Beam widths, separated by commas; each at least k, at most {SearchParameters.MaxEfSearch}.",
            DefaultValueFactory = _ => "32,64,128,256",
            HelpName = "N,N",
        };
        Option<int> threads = VerbOptions.Number("--threads", "Threads that search at once.", 1, 1, 1024);
        Option<double?> minRecall = new("--min-recall") { Description = "Exit with 1 when no run reaches this recall.", HelpName = "R" };
        minRecall.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1
                && !(double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double value) && value is >= 0 and <= 1))
                result.AddError($"--min-recall is {result.Tokens[0].Value}; it must be 0 to 1.");
        });
        Option<string> residence = VerbOptions.Residence();
        Option<string?> page = VerbOptions.Report();
        Option<bool> json = VerbOptions.Json();
        Option<int> seed = VerbOptions.Number(
            "--seed", "With --qrels and --interactions: seed of the bootstrap.", 1, 0, int.MaxValue);
        JudgedEval judged = new();
        InteractionEval interactions = new();

        Verb command = new("eval",
            "Measure recall, queries a second and latency of an index file; or encoders by texts that people judged, or answers by "
                + "what users took.",
            "ann eval --index items.ann --queries queries.npy --k 10 --ef 32,64,128,256 --json",
            "ann eval --qrels qrels/test.tsv --corpus corpus.jsonl --queries queries.jsonl --encoders default,minilm --report judged.html",
            "ann eval --index items.ann --queries users.jsonl --interactions heldout.tsv --seen train.tsv --k 10 --ef 16,64,256")
        {
            index, queries, truth, exact, writeTruth, k, ef, threads, minRecall, residence,
        };
        judged.AddTo(command);
        interactions.AddTo(command);
        command.Add(seed);
        command.Add(page);
        command.Add(json);
        command.Validators.Add(result =>
        {
            judged.Check(result);
            interactions.Check(result);
            if (judged.IsAsked(result) == result.GetResult(index) is not null || (judged.IsAsked(result) && interactions.IsAsked(result)))
                result.AddError("name either an index file with --index, or judgements with --qrels.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            int results = parsed.GetValue(k);
            int[] widths = ParseEf(parsed.GetValue(ef)!, results);
            string? pagePath = VerbOptions.ReportPathOf(tool, parsed, page);
            string asked = parsed.GetRequiredValue(queries);
            if (judged.IsAsked(parsed.CommandResult))
            {
                JudgedReport found = judged.Run(tool, parsed, asked, (results, widths.Max()), parsed.GetValue(seed), cancellation);
                Tell(found, ToolJson.Default.JudgedReport, JudgedEval.Print, JudgedPages.Write);
                return Task.FromResult(ExitCodes.Done);
            }
            if (interactions.IsAsked(parsed.CommandResult))
            {
                InteractionReport found = interactions.Run(
                    tool, parsed, (parsed.GetValue(index)!, asked), (results, widths), parsed.GetValue(seed), cancellation);
                Tell(found, ToolJson.Default.InteractionReport, InteractionEval.Print, InteractionPages.Write);
                return Task.FromResult(ExitCodes.Done);
            }
            Request request = new(
                parsed.GetValue(index)!, asked, parsed.GetValue(truth), parsed.GetValue(exact), parsed.GetValue(writeTruth), results,
                widths, parsed.GetValue(threads), parsed.GetValue(minRecall), VerbOptions.ResidenceOf(parsed.GetRequiredValue(residence)));
            EvalReport report = Run(tool, request, cancellation);
            Tell(report, ToolJson.Default.EvalReport, Print, EvalPages.Write);
            return Task.FromResult(Verdict(tool, report));

            void Tell<T>(T found, JsonTypeInfo<T> type, Action<TextWriter, T> print, Action<ToolContext, string, T> draw)
            {
                if (pagePath is not null)
                    draw(tool, pagePath, found);
                if (parsed.GetValue(json))
                    ToolJson.Write(tool, found, type);
                else
                    print(tool.Out, found);
            }
        });
        return command;
    }

    private static EvalReport Run(ToolContext tool, Request request, CancellationToken cancellation)
    {
        if (request.WriteTruth is not null)
            OutputPath.Require(tool.Files, request.WriteTruth, ".ibin");
        using SealedSegment segment = SealedSegment.Open(tool.Files, request.Index, request.Residence);
        if (request.K > segment.Count)
            throw AnnException.Invalid("--k", $"--k is {request.K}; {request.Index} holds {segment.Count} items.");
        QuerySet queries = QuerySet.Load(tool, request.Queries, request.Index, segment.Dimension);
        (GroundTruth truth, string source) = Truth(tool, request, segment, queries, cancellation);
        if (truth.Count < queries.Count)
        {
            tool.Notice($"{source} covers the first {truth.Count} of {queries.Count} queries; the others are not measured.");
            queries = queries.First(truth.Count);
        }

        SearchTrial trial = new(segment, queries, request.K, request.Threads);
        RecallMeter meter = new(segment, queries, truth);
        List<EvalRun> runs = [];
        foreach (int ef in request.Ef)
        {
            EvalRun run = trial.Run(ef, cancellation);
            runs.Add(run with { Recall = meter.Mean(trial.Found) });
            cancellation.ThrowIfCancellationRequested();
        }
        if (meter.DoubtfulQueries > 0)
        {
            tool.Notice(
                $"{source}: for {meter.DoubtfulQueries} queries the index found a nearer item that is not among the true neighbours. "
                + "Is it the truth of these vectors, in their order, under this metric?");
        }
        return new EvalReport
        {
            Index = request.Index,
            K = request.K,
            Queries = queries.Count,
            Runs = runs,
            Generation = segment.Generation,
            Metric = segment.Metric.Traits().Name,
            Rows = segment.Count,
            Dimension = segment.Dimension,
            Threads = request.Threads,
            Layout = EnumNames<SegmentLayout>.Plain.Of(segment.Layout),
            LoadedBytes = segment.LoadedBytes,
            MappedBytes = segment.MappedBytes,
            Truth = source,
            MinRecall = request.MinRecall,
        };
    }

    private static (GroundTruth Truth, string Source) Truth(
        ToolContext tool, Request request, SealedSegment segment, QuerySet queries, CancellationToken cancellation)
    {
        GroundTruth? truth = null;
        string source = "exact";
        if (request.Truth is not null && !request.Exact)
        {
            truth = GroundTruth.Load(tool, request.Truth, request.K, queries.Count, request.Index, segment.Count);
            if (truth is not null)
                source = request.Truth;
            else
                tool.Notice($"{request.Truth} has fewer than {request.K} neighbours a query; the truth is computed by exact search.");
        }
        truth ??= GroundTruth.Compute(tool, segment, queries, request.K, cancellation);
        if (request.WriteTruth is not null)
            VectorFile.WriteIbin(tool.Files, request.WriteTruth, truth.K, truth.Nodes);
        return (truth, source);
    }

    internal static int[] ParseEf(string text, int k)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int[] values = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i])
                || values[i] < k || values[i] > SearchParameters.MaxEfSearch)
                throw AnnException.Invalid("--ef", $"--ef holds '{parts[i]}'; each must be k ({k}) to {SearchParameters.MaxEfSearch}.");
        }
        return values.Length > 0 ? values : throw AnnException.Invalid("--ef", "--ef is empty; expected beam widths such as 64,128.");
    }

    private static int Verdict(ToolContext tool, EvalReport report)
    {
        double best = report.Runs.Max(run => run.Recall);
        if (report.MinRecall is not double least || best >= least)
            return ExitCodes.Done;
        tool.Error.WriteLine($"ann: {report.Index}: the best recall@{report.K} is {best:F4}; {least} was asked for.");
        return ExitCodes.CheckFailed;
    }

    private static void Print(TextWriter text, EvalReport report)
    {
        text.WriteLine(
            $"{report.Index}: {report.Rows:N0} items of dimension {report.Dimension}, {report.Metric}, generation {report.Generation}, "
            + $"layout {report.Layout}, {report.LoadedBytes:N0} bytes loaded, {report.MappedBytes:N0} mapped");
        text.WriteLine($"{report.Queries:N0} queries, k {report.K}, {report.Threads} thread(s), truth: {report.Truth}");
        text.WriteLine($"{"ef",7}{"recall",10}{"queries/s",12}{"mean us",10}{"p50 us",10}{"p99 us",10}{"visited",10}{"reranked",10}");
        foreach (EvalRun run in report.Runs)
        {
            text.WriteLine(
                $"{run.Ef,7}{run.Recall,10:F4}{run.Qps,12:N0}{run.MeanUs,10:F0}{run.P50Us,10:F0}{run.P99Us,10:F0}{run.Visited,10:N0}"
                + $"{run.Reranked,10:F1}");
        }
    }
}
