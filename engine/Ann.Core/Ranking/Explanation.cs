using Ann.Core.Exclusions;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>Why an item is in the answer to a query, or not. All of it as of one write.</summary>
internal sealed record Explanation
{
    /// <summary>The first reason that applies; <see cref="ExplainVerdict.Unknown"/> when the budget ended the search for it.</summary>
    public required ExplainVerdict Verdict { get; init; }

    /// <summary>The same for a person: one to three sentences.</summary>
    public string Text { get; init; } = "";

    /// <summary>Why the search for the reason was stopped; nothing else is to be believed then.</summary>
    public StopReason Stopped { get; init; }

    /// <summary>The core's distance to the query row that the item is nearest to; null when there is no such item.</summary>
    public float? Distance { get; init; }

    /// <summary>That row.</summary>
    public int Row { get; init; }

    /// <summary>
    /// Its place by exact search, ties by key, from 1: among the items that filter and exclusions leave, or among all items when they do
    /// not leave it. Null when there is no such item.
    /// </summary>
    public long? ExactRank { get; init; }

    /// <summary>Its place in the answer, from 1; null when it is not there.</summary>
    public int? Position { get; init; }

    /// <summary>The clauses of the filter that are false of it.</summary>
    public IReadOnlyList<Attributes.FailedClause> FailedClauses { get; init; } = [];

    /// <summary>What excludes it, by the names that the caller gave.</summary>
    public IReadOnlyList<string> ExcludedBy { get; init; } = [];

    /// <summary>Positions of the caps that were full.</summary>
    public IReadOnlyList<int> CappedBy { get; init; } = [];

    /// <summary>
    /// True when level 0 of its segment's graph leads from the entry point to its node; false when there is no such item.
    /// </summary>
    public bool IsReachable { get; init; }

    /// <summary>The smallest beam width of 2ⁿ times the query's, n from 1, that finds it; null when none does, or none is needed.</summary>
    public int? NeededEf { get; init; }
}

/// <summary>Why an item is in an answer, or not. The numbers are those of requests.</summary>
internal enum ExplainVerdict
{
    /// <summary>Not found out.</summary>
    Unknown = 0,

    /// <summary>It is in the answer.</summary>
    Returned = 1,

    /// <summary>There is no such item.</summary>
    NoSuchItem = 2,

    /// <summary>The filter does not take it.</summary>
    Filtered = 3,

    /// <summary>It is excluded.</summary>
    Excluded = 4,

    /// <summary>It is farther away than results may be.</summary>
    BelowMinScore = 5,

    /// <summary>The list is full of items that are nearer.</summary>
    Outranked = 6,

    /// <summary>A cap was full.</summary>
    Capped = 7,

    /// <summary>Others took its place: by diversity, a floor, or a floor of a row.</summary>
    Displaced = 8,

    /// <summary>The exact answer has it, but the walk did not come by.</summary>
    MissedByWalk = 9,

    /// <summary>The exact answer has it, and the graph does not lead to it.</summary>
    Unreachable = 10,
}

/// <summary>A part of what a query excludes.</summary>
/// <param name="Name">How the answer calls it: <c>keys</c>, <c>roaring</c>, or the name of a set.</param>
/// <param name="Keys">The keys.</param>
internal sealed record NamedExclusion(string Name, ExcludedKeys Keys);
