using System.Globalization;
using System.Text;
using Ann.Protocol.V1;

namespace Ann.Server.Filters;

/// <summary>Writes a filter so that <see cref="FilterParser"/>, told nothing of types, reads the same one.</summary>
/// <remarks>A list of a single clause has no text of its own: it is written as the clause, which takes the same items.</remarks>
internal static class FilterText
{
    private static readonly string[] Reserved = ["and", "or", "not", "in", "between", "exists", "key", "true", "false"];

    /// <summary>A filter as text; <c>(nothing)</c> for one without a clause, which servers refuse.</summary>
    public static string Of(Filter filter)
    {
        StringBuilder text = new();
        Write(text, filter, isInner: false);
        return text.ToString();
    }

    /// <summary>True for a word of the grammar, which is no name unless it stands in quotes.</summary>
    internal static bool IsReserved(string word) => Reserved.Contains(word, StringComparer.OrdinalIgnoreCase);

    private static void Write(StringBuilder text, Filter filter, bool isInner)
    {
        switch (filter.ClauseCase)
        {
            case Filter.ClauseOneofCase.AllOf:
                WriteList(text, filter.AllOf, " and ", isInner);
                break;
            case Filter.ClauseOneofCase.AnyOf:
                WriteList(text, filter.AnyOf, " or ", isInner);
                break;
            case Filter.ClauseOneofCase.NoneOf:
                text.Append("not (");
                Write(text, filter.NoneOf, isInner: false);
                text.Append(')');
                break;
            case Filter.ClauseOneofCase.In:
                WriteIn(text, filter.In);
                break;
            case Filter.ClauseOneofCase.Range:
                WriteRange(text, filter.Range);
                break;
            case Filter.ClauseOneofCase.Exists:
                text.Append("exists(").Append(Name(filter.Exists)).Append(')');
                break;
            case Filter.ClauseOneofCase.Keys:
                WriteValues(text, "key", [
                    .. filter.Keys.Numbers.Select(static number => number.ToString(CultureInfo.InvariantCulture)),
                    .. filter.Keys.Texts.Select(Value),
                ]);
                break;
            default:
                text.Append("(nothing)");
                break;
        }
    }

    private static void WriteList(StringBuilder text, FilterList list, string word, bool isInner)
    {
        bool needsParentheses = isInner && list.Clauses.Count > 1;
        if (needsParentheses)
            text.Append('(');
        for (int i = 0; i < list.Clauses.Count; i++)
        {
            if (i > 0)
                text.Append(word);
            Write(text, list.Clauses[i], isInner: list.Clauses.Count > 1 || isInner);
        }
        if (needsParentheses)
            text.Append(')');
    }

    private static void WriteIn(StringBuilder text, InClause clause) => WriteValues(text, Name(clause.Attribute), [
        .. clause.Keywords.Select(Value),
        .. clause.Integers.Select(static number => number.ToString(CultureInfo.InvariantCulture)),
        .. clause.Bools.Select(static value => value ? "true" : "false"),
    ]);

    private static void WriteValues(StringBuilder text, string name, string[] values)
    {
        text.Append(name);
        if (values.Length == 1)
            text.Append(" = ").Append(values[0]);
        else
            text.Append(" in (").AppendJoin(", ", values).Append(')');
    }

    private static void WriteRange(StringBuilder text, RangeClause range)
    {
        string name = Name(range.Attribute);
        RangeBound? from = range.From;
        RangeBound? to = range.To;
        if (from is not null && to is not null)
            WriteRange(text, name, from, to);
        else if (from is not null)
            text.Append(name).Append(from.Exclusive ? " > " : " >= ").Append(Bound(from));
        else if (to is not null)
            text.Append(name).Append(to.Exclusive ? " < " : " <= ").Append(Bound(to));
        else
            text.Append("(nothing)");
    }

    private static void WriteRange(StringBuilder text, string name, RangeBound from, RangeBound to)
    {
        if (!from.Exclusive && !to.Exclusive)
            text.Append(name).Append(" between ").Append(Bound(from)).Append(" and ").Append(Bound(to));
        else
            text.Append(Bound(from)).Append(from.Exclusive ? " < " : " <= ").Append(name)
                .Append(to.Exclusive ? " < " : " <= ").Append(Bound(to));
    }

    private static string Bound(RangeBound bound)
    {
        if (bound.ValueCase != RangeBound.ValueOneofCase.Real)
            return bound.Integer.ToString(CultureInfo.InvariantCulture);
        if (double.IsInfinity(bound.Real))
            return bound.Real > 0 ? "+inf" : "-inf";
        string text = bound.Real.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0"; // Without it, it would be read as a whole number.
    }

    private static string Name(string name) => FilterLexer.IsOneWord(name) && !IsReserved(name) ? name : Quote(name);

    private static string Value(string value) =>
        FilterLexer.IsOneWord(value) && !IsReserved(value) && !FilterValues.LooksLikeAnother(value) ? value : Quote(value);

    private static string Quote(string text) =>
        '"' + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
}
