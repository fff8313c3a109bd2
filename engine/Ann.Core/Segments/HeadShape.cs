using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>What a head is made for.</summary>
/// <param name="Metric">How nearness is measured.</param>
/// <param name="Dimension">Components of a vector.</param>
/// <param name="KeyKind">What keys are.</param>
/// <param name="Parameters">Shape of its graph.</param>
/// <param name="Codes">Of sealed segments: tells by which distances the graph is built and walked.</param>
/// <param name="Capacity">Most rows, 1 to <see cref="SegmentBuilder.MaxRows"/>.</param>
internal sealed record HeadShape(
    Metric Metric, int Dimension, KeyKind KeyKind, HnswParameters Parameters, CodesKind Codes, int Capacity)
{
    /// <summary>Text of string keys that there is room for, per row of the capacity: a UUID and a little.</summary>
    private const int TextBytesPerRow = 40;

    /// <summary>Most bytes of the scratch of an insertion besides the visited set: batches are small.</summary>
    private const int BuildScratchBytes = 256 << 10;

    /// <summary>Attributes of its items. Default: none.</summary>
    public AttributeSchema Attributes { get; init; } = AttributeSchema.Empty;

    /// <summary>
    /// Bytes of payloads that there is room for; the last one may come on top. Counted as they come, since most indexes have none.
    /// Default: 64 MiB.
    /// </summary>
    public long PayloadRoom { get; init; } = 64 << 20;

    /// <summary>Bytes of the text of all keys; 0 for numbers. There is room for one of any length.</summary>
    public long TextCapacity => KeyKind == KeyKind.String ? (long)Capacity * TextBytesPerRow + KeyColumn.MaxKeyBytes : 0;

    /// <summary>Slots of the table from key to node: a power of two, at most half of them used.</summary>
    public int TableSlots => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2L * Capacity, 16));

    /// <summary>Bytes that each row takes, besides links on upper levels and the text of its key.</summary>
    public long BytesPerRow =>
        VectorTable.StrideOf(Dimension) * (long)sizeof(float)
        + Parameters.M0 * sizeof(int)
        + (KeyKind == KeyKind.UInt64 ? sizeof(ulong) : sizeof(long)) // the key, or where its text ends
        + sizeof(int) // the version before
        + HeadCopies.BytesPerRow
        + HeadBuild.BytesPerRow(this);

    /// <summary>Bytes of what is there whatever the number of rows, the scratch of the build and of one search with it.</summary>
    public long FixedBytes =>
        TableSlots * (long)sizeof(ulong)
        + HeadCopies.TableBytes(Capacity)
        + Capacity * (1L + sizeof(int)) // levels and where upper links are
        + 2 * (Capacity / 8L + Math.Min(Capacity, 1 << 16) * (long)sizeof(int)) // who was visited, by writer and reader
        + VectorTable.StrideOf(Dimension) * 5L * sizeof(float)
        + Parameters.EfConstruction * (long)sizeof(ulong)
        + HeadAttributes.FixedBytesOf(Attributes, Capacity)
        + BuildScratchBytes;
}
