using Ann.Bench.Sets.Hard;
using Ann.Core.Segments;

namespace Ann.Bench.Hard;

/// <summary>What <c>hard</c> was asked for.</summary>
/// <param name="Sets">Which sets.</param>
/// <param name="Ks">Results of a query.</param>
/// <param name="Ef">Beam widths; those below a k are left out.</param>
/// <param name="Seed">Of the sets.</param>
/// <param name="Threads">Of builds and truth.</param>
/// <param name="Work">Directory for the indexes; it is there and ours.</param>
/// <param name="Cache">Directory of the compiled driver; null leaves hnswlib out.</param>
internal sealed record HardRequest(
    IReadOnlyList<HardSet> Sets, IReadOnlyList<int> Ks, IReadOnlyList<int> Ef, ulong Seed, int Threads, string Work, string? Cache);

/// <summary>Where the rows of an index are while it is searched.</summary>
internal enum HardPlace
{
    /// <summary>In a file that <see cref="SegmentBuilder"/> made.</summary>
    Sealed,

    /// <summary>In a live index, written in batches and then compacted into one segment.</summary>
    Live,

    /// <summary>In the heads of a live index, unsealed.</summary>
    Head,
}

/// <summary>One way to hold a set.</summary>
/// <param name="Codes">Codes of the walk.</param>
/// <param name="Layout">Layout of sealed segments.</param>
/// <param name="Place">Where the rows are.</param>
internal sealed record HardColumn(CodesKind Codes, SegmentLayout Layout, HardPlace Place)
{
    /// <summary>What every column is held against, beside hnswlib.</summary>
    public static IReadOnlyList<HardColumn> References { get; } =
    [
        new(CodesKind.F32, SegmentLayout.Lean, HardPlace.Sealed), new(CodesKind.F32, SegmentLayout.Lean, HardPlace.Live),
    ];

    /// <summary>All, in the order of the table. Heads have one layout, so they come once for each kind of codes.</summary>
    public static IReadOnlyList<HardColumn> All { get; } =
    [
        .. References, new(CodesKind.F32, SegmentLayout.Lean, HardPlace.Head),
        new(CodesKind.Int8, SegmentLayout.Fast, HardPlace.Sealed), new(CodesKind.Int8, SegmentLayout.Fast, HardPlace.Live),
        new(CodesKind.Int8, SegmentLayout.Lean, HardPlace.Sealed), new(CodesKind.Int8, SegmentLayout.Lean, HardPlace.Live),
        new(CodesKind.Int4, SegmentLayout.Compact, HardPlace.Sealed), new(CodesKind.Int4, SegmentLayout.Compact, HardPlace.Live),
        new(CodesKind.Int8, SegmentLayout.Lean, HardPlace.Head),
    ];

    /// <summary>At the head of a column.</summary>
    public string Name =>
        (Codes == CodesKind.F32 ? "f32" : Place == HardPlace.Head ? "int8" : Layout.ToString().ToLowerInvariant())
        + $" {Place.ToString().ToLowerInvariant()}";
}

/// <summary>What an index answered at one k and beam width.</summary>
/// <param name="K">Results of a query.</param>
/// <param name="Ef">Beam width.</param>
/// <param name="Rows">k rows a query, −1 where there are fewer.</param>
/// <param name="Certified">Recall that the certificate tells at this k and width; null where there is none.</param>
internal sealed record HardAnswers(int K, int Ef, int[] Rows, double? Certified);
