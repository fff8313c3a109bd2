using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>A distance by which a graph is built: between its rows, and from a row to the others as a scorer.</summary>
internal interface IBuildDistance<TScorer> : IRowDistance
    where TScorer : struct, INodeScorer
{
    /// <summary>Scores nodes against the row of <paramref name="node"/>.</summary>
    TScorer ScorerOf(int node);
}

/// <summary>Float32 rows under one kernel: L2, and cosine on unit rows.</summary>
internal readonly unsafe struct RowBuildDistance<TDistance>(float* rows, int stride) : IBuildDistance<RowScorer<TDistance>>
    where TDistance : struct, IDistance
{
    public static bool KeepsPruned => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Between(int a, int b) => TDistance.Between(rows + (long)a * stride, rows + (long)b * stride, (nuint)stride);

    public RowScorer<TDistance> ScorerOf(int node) => new(rows, stride, rows + (long)node * stride);
}
