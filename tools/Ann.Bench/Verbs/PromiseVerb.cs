using System.CommandLine;
using System.Globalization;
using Ann.Bench.Promise;
using Ann.Core;
using Ann.Core.Segments;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>promise</c>: recall asked for, told and given, by a server from its first query on.</summary>
internal static class PromiseVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string> rows = VerbOptions.Required("--base", "FILE", "Rows of the index.");
        Option<string> queries = VerbOptions.Required("--queries", "FILE", "Query vectors, as users send them.");
        Option<string> index = VerbOptions.Required("--index", "FILE", "The .ann file: searched as it is where it exists, else built.");
        Option<string> metric = VerbOptions.Choice("--metric", "Metric of the index.", "cosine", MetricTraits.Names.All);
        Option<string> codes = VerbOptions.Choice(
            "--codes", "Codes of a file that is built.", EnumNames<CodesKind>.Plain, CodesTraits.Standard);
        Option<string> layout = VerbOptions.Choice(
            "--layout", "Layout of a file that is built.", EnumNames<SegmentLayout>.Plain, SegmentLayout.Fast);
        Option<string> targets = new("--targets")
        {
            Description = "Recalls asked for.",
            DefaultValueFactory = _ => "0.9,0.95,0.99",
            HelpName = "LIST",
        };
        Option<string> ks = new("--k") { Description = "Results asked for.", DefaultValueFactory = _ => "10,100", HelpName = "LIST" };
        Option<string> shares = new("--filters")
        {
            Description = "Shares of the rows that filters leave, in per cent; none leaves filters out.",
            DefaultValueFactory = _ => "none",
            HelpName = "LIST",
        };
        Option<int> traffic = VerbOptions.Number("--traffic", "Queries before the promise must hold.", 500, 50, 1_000_000);
        Option<int> judged = VerbOptions.Number("--judged", "Queries that it is judged by then.", 500, 1, 1_000_000);
        Option<int> rate = VerbOptions.Number("--rate", "Queries a second: the server samples while none waits.", 100, 1, 1_000_000);

        Verb command = new("promise",
            "Ask a fresh server for a recall, from its first query on: recall given and told, with and without filters. Exits with 1 where "
                + "recall is below the target by more than 0.01 after --traffic queries, by more than 0.03 in the first 50, or is told "
                + "wrong by more than 0.02.",
            $"{Program.Name} promise --base sift200k/base.u8bin --queries sift200k/query.u8bin --metric l2 --index sift.ann",
            $"{Program.Name} promise --base items.fbin --queries users2000.fbin --metric ip --index beauty.ann --filters 50,20,10,5,1")
        {
            rows, queries, index, metric, codes, layout, targets, ks, shares, traffic, judged, rate,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            string filters = parsed.GetValue(shares)!;
            PromiseRequest request = new(
                parsed.GetRequiredValue(rows), parsed.GetRequiredValue(queries), parsed.GetRequiredValue(index),
                MetricTraits.Names.Parse(parsed.GetValue(metric)), EnumNames<CodesKind>.Plain.Parse(parsed.GetValue(codes)),
                EnumNames<SegmentLayout>.Plain.Parse(parsed.GetValue(layout)), Targets(parsed.GetValue(targets)!),
                NumberList.Parse("--k", parsed.GetValue(ks)!, 1, 10_000),
                filters == "none" ? [] : NumberList.Parse("--filters", filters, 1, 100), parsed.GetValue(traffic),
                parsed.GetValue(judged), parsed.GetValue(rate));
            return await new PromiseRun(tool, request, cancellation).RunAsync() ? ExitCodes.Done : ExitCodes.CheckFailed;
        });
        return command;
    }

    private static double[] Targets(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries).Select(static word =>
        double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double target) && target is > 0 and < 1
            ? target
            : throw AnnException.Invalid("--targets", $"--targets holds '{word}'; each must be above 0 and below 1."))];
}
