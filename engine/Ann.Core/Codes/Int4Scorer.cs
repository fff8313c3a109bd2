using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>Approximate distances over <see cref="Int4Codes"/>, up to a term that is the same for every row.</summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="factors">Offset and weight of each row.</param>
/// <param name="query">The quantised query, rotated, with as many components as a code.</param>
/// <param name="coded">How it was quantised.</param>
internal readonly unsafe struct Int4Scorer(byte* codes, int stride, float* factors, short* query, in CodedQuery coded) : IFourScorer
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ScoreFour(int* nodes, float* distances)
    {
        int a = nodes[0], b = nodes[1], c = nodes[2], d = nodes[3];
        Int4Dot.Four(query, Code(a), Code(b), Code(c), Code(d), Components, _bias, _unit, distances);
        FourFactors.Apply(distances, factors + a * 2L, factors + b * 2L, factors + c * 2L, factors + d * 2L);
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances) => ScoreByFours.Run(in this, nodes, distances);

    private nuint Components => (nuint)stride * 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Code(int node) => codes + (long)node * stride;
}
