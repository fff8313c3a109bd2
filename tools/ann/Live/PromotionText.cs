using Ann.Core;
using Ann.Protocol.V1;
using Ann.Tool.Reports;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tool.Live;

/// <summary>What a change of generations did, for people and scripts.</summary>
internal static class PromotionText
{
    private static readonly string[] Demands = ["min_recall", "min_overlap", "max_p99_ms", "missed_keys"];

    /// <summary>A generation took over.</summary>
    public static PromoteReport Of(string index, PromotionFacts facts) => new()
    {
        Index = index,
        Promoted = true,
        Serving = facts.Serving,
        Replaced = facts.Replaced,
        Queries = facts.Queries,
        SampledRows = facts.SampledRows,
        Recall = facts.HasRecall ? facts.Recall : null,
        Overlap = facts.HasOverlap ? facts.Overlap : null,
        P99Ms = facts.HasP99Ms ? facts.P99Ms : null,
        MissedKeys = facts.MissedKeys,
        Forced = facts.Forced,
    };

    /// <summary>The gate's refusal; null when the call failed for another reason.</summary>
    public static PromoteReport? Refusal(string index, AnnException failure)
    {
        if (failure.InnerException is not RpcException { StatusCode: StatusCode.FailedPrecondition } call)
            return null;
        UnmetDemand[] unmet =
        [
            .. (call.GetRpcStatus()?.GetDetail<PreconditionFailure>()?.Violations ?? [])
                .Where(static violation => Demands.Contains(violation.Subject))
                .Select(static violation => new UnmetDemand(violation.Subject, violation.Description)),
        ];
        return unmet.Length == 0
            ? null
            : new PromoteReport { Index = index, Promoted = false, Refusal = call.Status.Detail, Unmet = unmet };
    }

    /// <summary>Writes the report as it was asked for.</summary>
    public static void Write(ToolContext tool, PromoteReport report, bool json)
    {
        if (json)
            ToolJson.Write(tool, report, ToolJson.Default.PromoteReport);
        else if (report.Promoted)
            Print(tool.Out, report);
        if (report.Refusal is not null)
            tool.Error.WriteLine("ann: " + report.Refusal.ReplaceLineEndings(" "));
    }

    private static void Print(TextWriter text, PromoteReport report)
    {
        text.WriteLine($"{report.Index}: {report.Serving} serves; {report.Replaced} stands by");
        List<string> measured = [];
        if (report.Recall is double recall)
            measured.Add($"recall@10 {recall:F4}");
        if (report.Overlap is double overlap)
            measured.Add($"overlap {overlap:F4}");
        if (report.P99Ms is double p99)
            measured.Add($"p99 {p99:F2} ms");
        if (measured.Count > 0)
            text.WriteLine($"  {string.Join(", ", measured)}; {report.Queries} recent queries, {report.SampledRows} rows as queries");
        if (report.MissedKeys > 0)
            text.WriteLine($"  {report.MissedKeys:N0} items are missed: their last write came from another encoder");
        if (report.Forced == true)
            text.WriteLine("  forced: the gate would have refused it");
    }
}
