namespace Ann.Core.Segments;

/// <summary>What is particular to a kind of codes, in one place.</summary>
internal static class CodesTraits
{
    /// <summary>What an index gets where nothing else is asked for.</summary>
    public const CodesKind Standard = CodesKind.Int8;

    /// <summary>What a segment has where there are no codes.</summary>
    public const CodesKind None = CodesKind.F32;

    /// <summary>True where rows have codes beside them.</summary>
    public static bool AreCodes(this CodesKind kind) => kind switch
    {
        CodesKind.F32 => false,
        CodesKind.Int8 or CodesKind.Int4 => true,
    };

    /// <summary>True for <see cref="Codes.Int4Codes"/>, false for <see cref="Codes.Int8Codes"/> and for none.</summary>
    public static bool AreInt4(this CodesKind kind) => kind switch
    {
        CodesKind.F32 or CodesKind.Int8 => false,
        CodesKind.Int4 => true,
    };

    /// <summary>Bytes of the code of a vector, 0 without codes.</summary>
    public static int StrideOf(this CodesKind kind, int dimension) =>
        kind.AreInt4() ? Ann.Core.Codes.Int4Codes.StrideOf(dimension)
        : kind.AreCodes() ? Ann.Core.Codes.Int8Codes.StrideOf(dimension)
        : 0;

    /// <summary>
    /// What is built where codes and a layout are asked for, each with or without the other in mind: rows without codes are lean, and
    /// 4-bit codes and the compact layout are one thing, so that who asks for either has both.
    /// </summary>
    public static (CodesKind Codes, SegmentLayout Layout) Together(CodesKind codes, SegmentLayout layout) =>
        !codes.AreCodes() ? (codes, SegmentLayout.Lean)
        : codes.AreInt4() || layout == SegmentLayout.Compact ? (CodesKind.Int4, SegmentLayout.Compact)
        : (codes, layout);
}
