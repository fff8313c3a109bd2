using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>Approximate distances over <see cref="Int4Codes"/>, up to a term that is the same for every row.</summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="factors">Offset and weight of each row.</param>
/// <param name="query">The quantised query, rotated, with as many components as a code.</param>
/// <param name="coded">How it was quantised.</param>
internal readonly unsafe struct Int4Scorer(byte* codes, int stride, float* factors, short* query, in CodedQuery coded) : INodeScorer
{
    private readonly int _bias = coded.Bias;
    private readonly float _unit = coded.Unit;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node)
    {
        Memory.Prefetch(factors + (long)node * 2, Int8Codes.FactorBytes);
        Memory.Prefetch(Code(node), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int node)
    {
        float* factor = factors + (long)node * 2;
        return factor[0] + factor[1] * (_unit * Int4Dot.Between(query, Code(node), Components, _bias));
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        float* dots = stackalloc float[4];
        int i = 0;
        for (; i + 3 <= nodes.Length; i += 4)
        {
            int count = Math.Min(4, nodes.Length - i);
            byte* third = Code(nodes[i + 2]);
            Int4Dot.Four(
                query, Code(nodes[i]), Code(nodes[i + 1]), third, count > 3 ? Code(nodes[i + 3]) : third, Components, _bias, _unit, dots);
            for (int j = 0; j < count; j++)
            {
                float* factor = factors + nodes[i + j] * 2L;
                distances[i + j] = factor[0] + factor[1] * dots[j];
            }
        }
        for (; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }

    private nuint Components => (nuint)stride * 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Code(int node) => codes + (long)node * stride;
}
