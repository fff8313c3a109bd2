using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// The distance by which a graph is built on codes: squared Euclidean between the points that the codes stand for,
/// |x − y|² = |x − μ|² + |y − μ|² − 2·s·t·⟨c, d⟩. Integer dot products make it the same on every machine.
/// </summary>
/// <remarks>
/// It serves every metric: the codes of cosine are of unit rows, where Euclidean order is angular order, and for inner product rows are
/// tempered before they are encoded.
/// </remarks>
/// <param name="codes">First byte of the first code.</param>
/// <param name="stride">Bytes from one code to the next.</param>
/// <param name="points">One a row.</param>
/// <param name="keepsPruned">See <see cref="IRowDistance.KeepsPruned"/>.</param>
internal readonly unsafe struct CodeDistance(sbyte* codes, int stride, CodePoint* points, bool keepsPruned) : IBuildDistance<CodeScorer>
{
    public bool KeepsPruned => keepsPruned;

    public CodeScorer ScorerOf(int node) => new(codes, stride, points, node);

    public bool AnyNearer(int node, ReadOnlySpan<int> others, float than)
    {
        CodeScorer scorer = new(codes, stride, points, node);
        int i = 0;
        for (; i + 4 <= others.Length; i += 4)
            if (Vector128.LessThanAny(scorer.Score(others[i], others[i + 1], others[i + 2], others[i + 3]), Vector128.Create(than)))
                return true;
        int rest = others.Length - i;
        if (rest == 0)
            return false;
        int last = others[^1];
        return Vector128.LessThanAny(
            scorer.Score(others[i], rest > 1 ? others[i + 1] : last, rest > 2 ? others[i + 2] : last, last), Vector128.Create(than));
    }
}

/// <summary>Scores nodes against the point of one of them.</summary>
internal readonly unsafe struct CodeScorer(sbyte* codes, int stride, CodePoint* points, int owner) : INodeScorer
{
    private readonly sbyte* _code = codes + (long)owner * stride;
    private readonly CodePoint _point = points[owner];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node)
    {
        Memory.Prefetch(points + node, sizeof(CodePoint));
        Memory.Prefetch(codes + (long)node * stride, stride);
    }

    public float Score(int node)
    {
        int dot = Int8Pairs.Between(_code, codes + (long)node * stride, (nuint)stride);
        CodePoint other = points[node];
        return _point.Square + other.Square - 2 * (_point.Scale * other.Scale * dot);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        int i = 0;
        for (; i + 4 <= nodes.Length; i += 4)
            Score(nodes[i], nodes[i + 1], nodes[i + 2], nodes[i + 3]).CopyTo(distances[i..]);
        for (; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<float> Score(int n0, int n1, int n2, int n3)
    {
        Vector128<int> dots = Int8Pairs.OneToFour(
            _code, codes + (long)n0 * stride, codes + (long)n1 * stride, codes + (long)n2 * stride, codes + (long)n3 * stride, (nuint)stride);
        CodePoint p0 = points[n0], p1 = points[n1], p2 = points[n2], p3 = points[n3];
        Vector128<float> squares = Vector128.Create(p0.Square, p1.Square, p2.Square, p3.Square);
        Vector128<float> scales = Vector128.Create(p0.Scale, p1.Scale, p2.Scale, p3.Scale);
        return _point.Square * Vector128<float>.One + squares
            - Vector128.Create(2f) * (_point.Scale * scales * Vector128.ConvertToSingle(dots));
    }
}

/// <summary>What a code leaves out of the point it stands for.</summary>
/// <param name="Square">Squared distance of the point from the mean.</param>
/// <param name="Scale">What one unit of a component is worth.</param>
internal readonly record struct CodePoint(float Square, float Scale)
{
    /// <summary>One a row.</summary>
    public static unsafe NativeBlock Compute(Int8Codes codes, Metric metric, int count)
    {
        NativeBlock block = new((long)count * sizeof(CodePoint));
        CodePoint* points = (CodePoint*)block.Start;
        float* factors = (float*)codes.Factors.Start;
        for (int row = 0; row < count; row++)
        {
            sbyte* code = (sbyte*)codes.Codes.Start + (long)row * codes.Stride;
            float scale = factors[2 * row + 1] / (metric == Metric.L2 ? -2 : -1);
            points[row] = new CodePoint(scale * scale * Int8Pairs.Between(code, code, (nuint)codes.Stride), scale);
            Debug.Assert(float.IsFinite(points[row].Square));
        }
        return block;
    }
}
