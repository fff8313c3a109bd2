using System.Numerics;

namespace Ann.Core.Attributes;

/// <summary>What the values of one attribute of some items are like, for people.</summary>
internal sealed record AttributeSummary
{
    /// <summary>The attribute.</summary>
    public required AttributeField Field { get; init; }

    /// <summary>Items that have a value; of <see cref="Items"/>.</summary>
    public required long Present { get; init; }

    /// <summary>Items.</summary>
    public required long Items { get; init; }

    /// <summary>Different texts of a keyword attribute; null for others.</summary>
    public int? DistinctKeywords { get; init; }

    /// <summary>Smallest and largest value of an Int64 or Timestamp; null for others, and where no item has one.</summary>
    public (long Least, long Most)? Integers { get; init; }

    /// <summary>Smallest and largest value of a Double; null for others, and where no item has one.</summary>
    public (double Least, double Most)? Doubles { get; init; }

    /// <summary>Looks at every value of a column.</summary>
    /// <param name="table">Whose.</param>
    /// <param name="column">Which.</param>
    /// <param name="nodes">Items, from node 0 on.</param>
    internal static AttributeSummary Of(AttributeTable table, int column, int nodes)
    {
        AttributeField field = table.Schema.Fields[column];
        ReadOnlySpan<ulong> presence = table.Presence(column, nodes);
        AttributeSummary summary = new() { Field = field, Items = nodes, Present = Count(presence, nodes) };
        return field.Traits.Form switch
        {
            AttributeForm.Text or AttributeForm.TextSet => summary with { DistinctKeywords = table.KeywordCount(column) },
            AttributeForm.Integer => summary with { Integers = Ends(table.Integers(column, nodes), presence) },
            AttributeForm.Real => summary with { Doubles = Ends(table.Doubles(column, nodes), presence) },
            AttributeForm.Bit => summary,
        };
    }

    private static long Count(ReadOnlySpan<ulong> presence, int nodes)
    {
        long count = 0;
        for (int word = 0; word < presence.Length; word++)
        {
            // Bits behind the last node may be those of nodes that are not asked for.
            int bits = Math.Min(64, nodes - word * 64);
            count += BitOperations.PopCount(presence[word] << 64 - bits);
        }
        return count;
    }

    private static (T Least, T Most)? Ends<T>(ReadOnlySpan<T> values, ReadOnlySpan<ulong> presence)
        where T : struct, INumber<T>
    {
        (T Least, T Most)? ends = null;
        for (int node = 0; node < values.Length; node++)
        {
            if ((presence[node >> 6] >> node & 1) == 0)
                continue;
            ends = ends is var (least, most) ? (T.Min(least, values[node]), T.Max(most, values[node])) : (values[node], values[node]);
        }
        return ends;
    }
}
