using Ann.Protocol.V1;
using Ann.Server.Filters;
using Ann.Tool.Reports;

namespace Ann.Tool.Queries;

/// <summary>What an answer says of itself, in words.</summary>
internal static class AnswerFacts
{
    /// <summary>A plan; null when the server does not say.</summary>
    public static string? Word(Plan plan) => plan switch
    {
        Plan.Walk => "walk",
        Plan.FilteredWalk => "filtered_walk",
        Plan.TwoHopWalk => "two_hop_walk",
        Plan.Scan => "scan",
        _ => null,
    };

    /// <summary>Whether an answer is whole; null when the server does not say.</summary>
    public static string? Word(Completeness completeness) => completeness switch
    {
        Completeness.Complete => "complete",
        Completeness.TruncatedDeadline => "truncated_deadline",
        Completeness.DegradedOverload => "degraded_overload",
        Completeness.LimitedWork => "limited_work",
        _ => null,
    };

    /// <summary>What caps and floors did; null when they did nothing.</summary>
    public static IReadOnlyList<QuotaReport>? Quotas(SearchRequest request, SearchResponse response) => response.Quotas.Count == 0
        ? null
        : [.. response.Quotas.Select(fact => fact.QuotaCase == QuotaFact.QuotaOneofCase.Floor
            ? new QuotaReport(
                fact.Row, "floor", fact.Floor < request.Floors.Count ? FilterText.Of(request.Floors[(int)fact.Floor].Filter) : "", null,
                fact.Count)
            : new QuotaReport(
                fact.Row, "cap", fact.Cap < request.Caps.Count ? request.Caps[(int)fact.Cap].Attribute : "", fact.Value, fact.Count))];

    /// <summary>A line or two on how an answer was found.</summary>
    public static void Print(TextWriter text, QueryReport report)
    {
        List<string> facts = [];
        if (report.Plan is not null)
            facts.Add($"plan {report.Plan}");
        if (report.EfSearch is uint ef)
            facts.Add($"ef {ef}");
        if (report.Matching is ulong matching)
            facts.Add($"{matching:N0} items match ({(report.Selectivity ?? 0) * 100:0.####} %, {(report.FilterUs ?? 0) / 1000.0:F2} ms)");
        if (report.Completeness is not null)
            facts.Add(report.Completeness);
        if (report.EstimatedRecall is double recall)
            facts.Add($"estimated recall {recall:F3}");
        if (report.TargetOutOfReach == true)
            facts.Add("recall target out of reach");
        if (report.BrownOut is uint step)
            facts.Add($"brown-out step {step}");
        if (facts.Count > 0)
            text.WriteLine("  " + string.Join(", ", facts));
        foreach (QuotaReport quota in report.Quotas ?? [])
        {
            text.WriteLine(quota.Quota == "cap"
                ? $"  list {quota.Row}: cap on {quota.Of} kept out {quota.Count} nearer items of '{PrintedText.Of(quota.Value ?? "")}'"
                : $"  list {quota.Row}: floor \"{quota.Of}\" lacks {quota.Count} items");
        }
    }
}
