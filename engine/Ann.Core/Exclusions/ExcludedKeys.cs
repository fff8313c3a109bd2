using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Keys of items that must not be returned: those of a request and those of the sets that it names. Immutable.</summary>
internal abstract class ExcludedKeys
{
    /// <summary>Keys, counted as often as they were given.</summary>
    public abstract int Count { get; }

    /// <summary>True when a key is among them.</summary>
    public abstract bool Contains(in ItemKey key);

    /// <summary>Takes the nodes of the keys out of a mask.</summary>
    /// <param name="segment">Whose nodes they are; held by the caller.</param>
    /// <param name="at">What the reader sees.</param>
    /// <param name="mask">Changed in place; the caller counts it anew.</param>
    /// <param name="budget">When to stop early.</param>
    /// <returns>Why it stopped early, if it did: the mask may then hold nodes that must not be returned, and is of no use.</returns>
    internal abstract StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget);
}

/// <summary>Makes the keys that a search must not return from what a request brings.</summary>
internal static class Exclusion
{
    /// <summary>Largest bitmap, in bytes.</summary>
    public const int MaxRoaringBytes = 16 << 20;

    /// <summary>Most keys of a request, the sets and the bitmap not counted.</summary>
    public const int MaxKeys = 100_000;

    /// <summary>Most sets that a request may name.</summary>
    public const int MaxSets = 16;

    /// <summary>Keys one by one.</summary>
    /// <param name="keys">Not changed any more. One may come twice.</param>
    public static ExcludedKeys OfKeys(KeyColumn keys) => new ColumnKeys(keys);

    /// <summary>Numbers as a serialised Roaring bitmap. The bytes are checked, and read where they lie.</summary>
    /// <param name="bytes">In the format of RoaringFormatSpec, nothing before and nothing behind; not changed any more.</param>
    /// <param name="is64">True for the portable format of 64-bit bitmaps.</param>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/> with field <c>exclude.roaring</c>: names the byte and what was expected.
    /// </exception>
    public static ExcludedKeys OfRoaring(ReadOnlyMemory<byte> bytes, bool is64) => RoaringKeys.Read(bytes, is64);

    /// <summary>The keys of all parts; null when there is none.</summary>
    public static ExcludedKeys? Union(IReadOnlyList<ExcludedKeys> parts) => parts.Count switch
    {
        0 => null,
        1 => parts[0],
        _ => new UnionKeys(parts),
    };
}

/// <summary>Keys from several places.</summary>
internal sealed class UnionKeys(IReadOnlyList<ExcludedKeys> parts) : ExcludedKeys
{
    public override int Count { get; } = (int)Math.Min(int.MaxValue, parts.Sum(static part => (long)part.Count));

    public override bool Contains(in ItemKey key)
    {
        foreach (ExcludedKeys part in parts)
            if (part.Contains(in key))
                return true;
        return false;
    }

    internal override StopReason RemoveFrom(LiveSegment segment, ReadPoint at, NodeMask mask, in SearchBudget budget)
    {
        foreach (ExcludedKeys part in parts)
            if (part.RemoveFrom(segment, at, mask, in budget) is var stopped and not StopReason.None)
                return stopped;
        return StopReason.None;
    }
}
