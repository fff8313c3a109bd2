using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// What a search reads of a segment, wherever it lies: in the memory of a builder or in a mapped file. Its owner keeps the memory alive.
/// </summary>
internal readonly unsafe struct SegmentView
{
    public required Metric Metric { get; init; }

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

    /// <summary>Two floats a row; null without codes.</summary>
    public float* CodeFactors { get; init; }

    /// <summary>Value of one unit of every code; 0 when rows have their own.</summary>
    public float CodeScale { get; init; }

    /// <summary>
    /// True when a row with its own scale is at right angles to the error of its code; false in files of before, whose factors were made
    /// without that.
    /// </summary>
    public bool CodesAreAligned { get; init; }

    /// <summary>A padded row; null without codes.</summary>
    public float* CodeMean { get; init; }

    /// <summary>Shape of the blocks that <see cref="Graph"/>'s rows on level 0 begin; null in the lean layout.</summary>
    public BlockShape? Blocks { get; init; }

    public int Count => Graph.Count;

    /// <summary>Weight of the dot product in the distance by codes of a node.</summary>
    public float CodeWeight(int node) => CodeScale == 0 ? CodeFactors[2L * node + 1] : Metric == Metric.L2 ? -2 * CodeScale : -CodeScale;

    public float* Row(int node) => Rows + (long)node * RowStride;
}
