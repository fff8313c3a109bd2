using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>What a distance by codes needs beside the inner product.</summary>
internal interface ICodeTerm
{
    /// <summary>True when the squared length of the code is part of the distance.</summary>
    static abstract bool HasSquares { get; }
}

/// <summary>L2.</summary>
internal readonly struct SquaresTerm : ICodeTerm
{
    public static bool HasSquares => true;
}

/// <summary>Cosine and inner product.</summary>
internal readonly struct NoTerm : ICodeTerm
{
    public static bool HasSquares => false;
}

/// <summary>
/// Approximate distances over <see cref="Int8Codes"/> with one scale for all rows, up to a term that is the same for every row. A row is
/// nothing but its code: no factors, and so no third cache line of a 128-dimensional row.
/// </summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="query">The quantised query, padded like a code.</param>
/// <param name="dotWeight">What one unit of the dot product is worth.</param>
/// <param name="squareWeight">What one unit of the squared code is worth.</param>
internal readonly unsafe struct UniformScorer<TTerm>(sbyte* codes, int stride, short* query, float dotWeight, float squareWeight)
    : IFourScorer
    where TTerm : struct, ICodeTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node) => Memory.Prefetch(codes + (long)node * stride, stride);

    public float Score(int node)
    {
        if (!TTerm.HasSquares)
            return dotWeight * Int8Dot.Between(query, Code(node), (nuint)stride);
        int dot = Int8Dot.Between(query, Code(node), (nuint)stride, out int squares);
        return squares * squareWeight + dot * dotWeight; // as Int8Four has it, so that both give one result
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ScoreFour(int* nodes, float* distances)
    {
        sbyte* a = Code(nodes[0]), b = Code(nodes[1]), c = Code(nodes[2]), d = Code(nodes[3]);
        if (TTerm.HasSquares)
            Int8Four.DotsAndSquares(query, a, b, c, d, (nuint)stride, dotWeight, squareWeight, distances);
        else
            Int8Four.Dots(query, a, b, c, d, (nuint)stride, dotWeight, distances);
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances) => ScoreByFours.Run(in this, nodes, distances);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private sbyte* Code(int node) => codes + (long)node * stride;
}
