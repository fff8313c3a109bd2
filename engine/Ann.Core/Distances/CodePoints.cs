using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>What an 8-bit code leaves out of the point it stands for.</summary>
/// <param name="Square">Squared distance of the point from the mean.</param>
/// <param name="Scale">What one unit of a component is worth.</param>
internal readonly record struct CodePoint(float Square, float Scale);

/// <summary>
/// Points that 8-bit codes stand for, and squared Euclidean distances between them: |x − y|² = |x − μ|² + |y − μ|² − 2·s·t·⟨c, d⟩.
/// The dot products are exact and the rest is one order of operations, so a distance is the same on every machine, and in both directions.
/// </summary>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next: a multiple of <see cref="Int8Dot.Lanes"/>, at most 65,536.</param>
/// <param name="points">One a code.</param>
internal readonly unsafe struct CodePoints(sbyte* codes, int stride, CodePoint* points)
{
    /// <summary>Asks for the memory of a node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node)
    {
        Memory.Prefetch(points + node, sizeof(CodePoint));
        Memory.Prefetch(codes + (long)node * stride, stride);
    }

    /// <summary>Squared distance of two nodes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Between(int a, int b)
    {
        int dot = Int8Pairs.Between(codes + (long)a * stride, codes + (long)b * stride, (nuint)stride);
        CodePoint x = points[a], y = points[b];
        return x.Square + y.Square - 2 * (x.Scale * y.Scale * dot);
    }

    /// <summary>Squared distances of a node to four others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<float> OneToFour(int node, int n0, int n1, int n2, int n3)
    {
        Vector128<int> dots = Int8Pairs.OneToFour(
            codes + (long)node * stride,
            codes + (long)n0 * stride, codes + (long)n1 * stride, codes + (long)n2 * stride, codes + (long)n3 * stride, (nuint)stride);
        CodePoint point = points[node];
        CodePoint p0 = points[n0], p1 = points[n1], p2 = points[n2], p3 = points[n3];
        Vector128<float> squares = Vector128.Create(p0.Square, p1.Square, p2.Square, p3.Square);
        Vector128<float> scales = Vector128.Create(p0.Scale, p1.Scale, p2.Scale, p3.Scale);
        Vector128<float> products = point.Scale * scales * Vector128.ConvertToSingle(dots);
        return Vector128.Create(point.Square) + squares - (products + products);
    }

    /// <summary>Writes the squared distances of a node to others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void OneToMany(int node, ReadOnlySpan<int> others, Span<float> distances)
    {
        int i = 0;
        for (; i + 4 <= others.Length; i += 4)
            OneToFour(node, others[i], others[i + 1], others[i + 2], others[i + 3]).CopyTo(distances[i..]);
        for (; i < others.Length; i++)
            distances[i] = Between(node, others[i]);
    }

    /// <summary>True when a node is nearer than some distance to one of others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool AnyNearer(int node, ReadOnlySpan<int> others, float than)
    {
        Vector128<float> limit = Vector128.Create(than);
        for (int i = 0; i < others.Length; i += 4)
        {
            int last = others.Length - 1; // at the end the last stands in for what is missing
            Vector128<float> four = OneToFour(
                node, others[i], others[Math.Min(i + 1, last)], others[Math.Min(i + 2, last)], others[Math.Min(i + 3, last)]);
            if (Vector128.LessThanAny(four, limit))
                return true;
        }
        return false;
    }
}
