namespace Ann.Core.Segments;

/// <summary>What is particular to a kind of codes, in one place.</summary>
internal static class CodesTraits
{
    /// <summary>What an index gets where nothing else is asked for.</summary>
    public const CodesKind Standard = CodesKind.Int8;

    /// <summary>What a segment has where there are no codes.</summary>
    public const CodesKind None = CodesKind.F32;

    /// <summary>True where rows have codes beside them: <see cref="Codes.Int8Codes"/>, the only ones so far.</summary>
    public static bool AreCodes(this CodesKind kind) => kind switch
    {
        CodesKind.F32 => false,
        CodesKind.Int8 => true,
    };
}
