using System.Text;
using Ann.Core.Keys;
using Tag = Ann.Core.Attributes.CanonicalBytes.Tag;

namespace Ann.Core.Attributes;

/// <summary>Checks the clauses of one filter, whose size was checked, and makes what is evaluated.</summary>
/// <param name="schema">The index's attributes.</param>
/// <param name="keyKind">What the index's keys are.</param>
/// <param name="field">How the caller spells the filter.</param>
internal sealed class FilterBinding(AttributeSchema schema, KeyKind keyKind, string field)
{
    private int _number;

    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the clause.</exception>
    public (BoundClause Root, byte[] Canonical) Bind(Filter filter)
    {
        Bound bound = Bind(filter, "");
        return (bound.Clause, bound.Canonical);
    }

    private Bound Bind(Filter filter, string before)
    {
        int number = _number++;
        switch (filter)
        {
            case Filter.AllOf all:
                return BindList(Tag.AllOf, all.Clauses, before + "all_of", number);
            case Filter.AnyOf any:
                return BindList(Tag.AnyOf, any.Clauses, before + "any_of", number);
            case Filter.NoneOf none:
                return Negate(Bind(none.Clause, before + "none_of."), before + "none_of", number);
            case Filter.KeywordIn clause:
                return BindKeywords(clause, before + "in", number);
            case Filter.IntegerIn clause:
                return BindIntegers(clause, before + "in", number);
            case Filter.BoolIn clause:
                return BindBools(clause, before + "in", number);
            case Filter.Between clause:
                return BindRange(clause, before + "range", number);
            case Filter.Exists clause:
                return BindExists(clause, before + "exists", number);
            case Filter.KeyIn clause:
                return BindKeys(clause.Keys, before + "keys", number);
            default:
                throw Invalid(before.TrimEnd('.'), "a clause is empty.");
        }
    }

    private Bound BindList(Tag tag, IReadOnlyList<Filter> clauses, string path, int number)
    {
        if (clauses.Count is 0 or > Filter.MaxClauses)
            throw Invalid(path, $"there are {clauses.Count} clauses; 1 to {Filter.MaxClauses} are taken.");

        List<Bound> parts = [];
        for (int i = 0; i < clauses.Count; i++)
        {
            Bound part = Bind(clauses[i], $"{path}[{i}].");
            if (part.Tag == tag)
                parts.AddRange(part.Parts); // brackets within brackets
            else
                parts.Add(part);
        }
        parts.Sort(static (a, b) =>
        {
            int order = a.Canonical.AsSpan().SequenceCompareTo(b.Canonical);
            return order != 0 ? order : a.Clause.Number.CompareTo(b.Clause.Number);
        });
        Bound[] distinct = [.. parts.Where((part, i) => i == 0 || !part.Canonical.AsSpan().SequenceEqual(parts[i - 1].Canonical))];
        if (distinct.Length == 1)
            return distinct[0];

        CanonicalBytes bytes = new CanonicalBytes().Write(tag).Write((long)distinct.Length);
        foreach (Bound part in distinct)
            bytes.Append(part.Canonical);
        BoundClause[] made = [.. distinct.Select(static part => part.Clause)];
        ListClause clause = new(made, isAll: tag == Tag.AllOf) { Path = path, Number = number };
        return new Bound(tag, clause, bytes.ToArray(), distinct);
    }

    private static Bound Negate(Bound part, string path, int number) => part.Tag == Tag.NoneOf
        ? part.Parts[0]
        : new Bound(
            Tag.NoneOf, new NoneOfClause(part.Clause) { Path = path, Number = number },
            new CanonicalBytes().Write(Tag.NoneOf).Append(part.Canonical).ToArray(), [part]);

    private Bound BindKeywords(Filter.KeywordIn clause, string path, int number)
    {
        (AttributeField attribute, int column) = Require(clause.Attribute, $"{path}.attribute");
        if (!attribute.Traits.HasText)
            throw Mismatch(attribute, "keywords", $"{path}.keywords");
        RequireValues(clause.Values.Count, $"{path}.keywords");
        ReadOnlyMemory<byte>[] texts = new ReadOnlyMemory<byte>[clause.Values.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Encoding.UTF8.GetBytes(clause.Values[i]);
            if (texts[i].Length > AttributeSchema.MaxKeywordBytes)
            {
                throw Invalid(
                    $"{path}.keywords[{i}]",
                    $"the keyword takes {texts[i].Length} bytes; at most {AttributeSchema.MaxKeywordBytes} are taken.");
            }
        }
        TextList list = new(texts);
        BoundClause made = attribute.Traits.Form == AttributeForm.Text
            ? new KeywordClause(attribute, column, list) { Path = path, Number = number }
            : new KeywordSetClause(attribute, column, list) { Path = path, Number = number };
        return Leaf(Tag.Keywords, made, bytes => bytes.Write(attribute).Write(list));
    }

