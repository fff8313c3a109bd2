using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

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
    : INodeScorer
    where TTerm : struct, ICodeTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node) => Memory.Prefetch(codes + (long)node * stride, stride);

    public float Score(int node)
    {
        float* result = stackalloc float[4];
        Score(Code(node), Code(node), Code(node), Code(node), result);
        return result[0];
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        Debug.Assert(distances.Length >= nodes.Length);
        fixed (float* results = distances)
        {
            int i = 0;
            for (; i + 4 <= nodes.Length; i += 4)
                Score(Code(nodes[i]), Code(nodes[i + 1]), Code(nodes[i + 2]), Code(nodes[i + 3]), results + i);
            int rest = nodes.Length - i;
            if (rest == 0)
                return;
            float* few = stackalloc float[4];
            sbyte* last = Code(nodes[^1]);
            Score(Code(nodes[i]), rest > 1 ? Code(nodes[i + 1]) : last, rest > 2 ? Code(nodes[i + 2]) : last, last, few);
            for (int j = 0; j < rest; j++)
                results[i + j] = few[j];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private sbyte* Code(int node) => codes + (long)node * stride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Score(sbyte* a, sbyte* b, sbyte* c, sbyte* d, float* results)
    {
        if (TTerm.HasSquares)
            Int8Four.DotsAndSquares(query, a, b, c, d, (nuint)stride, dotWeight, squareWeight, results);
        else
            Int8Four.Dots(query, a, b, c, d, (nuint)stride, dotWeight, results);
    }
}
