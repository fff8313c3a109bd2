using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>The filter of a request as a tree of the core. What attributes it may name is checked when the core binds it.</summary>
internal static class WireFilter
{
    /// <summary>Reads a tree.</summary>
    /// <param name="filter">Of the request; null when it has none.</param>
    /// <param name="field">Its field, for errors.</param>
    /// <param name="index">Whose keys its key clauses name; null refuses those.</param>
    /// <returns>Null when the request has none.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: an empty clause, values of several types, too deep, too many keys; names the clause.
    /// </exception>
    public static Filter? Read(Wire.Filter? filter, string field, IndexSnapshot? index) =>
        filter is null ? null : Read(filter, field, index, depth: 1);

    private static Filter Read(Wire.Filter filter, string field, IndexSnapshot? index, int depth)
    {
        if (depth > Filter.MaxDepth)
            throw AnnException.Invalid(field, $"The filter is more than {Filter.MaxDepth} levels deep.");
        return filter.ClauseCase switch
        {
            Wire.Filter.ClauseOneofCase.AllOf => new Filter.AllOf(Clauses(filter.AllOf, field + ".all_of", index, depth)),
            Wire.Filter.ClauseOneofCase.AnyOf => new Filter.AnyOf(Clauses(filter.AnyOf, field + ".any_of", index, depth)),
            Wire.Filter.ClauseOneofCase.NoneOf => new Filter.NoneOf(Read(filter.NoneOf, field + ".none_of", index, depth + 1)),
            Wire.Filter.ClauseOneofCase.In => In(filter.In, field + ".in"),
            Wire.Filter.ClauseOneofCase.Range => new Filter.Between(
                filter.Range.Attribute, Bound(filter.Range.From, field + ".range.from"), Bound(filter.Range.To, field + ".range.to")),
            Wire.Filter.ClauseOneofCase.Exists => new Filter.Exists(filter.Exists),
            Wire.Filter.ClauseOneofCase.Keys => new Filter.KeyIn(Keys(filter.Keys, field + ".keys", index)),
            _ => throw AnnException.Invalid(field, $"{field} holds no clause; one of all_of, any_of, none_of, in, range, exists, keys "
                + "is needed."),
        };
    }

    private static Filter[] Clauses(Wire.FilterList list, string field, IndexSnapshot? index, int depth)
    {
        if (list.Clauses.Count > Filter.MaxClauses)
            throw AnnException.Invalid(field, $"{field} holds {list.Clauses.Count} clauses; there may be at most {Filter.MaxClauses}.");
        Filter[] clauses = new Filter[list.Clauses.Count];
        for (int i = 0; i < clauses.Length; i++)
            clauses[i] = Read(list.Clauses[i], $"{field}[{i}]", index, depth + 1);
        return clauses;
    }

    private static Filter In(Wire.InClause clause, string field)
    {
        int keywords = clause.Keywords.Count;
        int integers = clause.Integers.Count;
        int bools = clause.Bools.Count;
        if (keywords + integers + bools == 0)
            throw AnnException.Invalid(field, $"{field} holds no value; fill keywords, integers or bools.");
        if (keywords + integers + bools != Math.Max(keywords, Math.Max(integers, bools)))
            throw AnnException.Invalid(field, $"{field} holds values of several types; fill one of keywords, integers and bools.");
        if (keywords + integers + bools > Filter.MaxValues)
        {
            throw AnnException.Invalid(
                field, $"{field} holds {keywords + integers + bools} values; there may be at most {Filter.MaxValues} in a filter.");
        }
        return keywords > 0 ? new Filter.KeywordIn(clause.Attribute, clause.Keywords)
            : integers > 0 ? new Filter.IntegerIn(clause.Attribute, clause.Integers)
            : new Filter.BoolIn(clause.Attribute, clause.Bools);
    }

    private static FilterBound? Bound(Wire.RangeBound? bound, string field) => bound?.ValueCase switch
    {
        null => null,
        Wire.RangeBound.ValueOneofCase.Integer => new FilterBound(bound.Integer, null, bound.Exclusive),
        Wire.RangeBound.ValueOneofCase.Real => new FilterBound(null, bound.Real, bound.Exclusive),
        _ => throw AnnException.Invalid(field, $"{field} holds no value; fill integer or real, or leave the bound out."),
    };

    private static KeyColumn Keys(Wire.KeyColumn keys, string field, IndexSnapshot? index)
    {
        if (index is null)
            throw AnnException.Invalid(field, "A clause of keys needs an index that has keys.");
        try
        {
            return WireKeys.Read(keys, index.KeyKind, index.Name, Filter.MaxValues);
        }
        catch (AnnException e)
        {
            throw AnnException.Invalid(field, $"{field}: {e.Message}");
        }
    }
}