    private Bound BindIntegers(Filter.IntegerIn clause, string path, int number)
    {
        (AttributeField attribute, int column) = Require(clause.Attribute, $"{path}.attribute");
        if (attribute.Traits.Form != AttributeForm.Integer)
            throw Mismatch(attribute, "integers", $"{path}.integers");
        RequireValues(clause.Values.Count, $"{path}.integers");
        long[] values = [.. clause.Values.Distinct().Order()];
        return Leaf(Tag.Integers, new IntegerClause(attribute, column, values) { Path = path, Number = number }, bytes =>
        {
            bytes.Write(attribute).Write((long)values.Length);
            foreach (long value in values)
                bytes.Write(value);
        });
    }

    private Bound BindBools(Filter.BoolIn clause, string path, int number)
    {
        (AttributeField attribute, int column) = Require(clause.Attribute, $"{path}.attribute");
        if (attribute.Traits.Form != AttributeForm.Bit)
            throw Mismatch(attribute, "bools", $"{path}.bools");
        RequireValues(clause.Values.Count, $"{path}.bools");
        bool takesTrue = clause.Values.Contains(true);
        bool takesFalse = clause.Values.Contains(false);
        return Leaf(
            Tag.Bools, new BoolClause(attribute, column, takesTrue, takesFalse) { Path = path, Number = number },
            bytes => bytes.Write(attribute).Write((takesTrue ? 1L : 0) | (takesFalse ? 2L : 0)));
    }

    private Bound BindRange(Filter.Between clause, string path, int number)
    {
        (AttributeField attribute, int column) = Require(clause.Attribute, $"{path}.attribute");
        RangeBinding range = new(clause, attribute, $"{field}.{path}");
        if (attribute.Traits.Form == AttributeForm.Real)
        {
            (double from, double to) = range.Doubles();
            return Leaf(
                Tag.DoubleRange, new RangeClause<double>(attribute, column, from, to, clause) { Path = path, Number = number },
                bytes => bytes.Write(attribute).Write(from).Write(to));
        }
        (long least, long most) = range.Integers();
        return Leaf(
            Tag.IntegerRange, new RangeClause<long>(attribute, column, least, most, clause) { Path = path, Number = number },
            bytes => bytes.Write(attribute).Write(least).Write(most));
    }

    private Bound BindExists(Filter.Exists clause, string path, int number)
    {
        (AttributeField attribute, int column) = Require(clause.Attribute, path);
        return Leaf(
            Tag.Exists, new ExistsClause(attribute, column) { Path = path, Number = number }, bytes => bytes.Write(attribute));
    }

    private Bound BindKeys(KeyColumn keys, string path, int number)
    {
        RequireValues(keys.Count, path);
        if (keys.Kind != keyKind)
            throw Invalid(path, $"the index has keys of kind {keyKind}; those of the filter are of kind {keys.Kind}.");
        if (keyKind == KeyKind.UInt64)
        {
            ulong[] numbers = [.. keys.Numbers.ToArray().Distinct().Order()];
            return Leaf(Tag.NumberKeys, new KeyClause(numbers) { Path = path, Number = number }, bytes =>
            {
                bytes.Write((long)numbers.Length);
                foreach (ulong key in numbers)
                    bytes.Write((long)key);
            });
        }
        byte[] text = keys.Text.ToArray();
        ReadOnlyMemory<byte>[] texts = new ReadOnlyMemory<byte>[keys.Count];
        for (int i = 0; i < texts.Length; i++)
            texts[i] = text.AsMemory((int)(i == 0 ? 0 : keys.Ends[i - 1])..(int)keys.Ends[i]);
        TextList list = new(texts);
        return Leaf(Tag.TextKeys, new KeyClause(list) { Path = path, Number = number }, bytes => bytes.Write(list));
    }

    private static Bound Leaf(Tag tag, BoundClause clause, Action<CanonicalBytes> write)
    {
        CanonicalBytes bytes = new CanonicalBytes().Write(tag);
        write(bytes);
        return new Bound(tag, clause, bytes.ToArray(), []);
    }

    private (AttributeField Attribute, int Column) Require(string name, string path)
    {
        int column = schema.Require(name, $"{field}.{path}");
        return (schema.Fields[column], column);
    }

    private void RequireValues(int count, string path)
    {
        if (count == 0)
            throw Invalid(path, "there is no value; one at least is needed.");
    }

    private AnnException Mismatch(AttributeField attribute, string given, string path) => Invalid(
        path, $"attribute '{attribute.Name}' is of type {attribute.Type}; {given} were given. {Advice(attribute.Traits.Form)}");

    private static string Advice(AttributeForm form) => form switch
    {
        AttributeForm.Text or AttributeForm.TextSet => "Give keywords.",
        AttributeForm.Bit => "Give bools.",
        AttributeForm.Real => "Give a range.",
        AttributeForm.Integer => "Give integers.",
    };

    private AnnException Invalid(string path, string message) =>
        AnnException.Invalid(path.Length == 0 ? field : $"{field}.{path}", message);

    /// <summary>A clause, what it is made of, and its bytes.</summary>
    private sealed record Bound(Tag Tag, BoundClause Clause, byte[] Canonical, Bound[] Parts);
}
