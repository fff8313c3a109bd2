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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Between(int a, int b) => TDistance.Between(rows + (long)a * stride, rows + (long)b * stride, (nuint)stride);

    public RowScorer<TDistance> ScorerOf(int node) => new(rows, stride, rows + (long)node * stride);
}

/// <summary>
/// Rows of any norm made comparable for maximum inner product (Bachrach et al. 2014; Neyshabur &amp; Srebro 2015): each row x is seen as
/// (x, √(Φ² − |x|²)) with Φ the largest norm. All rows then have norm Φ, nearness is a metric again, and a query (q, 0) ranks rows by
/// ⟨q, x⟩ exactly. The extra component lives beside the rows, so that searching needs neither it nor its memory.
/// </summary>
internal readonly unsafe struct AugmentedBuildDistance(float* rows, int stride, float* extra) : IBuildDistance<AugmentedScorer>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Between(int a, int b) =>
        AugmentedScorer.Distance(rows + (long)a * stride, extra[a], rows + (long)b * stride, extra[b], stride);

    public AugmentedScorer ScorerOf(int node) => new(rows, stride, extra, rows + (long)node * stride, extra[node]);
}

/// <summary>Scores nodes against one augmented row.</summary>
internal readonly unsafe struct AugmentedScorer(float* rows, int stride, float* extra, float* query, float queryExtra) : INodeScorer
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node) => Memory.Prefetch(rows + (long)node * stride, stride * sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int node) => Distance(query, queryExtra, rows + (long)node * stride, extra[node], stride);

    /// <summary>Squared Euclidean over all components; a dot product of rows this long would lose the small ones to rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(float* a, float extraA, float* b, float extraB, int stride)
    {
        float delta = extraA - extraB;
        return SquaredL2.Between(a, b, (nuint)stride) + delta * delta;
    }
}
