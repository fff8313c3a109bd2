using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Core.Embedded;

/// <summary>What a live index holds. Given when it is made, and never changed.</summary>
public sealed record AnnIndexSchema
{
    /// <summary>Components of a vector, 1 to 65,536.</summary>
    public required int Dimension { get; init; }

    /// <summary>How nearness is measured.</summary>
    public required Metric Metric { get; init; }

    /// <summary>True when keys are strings, false when they are unsigned 64-bit numbers. Default: false.</summary>
    public bool HasStringKeys { get; init; }

    /// <summary>Attributes that items may have, and that searches can filter by; at most 64. Default: none.</summary>
    public IReadOnlyList<AttributeField> Attributes { get; init; } = [];

    /// <summary>
    /// What searches of sealed segments walk by: one byte a component, which is faster and is given up where it would lose neighbours, or
    /// the rows themselves. Default: <see cref="CodesKind.Int8"/>.
    /// </summary>
    public CodesKind Codes { get; init; } = CodesTraits.Standard;

    /// <summary>Whether sealed segments are laid out for speed or for little memory. Default: <see cref="SegmentLayout.Fast"/>.</summary>
    public SegmentLayout Layout { get; init; } = SegmentLayout.Fast;

    /// <summary>
    /// Neighbours kept for each item, 2 to 128; twice as many on the lowest level of the graph. More of them cost memory, and raise recall
    /// in hard data. Default: 16.
    /// </summary>
    public int M { get; init; } = 16;

    /// <summary>
    /// Items that are kept in view while one is linked, <see cref="M"/> to 4,096. More of them make writing slower, and raise recall.
    /// Default: 200.
    /// </summary>
    public int EfConstruction { get; init; } = 200;

    internal IndexSchema ToIndexSchema() => new()
    {
        Dimension = Dimension,
        Metric = Metric,
        KeyKind = HasStringKeys ? KeyKind.String : KeyKind.UInt64,
        Attributes = new AttributeSchema(Attributes),
        Codes = Codes,
        Layout = Layout,
        M = M,
        EfConstruction = EfConstruction,
    };
}
