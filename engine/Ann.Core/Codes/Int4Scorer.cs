using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
    public Vector128<float> Score(int a, int b, int c, int d)
    {
        Vector128<float> dots = Int4Dot.Four(query, Code(a), Code(b), Code(c), Code(d), Components, _bias) * _unit;
        float* fa = factors + a * 2L, fb = factors + b * 2L, fc = factors + c * 2L, fd = factors + d * 2L;
        return Vector128.Create(fa[0], fb[0], fc[0], fd[0]) + Vector128.Create(fa[1], fb[1], fc[1], fd[1]) * dots;
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances) => ScoreByFours.Run(in this, nodes, distances);

    private nuint Components => (nuint)stride * 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Code(int node) => codes + (long)node * stride;
}
