using System.Globalization;
using Ann.Core.Indexes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>Says an explanation to a person.</summary>
internal static class ExplanationText
{
    /// <summary>The explanation with its sentences.</summary>
    public static Explanation AddTo(Explanation known, IndexSnapshot index, RankingQuery query, string key)
    {
        string text = Reason(known, index, query, key);
        if (known.Distance is null || known.Verdict == ExplainVerdict.Unknown)
            return known with { Text = text };
        bool isLeft = known.Verdict is not (ExplainVerdict.Filtered or ExplainVerdict.Excluded);
        string among = isLeft ? "the items that may be returned" : "all items";
        string row = query.Union is null ? "" : Invariant($" to query row {known.Row}");
        return known with
        {
            Text = Invariant($"{text} Its {index.Metric.Traits().ScoreName} is {Score(index, known.Distance.Value)}{row}; ")
                + Invariant($"by exact search it is number {known.ExactRank} of {among}."),
        };
    }

    private static string Reason(Explanation known, IndexSnapshot index, RankingQuery query, string key) => known.Verdict switch
    {
        ExplainVerdict.NoSuchItem => $"Index '{index.Name}', generation {index.Generation}, has no item with key {key}.",
        ExplainVerdict.Filtered => $"The filter does not take item {key}: {Clauses(known)}.",
        ExplainVerdict.Excluded => $"Item {key} is excluded{(known.ExcludedBy.Count == 0 ? "" : $" by {List(known.ExcludedBy)}")}.",
        ExplainVerdict.BelowMinScore =>
            Invariant($"Item {key} is farther away than min_score allows, which is {Score(index, query.MaxDistance!.Value)}."),
        ExplainVerdict.Returned => Invariant($"Item {key} is in the answer, at position {known.Position}."),
        ExplainVerdict.Outranked => Invariant($"All {query.K} items of the exact answer are nearer than item {key}."),
        ExplainVerdict.Capped => $"Item {key} is kept out by {List([.. known.CappedBy.Select(cap => Cap(query, cap))])}.",
        ExplainVerdict.Displaced => $"Others took the place of item {key}{Displacers(query)}.",
        ExplainVerdict.MissedByWalk => Missed(known, query, key),
        ExplainVerdict.Unreachable =>
            $"The graph does not lead to item {key}, so that no walk finds it; compacting the index mends that.",
        _ => $"The search for the reason of item {key} was stopped ({known.Stopped}).",
    };

    private static string Clauses(Explanation known)
    {
        string are = known.FailedClauses.Count == 1 ? "is" : "are";
        return $"{List([.. known.FailedClauses.Select(static clause => $"{clause.Path} {clause.Text}")])} {are} false of it";
    }

    private static string Cap(RankingQuery query, int cap) => Invariant(
        $"caps[{cap}] (at most {query.Caps[cap].Most} with the same '{query.Caps[cap].Attribute}'), which is full");

    private static string Displacers(RankingQuery query)
    {
        List<string> reasons = [];
        if (query.Diversity is { } diversity)
            reasons.Add(Invariant($"diversity (lambda {diversity.Lambda})"));
        if (query.Floors.Count > 0)
            reasons.Add("floors");
        if (query.Caps.Count > 0)
            reasons.Add("caps");
        if (query.Union is { LeastPerRow: > 0 } union)
            reasons.Add(Invariant($"the {union.LeastPerRow} places of each query row"));
        return reasons.Count == 0 ? "" : $", by {List(reasons)}";
    }

    private static string Missed(Explanation known, RankingQuery query, string key)
    {
        string found = known.NeededEf is int ef
            ? Invariant($"ef_search {ef} finds it")
            : Invariant($"no ef_search up to {SearchParameters.MaxEfSearch} that was tried finds it");
        return Invariant(
            $"Item {key} is near enough, but the walk with ef_search {ExplainSearch.BeamWidthOf(query)} did not come by; {found}.");
    }

    private static string List(IReadOnlyList<string> parts) =>
        parts.Count == 1 ? parts[0] : $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}";

    private static string Score(IndexSnapshot index, float distance) =>
        index.Metric.ToScore(distance).ToString("G6", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
