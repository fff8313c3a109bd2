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
        for (int i = 0; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }
}
