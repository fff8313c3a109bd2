using Ann.Core.Attributes;
using Ann.Core.Searching;

namespace Ann.Core.Ranking;

/// <summary>Refuses what a ranking query must not ask. Filters are checked where they are bound.</summary>
internal static class RankingValidation
{
    /// <summary>Checks all but the filters.</summary>
    /// <param name="query">The query.</param>
    /// <param name="schema">Attributes of the index.</param>
    /// <param name="rows">Query rows.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field as requests spell it.</exception>
    public static void Check(RankingQuery query, AttributeSchema schema, int rows)
    {
        new SearchParameters(query.K, query.Exact ? 0 : query.EfSearch, query.Exact).Validate();
        if (query.MaxDistance is { } distance && float.IsNaN(distance))
            throw AnnException.Invalid("min_score", "min_score is NaN; a number was expected.");
        RequireAtMost("caps", query.Caps.Count);
        RequireAtMost("floors", query.Floors.Count);
        for (int cap = 0; cap < query.Caps.Count; cap++)
            Check(query.Caps[cap], $"caps[{cap}]", schema);
        for (int floor = 0; floor < query.Floors.Count; floor++)
            Check(query.Floors[floor], $"floors[{floor}]", query.K);
        if (query.Diversity is { } diversity)
            Check(diversity, query.K);
        if (query.Union is { } union)
            Check(union, query.K, rows);
    }

    private static void RequireAtMost(string field, int count)
    {
        if (count > RankingQuery.MaxQuotas)
            throw AnnException.Invalid(field, $"there are {count} {field}; at most {RankingQuery.MaxQuotas} are taken.");
    }

    private static void Check(Cap cap, string field, AttributeSchema schema)
    {
        if (cap.Most is < 1 or > SearchParameters.MaxK)
            throw AnnException.Invalid($"{field}.most", $"most is {cap.Most}; it must be 1 to {SearchParameters.MaxK}.");
        AttributeType type = schema.Fields[schema.Require(cap.Attribute, $"{field}.attribute")].Type;
        if (AttributeTraits.Of(type).CanBeCapped)
            return;
        AttributeType[] taken = [.. Enum.GetValues<AttributeType>().Where(static one => AttributeTraits.Of(one).CanBeCapped)];
        throw AnnException.Invalid(
            $"{field}.attribute",
            $"attribute '{cap.Attribute}' is of type {type}; a cap takes {string.Join(", ", taken[..^1])} or {taken[^1]}.");
    }

    private static void Check(Floor floor, string field, int k)
    {
        if (floor.Least < 1 || floor.Least > k)
            throw AnnException.Invalid($"{field}.least", $"least is {floor.Least}; it must be 1 to k ({k}).");
    }

    private static void Check(Diversity diversity, int k)
    {
        if (!(diversity.Lambda is >= 0 and <= 1)) // NaN too
            throw AnnException.Invalid("diversity.lambda", $"lambda is {diversity.Lambda}; it must be 0 to 1.");
        if (diversity.Candidates < k || diversity.Candidates > SearchParameters.MaxK)
        {
            throw AnnException.Invalid(
                "diversity.candidates", $"candidates is {diversity.Candidates}; it must be k ({k}) to {SearchParameters.MaxK}.");
        }
    }

    private static void Check(UnionMerge union, int k, int rows)
    {
        if (union.LeastPerRow < 0 || (long)union.LeastPerRow * rows > k)
        {
            throw AnnException.Invalid(
                "union.least_per_row", $"least_per_row is {union.LeastPerRow} of {rows} rows; together they must be 0 to k ({k}).");
        }
    }
}
