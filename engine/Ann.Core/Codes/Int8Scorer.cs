using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>Approximate distances over <see cref="Int8Codes"/>, up to a term that is the same for every row.</summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="factors">Offset and weight of each row.</param>
/// <param name="query">The quantised query, padded like a code.</param>
/// <param name="unit">What one unit of the dot product is worth: <see cref="CodedQuery.Quantise"/>.</param>
internal readonly unsafe struct Int8Scorer(sbyte* codes, int stride, float* factors, short* query, float unit) : IFourScorer
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node)
    {
        Memory.Prefetch(factors + (long)node * 2, Int8Codes.FactorBytes);
        Memory.Prefetch(codes + (long)node * stride, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int node)
    {
        int dot = Int8Dot.Between(query, codes + (long)node * stride, (nuint)stride);
        float* factor = factors + (long)node * 2;
        return factor[0] + factor[1] * (unit * dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ScoreFour(int* nodes, float* distances)
    {
        int a = nodes[0], b = nodes[1], c = nodes[2], d = nodes[3];
        Int8Four.Dots(query, Code(a), Code(b), Code(c), Code(d), (nuint)stride, unit, distances);
        FourFactors.Apply(distances, factors + a * 2L, factors + b * 2L, factors + c * 2L, factors + d * 2L);
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances) => ScoreByFours.Run(in this, nodes, distances);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private sbyte* Code(int node) => codes + (long)node * stride;
}

/// <summary>
/// Approximate squared Euclidean distances over codes with a <see cref="CodePoint"/> each, up to a term that is the same for every row.
/// </summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="points">One a code.</param>
/// <param name="query">The quantised query less the mean, padded like a code.</param>
/// <param name="unit">What one unit of the dot product is worth: <see cref="CodedQuery.Quantise"/>.</param>
/// <param name="share">Factor on the distance: ½ gives the order of magnitude of a dot product.</param>
internal readonly unsafe struct PointScorer(sbyte* codes, int stride, CodePoint* points, short* query, float unit, float share)
    : IFourScorer
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node)
    {
        Memory.Prefetch(points + node, sizeof(CodePoint));
        Memory.Prefetch(codes + (long)node * stride, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int node)
    {
        CodePoint point = points[node];
        return share * (point.Square - 2 * point.Scale * (unit * Int8Dot.Between(query, Code(node), (nuint)stride)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ScoreFour(int* nodes, float* distances)
    {
        Int8Four.Dots(query, Code(nodes[0]), Code(nodes[1]), Code(nodes[2]), Code(nodes[3]), (nuint)stride, unit, distances);
        for (int i = 0; i < 4; i++)
        {
            CodePoint point = points[nodes[i]];
            distances[i] = share * (point.Square - 2 * point.Scale * distances[i]);
        }
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances) => ScoreByFours.Run(in this, nodes, distances);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private sbyte* Code(int node) => codes + (long)node * stride;
}
