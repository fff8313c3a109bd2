using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The distance by which a graph for maximum inner product is built: Euclidean between rows whose norms were tempered, x → x·|x|^−1.25.
/// The walk itself scores rows by their inner product with the query, untouched.
/// </summary>
/// <remarks>
/// A graph by raw inner product links everything to the few rows of large norm and loses the rest; one by angle (exponent 1) forgets the
/// norm, which decides who can be an answer; the Möbius transform (exponent 2; Zhou et al., NeurIPS 2019) puts all large norms in one
/// crowd. Between the two, neighbours are alike in direction and lean towards larger norms. ADR 0003 has the figures for each exponent.
/// Hubs crowd out diverse candidates here: <see cref="NeighborSelection"/> keeps some of the pruned.
/// </remarks>
internal readonly unsafe struct TemperedDistance(float* rows, int stride, TemperedNorm* norms) : IBuildDistance<TemperedScorer>
{
    public bool Climbs => true;

    public float Descent(int node, int other, float distance) => TemperedNorm.Descent(norms[node], norms[other], distance);

    public bool AnyNearer(int node, ReadOnlySpan<int> others, float than)
    {
        TemperedScorer scorer = ScorerOf(node);
        foreach (int other in others)
            if (scorer.Score(other) < than)
                return true;
        return false;
    }

    public TemperedScorer ScorerOf(int node) => new(rows, stride, norms, rows + (long)node * stride, norms[node]);
}

/// <summary>Scores nodes against one tempered row.</summary>
internal readonly unsafe struct TemperedScorer(
    float* rows, int stride, TemperedNorm* norms, float* query, TemperedNorm queryNorm) : INodeScorer
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(int node)
    {
        Memory.Prefetch(norms + node, sizeof(TemperedNorm));
        Memory.Prefetch(rows + (long)node * stride, stride * sizeof(float));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(int node)
    {
        // Tempered norms lie within a factor of a few of each other, so this form of |a − b|² loses nothing to rounding.
        TemperedNorm norm = norms[node];
        float negativeDot = NegativeDot.Between(query, rows + (long)node * stride, (nuint)stride);
        return queryNorm.Square + norm.Square + 2 * (negativeDot * queryNorm.Scale * norm.Scale);
    }

    public void Score(ReadOnlySpan<int> nodes, Span<float> distances)
    {
        for (int i = 0; i < nodes.Length; i++)
            distances[i] = Score(nodes[i]);
    }
}

/// <summary>What tempering does to one row.</summary>
/// <param name="Scale">Factor from the row to the tempered row.</param>
/// <param name="Square">Squared norm of the tempered row.</param>
internal readonly record struct TemperedNorm(float Scale, float Square)
{
    /// <summary>Norm of a tempered row as a power of its own: exponent 1.25 of tempering leaves −0.25.</summary>
    private const double Power = -0.25;

    /// <summary>
    /// Norms count as no smaller than this share of the median, so that no row, a zero row least of all, becomes a point at infinity.
    /// </summary>
    private const double Smallest = 1e-4;

    /// <summary>Norms count as no larger than this many medians: longer rows are told apart by their direction alone.</summary>
    private const double Largest = 1e12;

    /// <summary>Keeps scales finite where most rows are zero or next to it.</summary>
    private const double SmallestMedian = 1e-30;

    /// <summary>What <see cref="IRowDistance.Descent"/> tells of two rows.</summary>
    /// <param name="first">Of the first.</param>
    /// <param name="second">Of the second.</param>
    /// <param name="distance">Squared distance of the tempered rows.</param>
    public static float Descent(TemperedNorm first, TemperedNorm second, float distance)
    {
        float descent = (distance - first.Square - second.Square) / second.Scale;
        return float.IsNaN(descent) ? 0 : descent; // a scale may be too small for a float
    }

    /// <summary>One a row.</summary>
    public static unsafe NativeBlock Compute(VectorTable rows)
    {
        float[] norms = new float[rows.Count];
        for (int row = 0; row < norms.Length; row++)
            norms[row] = NormOf(rows.Row(row), rows.Stride);
        double median = MedianOf(norms);

        NativeBlock block = new((long)rows.Count * sizeof(TemperedNorm));
        TemperedNorm* tempered = (TemperedNorm*)block.Start;
        for (int row = 0; row < norms.Length; row++)
            tempered[row] = Of(norms[row], median);
        return block;
    }

    /// <summary>Of one row.</summary>
    /// <param name="rowNorm">Its norm.</param>
    /// <param name="median">As <see cref="MedianOf"/> gives it.</param>
    public static TemperedNorm Of(float rowNorm, double median)
    {
        double norm = Math.Max(rowNorm / median, Smallest);
        double length = Math.Pow(Math.Min(norm, Largest), Power);
        TemperedNorm tempered = new((float)(length / (norm * median)), (float)(length * length));
        Debug.Assert(float.IsFinite(tempered.Square));
        return tempered;
    }

    /// <summary>Norm of a padded row.</summary>
    public static unsafe float NormOf(float* row, int stride) => MathF.Sqrt(-NegativeDot.Between(row, row, (nuint)stride));

    /// <summary>The median of norms, never too small to divide by.</summary>
    public static double MedianOf(ReadOnlySpan<float> norms)
    {
        float[] sorted = norms.ToArray();
        Array.Sort(sorted);
        return Math.Max(sorted[sorted.Length / 2], SmallestMedian);
    }
}
