using System.Text.Json.Nodes;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann query</c> found.</summary>
internal sealed record QueryReport
{
    /// <summary>The index, as it was asked for.</summary>
    public required string Index { get; init; }

    /// <summary>The build that answered.</summary>
    public required string Generation { get; init; }

    /// <summary>True when a larger score is nearer.</summary>
    public required bool LargerIsNearer { get; init; }

    /// <summary>One entry a query.</summary>
    public required IReadOnlyList<QueryAnswer> Queries { get; init; }

    /// <summary><c>complete</c>, <c>truncated_deadline</c> or <c>degraded_overload</c>; null when the server does not say.</summary>
    public string? Completeness { get; init; }

    /// <summary><c>walk</c>, <c>filtered_walk</c>, <c>two_hop_walk</c> or <c>scan</c>; null when the server does not say.</summary>
    public string? Plan { get; init; }

    /// <summary>Items that may be returned; null when nothing restricts them.</summary>
    public ulong? Matching { get; init; }

    /// <summary>Share of the items that may be returned, by which the plan was chosen; null likewise.</summary>
    public double? Selectivity { get; init; }

    /// <summary>Time that finding those items took, in microseconds; null likewise.</summary>
    public ulong? FilterUs { get; init; }

    /// <summary>Recall that the answer has by what was measured, 0..1; null when unknown.</summary>
    public double? EstimatedRecall { get; init; }

    /// <summary>True when a recall was asked for that no beam width that the server allows is known to reach; null otherwise.</summary>
    public bool? TargetOutOfReach { get; init; }

    /// <summary>Beam width; null for an exact scan.</summary>
    public uint? EfSearch { get; init; }

    /// <summary>Step of the brown-out ladder; null for none.</summary>
    public uint? BrownOut { get; init; }

    /// <summary>What caps and floors did; null when they did nothing.</summary>
    public IReadOnlyList<QuotaReport>? Quotas { get; init; }

    /// <summary>Of a recommendation, examples that are no items; null when all are.</summary>
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>Distances that the server computed, all queries together.</summary>
    public required ulong Visited { get; init; }

    /// <summary>Time that the server waited for its turn, in microseconds, by its own account.</summary>
    public required ulong QueueUs { get; init; }

    /// <summary>Time that the server searched, in microseconds, by its own account.</summary>
    public required ulong SearchUs { get; init; }

    /// <summary>Time that the server encoded the texts, waiting for its encoder with it, in microseconds; null for vectors.</summary>
    public ulong? EncodeUs { get; init; }

    /// <summary>
    /// Time from the call to its answer as seen from here, in microseconds: the network and the first use of this client's code with it.
    /// </summary>
    public required double RoundTripUs { get; init; }
}

/// <summary>One query and its results, nearest first.</summary>
/// <param name="Text">What was asked: the text, or of a file of vectors the row by its key, or by its number where it has none.</param>
/// <param name="Results">Nearest first.</param>
internal sealed record QueryAnswer(string Text, IReadOnlyList<QueryHit> Results)
{
    /// <summary>Of a range: true when it holds as many as were wanted at most, so that there may be more. Null otherwise.</summary>
    public bool? Bounded { get; init; }
}

/// <summary>One result.</summary>
internal sealed record QueryHit
{
    /// <summary>The item's key; a number is written as its digits.</summary>
    public required string Key { get; init; }

    /// <summary>In the metric's own unit.</summary>
    public required float Score { get; init; }

    /// <summary>What the item says; null when no file of items was given or the key is not in it.</summary>
    public string? Title { get; init; }

    /// <summary>Of a merged list, the query that found it; null otherwise.</summary>
    public uint? FromRow { get; init; }

    /// <summary>The attributes that were asked for and that it has; null when none were asked for.</summary>
    public JsonObject? Attributes { get; init; }

    /// <summary>The item's price; only in the demonstration.</summary>
    public decimal? Price { get; init; }
}

/// <summary>What a cap or a floor did to one list.</summary>
/// <param name="Row">The list.</param>
/// <param name="Quota"><c>cap</c> or <c>floor</c>.</param>
/// <param name="Of">The cap's attribute, or the floor's filter.</param>
/// <param name="Value">Of a cap the value that was full; null of a floor.</param>
/// <param name="Count">Nearer items that the cap kept out, or items that the floor lacks.</param>
internal sealed record QuotaReport(uint Row, string Quota, string Of, string? Value, uint Count);
