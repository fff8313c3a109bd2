using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Ann.Core.Distances;

namespace Ann.Core.Attributes;

/// <summary>A clause on one attribute. False of a node without a value of it.</summary>
internal abstract class AttributeClause(AttributeField attribute, int column) : BoundClause
{
    /// <summary>The attribute.</summary>
    protected AttributeField Field => attribute;

    /// <summary>Its column.</summary>
    protected int Column => column;

    public sealed override void Evaluate(in NodeChunk chunk, FilterScratch scratch, int level, Span<ulong> words)
    {
        if (chunk.Table is null)
            words.Clear();
        else
            Evaluate(in chunk, chunk.Table, scratch, words);
    }

    public sealed override void Prepare(in SegmentNodes segment, FilterScratch scratch)
    {
        if (segment.Table is not null)
            Prepare(segment.Table, scratch);
    }

    public sealed override bool Holds(in SegmentNodes segment, int node) =>
        segment.Table is not null && segment.Table.Has(column, node) && Holds(segment.Table, node);

    protected virtual void Prepare(AttributeTable table, FilterScratch scratch)
    {
    }

    protected abstract void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words);

    /// <summary>Of a node that has a value.</summary>
    protected abstract bool Holds(AttributeTable table, int node);

    /// <summary>Takes the nodes without a value out: their values are zeros, which may be wanted.</summary>
    protected void KeepPresent(in NodeChunk chunk, Span<ulong> words)
    {
        ReadOnlySpan<ulong> presence = chunk.Presence(column);
        for (int i = 0; i < words.Length; i++)
            words[i] &= presence[i];
    }

    /// <summary>Writes "attribute in (a, b)", with the first few values.</summary>
    protected void DescribeValues(StringBuilder text, int count, Action<StringBuilder, int> write) =>
        ValueText.List(text.Append(attribute.Name), count, write);
}

/// <summary>The node has a value.</summary>
internal sealed class ExistsClause(AttributeField attribute, int column) : AttributeClause(attribute, column)
{
    public override int Cost => 1;

    public override void Describe(StringBuilder text) => text.Append(Field.Name).Append(" exists");

    protected override void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words) =>
        chunk.Presence(Column).CopyTo(words);

    protected override bool Holds(AttributeTable table, int node) => true;
}

/// <summary>A bool is true, false, or either.</summary>
internal sealed class BoolClause(AttributeField attribute, int column, bool takesTrue, bool takesFalse) : AttributeClause(attribute, column)
{
    public override int Cost => 1;

    public override void Describe(StringBuilder text) =>
        text.Append(Field.Name).Append(takesTrue && takesFalse ? " is true or false" : takesTrue ? " is true" : " is false");

    protected override void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words)
    {
        ReadOnlySpan<ulong> values = table.Bools(Column, chunk.End)[(chunk.First / 64)..];
        ulong flip = takesTrue ? 0 : ulong.MaxValue;
        ulong both = takesTrue && takesFalse ? ulong.MaxValue : 0;
        for (int i = 0; i < words.Length; i++)
            words[i] = (values[i] ^ flip) | both;
        KeepPresent(in chunk, words);
    }

    protected override bool Holds(AttributeTable table, int node) =>
        (table.Bools(Column, node + 1)[node >> 6] >> node & 1) != 0 ? takesTrue : takesFalse;
}

/// <summary>A number or time is one of some.</summary>
/// <param name="attribute">The attribute.</param>
/// <param name="column">Its column.</param>
/// <param name="values">Ascending, each once.</param>
internal sealed class IntegerClause(AttributeField attribute, int column, long[] values) : AttributeClause(attribute, column)
{
    private readonly NumberTable? _table = values.Length > ColumnMasks.MaxEqual ? new NumberTable(values) : null;

    public override int Cost => _table is null ? 3 : 5;

    public override void Describe(StringBuilder text) =>
        DescribeValues(text, values.Length, (into, i) => ValueText.Integer(into, Field.Traits, values[i]));

    protected override void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words)
    {
        ReadOnlySpan<long> column = table.Integers(Column, chunk.End)[chunk.First..chunk.End];
        if (_table is null)
            ColumnMasks.AnyEqual(column, values, words);
        else
            _table.Find(column, words);
        KeepPresent(in chunk, words);
    }

    protected override bool Holds(AttributeTable table, int node) =>
        Array.BinarySearch(values, table.Integers(Column, node + 1)[node]) >= 0;
}

/// <summary>A number, time or double lies between two others, both included.</summary>
/// <param name="attribute">The attribute.</param>
/// <param name="column">Its column.</param>
/// <param name="from">Least.</param>
/// <param name="to">Greatest; less than the least when no number lies in the range.</param>
/// <param name="said">The range as the request has it.</param>
internal sealed class RangeClause<T>(AttributeField attribute, int column, T from, T to, Filter.Between said)
    : AttributeClause(attribute, column)
    where T : struct, IComparisonOperators<T, T, bool>
{
    public override int Cost => 2;

    public override void Describe(StringBuilder text) => ValueText.Range(text, Field, said);

    protected override void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words)
    {
        ColumnMasks.InRange(Values(table, chunk.End)[chunk.First..chunk.End], from, to, words);
        KeepPresent(in chunk, words);
    }

    protected override bool Holds(AttributeTable table, int node)
    {
        T value = Values(table, node + 1)[node];
        return value >= from && value <= to;
    }

    private ReadOnlySpan<T> Values(AttributeTable table, int nodes) => typeof(T) == typeof(double)
        ? MemoryMarshal.Cast<double, T>(table.Doubles(Column, nodes))
        : MemoryMarshal.Cast<long, T>(table.Integers(Column, nodes));
}

/// <summary>Values as a person reads them.</summary>
internal static class ValueText
{
    private const int MostValues = 8;

    /// <summary>Writes " in (a, b)", with the first few values.</summary>
    public static void List(StringBuilder text, int count, Action<StringBuilder, int> write)
    {
        text.Append(" in ");
        for (int i = 0; i < Math.Min(count, MostValues); i++)
            write(text.Append(i == 0 ? "(" : ", "), i);
        if (count > MostValues)
            text.Append(CultureInfo.InvariantCulture, $", … {count} in all");
        text.Append(')');
    }

    public static void Integer(StringBuilder text, AttributeTraits traits, long value)
    {
        DateTime epoch = DateTime.UnixEpoch;
        if (traits.IsTime && Math.Abs((decimal)value) < 60_000_000_000_000_000)
            text.Append(CultureInfo.InvariantCulture, $"{epoch.AddTicks(value * 10):yyyy-MM-ddTHH:mm:ss.FFFFFFZ}");
        else
            text.Append(CultureInfo.InvariantCulture, $"{value}");
    }

    public static void Range(StringBuilder text, AttributeField field, Filter.Between range)
    {
        text.Append(field.Name);
        if (range.From is FilterBound from)
            Bound(text.Append(from.IsExclusive ? " > " : " >= "), field.Traits, from);
        if (range.To is not FilterBound to)
            return;
        text.Append(range.From is null ? "" : " and").Append(to.IsExclusive ? " < " : " <= ");
        Bound(text, field.Traits, to);
    }

    public static void Bound(StringBuilder text, AttributeTraits traits, FilterBound bound)
    {
        if (bound.Integer is long integer)
            Integer(text, traits, integer);
        else
            text.Append(CultureInfo.InvariantCulture, $"{bound.Real:R}");
    }
}
