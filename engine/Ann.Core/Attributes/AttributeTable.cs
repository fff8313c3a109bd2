using System.Diagnostics;

namespace Ann.Core.Attributes;

/// <summary>
/// Attributes of a segment's nodes, as filters and answers read them. Values of a node never change. In a head, nodes are added while
/// readers read: whoever saw a node in a read point sees its values.
/// </summary>
/// <remarks>
/// A column is read as a whole: the spans hold one value a node, from node 0 on. Where a node has no value, its bit of
/// <see cref="Presence"/> is 0 and its value the type's zero.
/// </remarks>
internal abstract class AttributeTable
{
    /// <summary>The attributes.</summary>
    public abstract AttributeSchema Schema { get; }

    /// <summary>Bytes of memory of its own, mapped files not counted.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>One bit a node: it has a value.</summary>
    /// <param name="column">Any.</param>
    /// <param name="nodes">Nodes wanted, from 0 on: no more than the reader sees.</param>
    /// <returns>
    /// One word for each 64 nodes begun. Bits of the last one from <paramref name="nodes"/> on may be those of nodes that the reader does
    /// not see.
    /// </returns>
    public abstract ReadOnlySpan<ulong> Presence(int column, int nodes);

    /// <summary>Values of an <see cref="AttributeType.Int64"/> or <see cref="AttributeType.Timestamp"/>.</summary>
    public abstract ReadOnlySpan<long> Integers(int column, int nodes);

    /// <summary>Values of a <see cref="AttributeType.Double"/>.</summary>
    public abstract ReadOnlySpan<double> Doubles(int column, int nodes);

    /// <summary>Values of a <see cref="AttributeType.Bool"/>, one bit a node as <see cref="Presence"/> has them.</summary>
    public abstract ReadOnlySpan<ulong> Bools(int column, int nodes);

    /// <summary>Values of a <see cref="AttributeType.Keyword"/>: ordinals in the column's dictionary; −1 for no value.</summary>
    public abstract ReadOnlySpan<int> Keywords(int column, int nodes);

    /// <summary>The set of one node of a <see cref="AttributeType.KeywordSet"/>: ordinals in the column's dictionary.</summary>
    public abstract ReadOnlySpan<int> SetOf(int column, int node);

    /// <summary>Sets the bits of the nodes whose set has one of some texts.</summary>
    /// <param name="column">A <see cref="AttributeType.KeywordSet"/>.</param>
    /// <param name="first">First node, a multiple of 64.</param>
    /// <param name="count">Nodes: no more than the reader sees.</param>
    /// <param name="wanted">One bit for each ordinal of the column's dictionary.</param>
    /// <param name="words">One for each 64 nodes begun, from the first node on. Other bits are left as they are.</param>
    /// <remarks>A table that stores its sets one after another overrides it: one call then serves all nodes.</remarks>
    public virtual void MarkSets(int column, int first, int count, ReadOnlySpan<ulong> wanted, Span<ulong> words)
    {
        for (int i = 0; i < count; i++)
        {
            foreach (int ordinal in SetOf(column, first + i))
            {
                if ((wanted[ordinal >> 6] >> ordinal & 1) == 0)
                    continue;
                words[i >> 6] |= 1UL << i;
                break;
            }
        }
    }

    /// <summary>Texts in the dictionary of a keyword column, whether a node that the reader sees has them or not.</summary>
    public abstract int KeywordCount(int column);

    /// <summary>Ordinal of a text in the dictionary of a keyword column; −1 when no node has it.</summary>
    public abstract int FindKeyword(int column, ReadOnlySpan<byte> utf8);

    /// <summary>The text of an ordinal. Valid while the segment is held.</summary>
    public abstract ReadOnlySpan<byte> KeywordAt(int column, int ordinal);

    /// <summary>True when a node has a value.</summary>
    public bool Has(int column, int node) => (Presence(column, node + 1)[node >> 6] >> node & 1) != 0;

    /// <summary>The value of a node that is no text: a number or time, the bits of a double, or 0 or 1 of a bool.</summary>
    public long BitsOf(int column, int node) => Schema.Fields[column].Traits.Form switch
    {
        AttributeForm.Integer => Integers(column, node + 1)[node],
        AttributeForm.Real => BitConverter.DoubleToInt64Bits(Doubles(column, node + 1)[node]),
        AttributeForm.Bit => (long)(Bools(column, node + 1)[node >> 6] >> node & 1),
        AttributeForm.Text or AttributeForm.TextSet => throw new UnreachableException($"Column {column} holds texts."),
    };

    /// <summary>Appends the values of a node to a batch of the same schema.</summary>
    public void CopyTo(int node, AttributeBatch batch)
    {
        for (int column = 0; column < Schema.Count; column++)
            CopyTo(column, node, batch.Columns[column]);
    }

    /// <summary>Appends the value of a node to a column of the same type.</summary>
    public void CopyTo(int column, int node, AttributeColumn into)
    {
        AttributeForm form = Schema.Fields[column].Traits.Form;
        bool isSet = form == AttributeForm.TextSet && Has(column, node);
        foreach (int ordinal in isSet ? SetOf(column, node) : [])
            into.AddToSet(KeywordAt(column, ordinal));
        _ = !Has(column, node) ? into.AddMissing() : form switch
        {
            AttributeForm.Text => into.Add(KeywordAt(column, Keywords(column, node + 1)[node])),
            AttributeForm.TextSet => into.EndSet(),
            AttributeForm.Integer or AttributeForm.Real or AttributeForm.Bit => into.AddBits(BitsOf(column, node)),
        };
    }
}
