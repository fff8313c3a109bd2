using Ann.Core.Codes;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// What a search reads of a segment, wherever it lies: in the memory of a builder or a head, or in a mapped file. Its owner keeps the
/// memory alive.
/// </summary>
internal readonly unsafe struct SegmentView
{
    public required Metric Metric { get; init; }

    /// <summary>What it is searched by.</summary>
    public required CodesKind Codes { get; init; }

    public required int Dimension { get; init; }

    public required HnswGraph Graph { get; init; }

    /// <summary>First component of the first row.</summary>
    public required float* Rows { get; init; }

    /// <summary>Floats from one row to the next.</summary>
    public required int RowStride { get; init; }

    /// <summary>First byte of the first code; null without codes.</summary>
    public sbyte* CodeBytes { get; init; }

    /// <summary>Bytes from one code to the next.</summary>
    public int CodeStride { get; init; }

    /// <summary>Two floats a row; null without codes, and where rows have one scale.</summary>
    public float* CodeFactors { get; init; }

    /// <summary>Value of one unit of every code; 0 when rows have their own.</summary>
    public float CodeScale { get; init; }

    /// <summary><see cref="CodeWeight"/> of all nodes where one scale serves them.</summary>
    public float UniformWeight { get; init; }

    /// <summary>
    /// True when a row with its own scale is at right angles to the error of its code; false in files of before, whose factors were made
    /// without that.
    /// </summary>
    public bool CodesAreAligned { get; init; }

    /// <summary>A padded row; null without codes.</summary>
    public float* CodeMean { get; init; }

    /// <summary>Shape of the blocks that <see cref="Graph"/>'s rows on level 0 begin; null in the lean layout.</summary>
    public BlockShape? Blocks { get; init; }

    /// <summary>Share by which the margin of estimates is widened; 0 for none.</summary>
    public float MoreMargin { get; init; }

    /// <summary>How a rerank reads rows, where it does not read them in place; null where it does.</summary>
    public RowReads? RowReads { get; init; }

    /// <summary>What changes under a reader; null for a segment that is finished.</summary>
    public GrowingParts? Growing { get; init; }

    /// <summary>Room for nodes: of a finished segment there are as many.</summary>
    public int Count => Graph.Count;

    /// <summary>Bytes of a row.</summary>
    public int RowBytes => RowStride * sizeof(float);

    /// <summary>Bytes of what a walk scores.</summary>
    public int ScoredBytes => Codes.AreCodes() ? CodeStride : RowBytes;

    /// <summary>Identical rows, as far as a reader has to know of them.</summary>
    public NodeCopies Copies => Growing is { } growing ? growing.Copies.Seen : Graph.Copies;

    /// <summary>Weight of the dot product in the distance by codes of a node.</summary>
    public float CodeWeight(int node) =>
        Growing is { Codes: { } codes } ? codes.PointOfRow[node].Scale
        : CodeScale == 0 ? CodeFactors[2L * node + 1]
        : UniformWeight;

    public float* Row(int node) => Rows + (long)node * RowStride;
}

/// <summary>What changes of a segment while it is read.</summary>
/// <param name="Codes">Null when there are none to search by.</param>
/// <param name="Copies">Which rows are identical.</param>
internal sealed record GrowingParts(GrowingCodes? Codes, HeadCopies Copies);
