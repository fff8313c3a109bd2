using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// The distance by which a graph is built on codes: squared Euclidean between the points that the codes stand for. It serves every metric:
/// the codes of cosine are of unit rows, where Euclidean order is angular order; for inner product rows are tempered before encoding.
/// </summary>
/// <param name="points">Codes with what belongs to them.</param>
/// <param name="norms">Of the rows, where they were tempered; null where they were not.</param>
internal readonly unsafe struct CodeDistance(CodePoints points, TemperedNorm* norms) : IBuildDistance<CodeScorer>
{
    /// <summary>Below this dimension a float32 row is as few cache lines as a code, and codes are coarse.</summary>
    public const int MinDimension = 32;

    /// <summary>What the distances between those points are.</summary>
    public const Metric Metric = Metric.L2;

    public bool Climbs => norms != null;

    public float Descent(int node, int other, float distance) => TemperedNorm.Descent(norms[node], norms[other], distance);

    public bool AnyNearer(int node, ReadOnlySpan<int> others, float than) => points.AnyNearer(node, others, than);

    public CodeScorer ScorerOf(int node) => new(points, node);

    /// <summary>What <see cref="CodePoints"/> needs beside the codes: one <see cref="CodePoint"/> a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static NativeBlock ComputePoints(Int8Codes codes, Metric metric, int count)
    {
        NativeBlock block = new((long)count * sizeof(CodePoint));
        CodePoint* points = (CodePoint*)block.Start;
        float* factors = (float*)codes.Factors.Start;
        float dotWeight = metric.Traits().DotWeight;
        for (int row = 0; row < count; row++)
        {
            sbyte* code = (sbyte*)codes.Codes.Start + (long)row * codes.Stride;
            float scale = factors[2 * row + 1] / dotWeight;
            points[row] = new CodePoint(scale * scale * Int8Pairs.Between(code, code, (nuint)codes.Stride), scale);
            Debug.Assert(float.IsFinite(points[row].Square));
        }
        return block;
    }
}

/// <summary>Scores nodes against one of them.</summary>
internal readonly struct CodeScorer(CodePoints points, int owner) : INodeScorer
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node) => points.Prefetch(node);

    public float Score(int node) => points.Between(owner, node);

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances) => points.OneToMany(owner, nodes, distances);
}
