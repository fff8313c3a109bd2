using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>Approximate distances over <see cref="Int8Codes"/>, up to a term that is the same for every row.</summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="factors">Offset and weight of each row.</param>
/// <param name="query">The quantised query, padded like a code.</param>
/// <param name="unit">What one unit of the dot product is worth: <see cref="Int8Query.Quantise"/>.</param>
internal readonly unsafe struct Int8Scorer(sbyte* codes, int stride, float* factors, short* query, float unit) : INodeScorer
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

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        float* dots = stackalloc float[4];
        int i = 0;
        for (; i + 3 <= nodes.Length; i += 4)
        {
            int count = Math.Min(4, nodes.Length - i);
            sbyte* third = Code(nodes[i + 2]);
            Int8Four.Dots(
                query, Code(nodes[i]), Code(nodes[i + 1]), third, count > 3 ? Code(nodes[i + 3]) : third, (nuint)stride, unit, dots);
            for (int j = 0; j < count; j++)
            {
                float* factor = factors + nodes[i + j] * 2L;
                distances[i + j] = factor[0] + factor[1] * dots[j];
            }
        }
        for (; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }

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
/// <param name="unit">What one unit of the dot product is worth: <see cref="Int8Query.Quantise"/>.</param>
/// <param name="share">Factor on the distance: ½ gives the order of magnitude of a dot product.</param>
internal readonly unsafe struct PointScorer(sbyte* codes, int stride, CodePoint* points, short* query, float unit, float share)
    : INodeScorer
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

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        float* dots = stackalloc float[4];
        int i = 0;
        for (; i + 3 <= nodes.Length; i += 4)
        {
            int count = Math.Min(4, nodes.Length - i);
            sbyte* third = Code(nodes[i + 2]);
            Int8Four.Dots(
                query, Code(nodes[i]), Code(nodes[i + 1]), third, count > 3 ? Code(nodes[i + 3]) : third, (nuint)stride, unit, dots);
            for (int j = 0; j < count; j++)
            {
                CodePoint point = points[nodes[i + j]];
                distances[i + j] = share * (point.Square - 2 * point.Scale * dots[j]);
            }
        }
        for (; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private sbyte* Code(int node) => codes + (long)node * stride;
}
