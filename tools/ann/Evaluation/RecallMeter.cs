using Ann.Core.Hnsw;
using Ann.Core.Segments;

namespace Ann.Tool.Evaluation;

/// <summary>
/// Recall@k: the share of the k results that are as near as the k-th true neighbour. An item that ties with it counts, since which of
/// the tied is "true" is chance. Distances are compared as float32 of the index's own kernel with a relative tolerance of 10⁻⁶.
/// </summary>
internal sealed class RecallMeter(SealedSegment segment, QuerySet queries, GroundTruth truth)
{
    private const float Tolerance = 1e-6f;

    /// <summary>
    /// Queries to which an item came back that is nearer than the k-th true neighbour and not among them: the truth then is of other data
    /// or of another metric. Counted by <see cref="Mean"/>.
    /// </summary>
    public int DoubtfulQueries { get; private set; }

    /// <summary>Mean over all queries.</summary>
    /// <param name="found">k results a query, fewer filled up with node −1.</param>
    public double Mean(ReadOnlySpan<Neighbor> found)
    {
        DoubtfulQueries = 0;
        long right = 0;
        HashSet<int> seen = [];
        for (int query = 0; query < truth.Count; query++)
            right += CountRight(query, found.Slice(query * truth.K, truth.K), seen);
        return (double)right / truth.Count / truth.K;
    }

    private int CountRight(int query, ReadOnlySpan<Neighbor> found, HashSet<int> seen)
    {
        float farthest = float.NegativeInfinity;
        foreach (int node in truth[query])
            farthest = Math.Max(farthest, segment.Distance(queries[query], node));
        float margin = Tolerance * Math.Max(Math.Abs(farthest), Tolerance);

        int right = 0;
        bool doubtful = false;
        seen.Clear();
        foreach (Neighbor result in found)
        {
            if (result.Node < 0 || !seen.Add(result.Node)) // An item given twice is right once.
                continue;
            float distance = segment.Distance(queries[query], result.Node);
            if (distance <= farthest + margin)
                right++;
            doubtful |= distance < farthest - 10 * margin && !truth[query].Contains(result.Node);
        }
        if (doubtful)
            DoubtfulQueries++;
        return right;
    }
}
