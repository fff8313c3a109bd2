using System.CommandLine;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Live;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann promote</c>: an attached generation takes over, if it proves what is demanded. Refused: a failed check (1).</summary>
internal static class PromoteVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        ConnectionOptions connection = new();
        Option<string> index = VerbOptions.LiveIndex();
        Option<string?> generation = VerbOptions.Optional(
            "--generation", "HEX", "The attached generation, 16 hex digits. Default: the one that is attached and does not serve.");
        Option<double?> recall = VerbOptions.OptionalNumber("--min-recall", "Recall@10 against exact search that it must reach.", 0, 1);
        Option<double?> overlap = VerbOptions.OptionalNumber(
            "--min-overlap", "Share of the serving generation's ten nearest that it must find, over recent real queries.", 0, 1);
        Option<double?> p99 = VerbOptions.OptionalNumber(
            "--max-p99-ms", "99th percentile of its search time over the same queries, milliseconds.", 0.001, 3_600_000);
        Option<bool> force = new("--force") { Description = "Promote whatever the figures say. They are measured all the same." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("promote",
            "Let an attached generation of a live index take over, without one failed request. Exit code 1 when a demand is not met.",
            "ann promote --index shop --min-recall 0.95",
            "ann promote --index shop --generation 0123456789abcdef --min-recall 0.95 --min-overlap 0.6 --max-p99-ms 5")
        {
            index, generation, recall, overlap, p99, force, connection, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            PromoteRequest request = new() { Index = parsed.GetRequiredValue(index) };
            if (parsed.GetValue(recall) is double minRecall)
                request.MinRecall = minRecall;
            if (parsed.GetValue(overlap) is double minOverlap)
                request.MinOverlap = minOverlap;
            if (parsed.GetValue(p99) is double maxP99)
                request.MaxP99Ms = maxP99;
            if (parsed.GetValue(force))
                request.Force = true;
            using ServerConnection server = connection.Open(tool, parsed);
            request.Generation = parsed.GetValue(generation) ?? await OnlyOneAsync(server, request.Index, cancellation);
            PromoteReport report = await RunAsync(server, request, cancellation);
            PromotionText.Write(tool, report, parsed.GetValue(json));
            return report.Promoted ? ExitCodes.Done : ExitCodes.CheckFailed;
        });
        return command;
    }

    /// <summary>The one generation that could be promoted.</summary>
    /// <exception cref="AnnException">InvalidArgument: there is none, or there are several.</exception>
    private static async Task<string> OnlyOneAsync(ServerConnection server, string index, CancellationToken cancellation)
    {
        IndexDescription description = await server.DescribeAsync(index, cancellation);
        string[] beside = [.. description.Generations.Where(static one => one.Role != GenerationRole.Serving).Select(static one => one.Id)];
        return beside is [string only]
            ? only
            : throw AnnException.Invalid("--generation", beside.Length == 0
                ? $"--generation is not given, and index '{index}' has no generation beside the serving one: ann attach attaches a file."
                : $"--generation is not given, and index '{index}' has several: {string.Join(", ", beside)}.");
    }

    private static async Task<PromoteReport> RunAsync(ServerConnection server, PromoteRequest request, CancellationToken cancellation)
    {
        try
        {
            PromoteResponse promoted = await server.ChangeAsync(
                indexes => indexes.PromoteAsync(request, cancellationToken: cancellation), cancellation);
            return PromotionText.Of(request.Index, promoted.Promotion);
        }
        catch (AnnException e) when (PromotionText.Refusal(request.Index, e) is PromoteReport refusal)
        {
            return refusal;
        }
    }
}
