using System.Diagnostics;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>Attributes of which each has its bits and values one after another, from node 0 on, at an address that stays.</summary>
/// <param name="schema">The attributes.</param>
internal abstract unsafe class ColumnTable(AttributeSchema schema) : AttributeTable
{
    public sealed override AttributeSchema Schema => schema;

    /// <summary>One bit a node, of each column. Set by who derives.</summary>
    protected ulong*[] Present { get; } = new ulong*[schema.Count];

    /// <summary>Bits, numbers, ordinals, or ends or places of sets, of each column. Set by who derives.</summary>
    protected void*[] Values { get; } = new void*[schema.Count];

    public sealed override ReadOnlySpan<ulong> Presence(int column, int nodes) => new(Present[column], (nodes + 63) / 64);

    public sealed override ReadOnlySpan<long> Integers(int column, int nodes) => new(ValuesOf(column, AttributeForm.Integer), nodes);

    public sealed override ReadOnlySpan<double> Doubles(int column, int nodes) => new(ValuesOf(column, AttributeForm.Real), nodes);

    public sealed override ReadOnlySpan<ulong> Bools(int column, int nodes) =>
        new(ValuesOf(column, AttributeForm.Bit), (nodes + 63) / 64);

    public sealed override ReadOnlySpan<int> Keywords(int column, int nodes) => new(ValuesOf(column, AttributeForm.Text), nodes);

    /// <summary>The values of a column of that form.</summary>
    protected void* ValuesOf(int column, AttributeForm form)
    {
        Debug.Assert(schema.Fields[column].Traits.Form == form);
        return Values[column];
    }
}
