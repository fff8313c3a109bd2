using Ann.Core.Keys;

namespace Ann.Core.Exclusions;

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
