using System.Text.Json.Serialization;
using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>What never changes of a live index, and how its segments are built.</summary>
internal sealed record IndexSchema
{
    /// <summary>Components of a vector, 1 to <see cref="SegmentBuilder.MaxDimension"/>.</summary>
    public required int Dimension { get; init; }

    /// <summary>How nearness is measured.</summary>
    public required Metric Metric { get; init; }

    /// <summary>What keys are. Default: <see cref="KeyKind.UInt64"/>.</summary>
    public KeyKind KeyKind { get; init; } = KeyKind.UInt64;

    /// <summary>Codes of the walk in sealed segments. Default: <see cref="CodesKind.Int8"/>.</summary>
    public CodesKind Codes { get; init; } = CodesTraits.Standard;

    /// <summary>Layout of sealed segments. Default: <see cref="SegmentLayout.Fast"/>.</summary>
    public SegmentLayout Layout { get; init; } = SegmentLayout.Fast;

    /// <summary>Neighbours kept per node on levels ≥ 1; twice as many on level 0. Default: 16.</summary>
    public int M { get; init; } = 16;

    /// <summary>Beam width while inserting, nodes. Default: 200.</summary>
    public int EfConstruction { get; init; } = 200;

    /// <summary>Seed of the graphs. Default: 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Attributes that items may have. Default: none.</summary>
    [JsonIgnore]
    public AttributeSchema Attributes { get; init; } = AttributeSchema.Empty;

    /// <summary>The same as manifests have it: null where there are none, which older manifests know nothing of.</summary>
    [JsonInclude]
    [JsonPropertyName("attributes")]
    internal AttributeSchema? DeclaredAttributes
    {
        get => Attributes.Count == 0 ? null : Attributes;
        init => Attributes = value ?? AttributeSchema.Empty;
    }

    /// <summary>Refuses values out of range.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the field, the range and the value.</exception>
    public void Validate()
    {
        if (Dimension is < 1 or > SegmentBuilder.MaxDimension)
            throw AnnException.Invalid("dimension", $"dimension is {Dimension}; it must be 1 to {SegmentBuilder.MaxDimension}.");
        if (!Enum.IsDefined(Metric))
            throw AnnException.Invalid("metric", "metric is not set; it must be cosine, L2 or inner product.");
        if (!Enum.IsDefined(KeyKind))
            throw AnnException.Invalid("key_kind", "key_kind is unknown; it must be uint64 or string.");
        if (!Enum.IsDefined(Codes))
            throw AnnException.Invalid("codes", "codes is unknown; it must be f32, int8 or int4.");
        if (!Enum.IsDefined(Layout))
            throw AnnException.Invalid("layout", "layout is unknown; it must be lean, fast or compact.");
        new HnswParameters(M, EfConstruction, Seed).Validate();
    }
}
