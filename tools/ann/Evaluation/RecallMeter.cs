using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tool.Evaluation;

/// <summary>
/// Recall@k by <see cref="TieAwareRecall"/>: an item that ties with the k-th true neighbour counts for a place that no nearer one takes,
/// since which of the tied is "true" is chance. All distances are float32 of the index's own kernel.
/// </summary>
internal sealed class RecallMeter(SealedSegment segment, QuerySet queries, GroundTruth truth)
{
    /// <summary>Relative distance by which an item must be nearer for the truth to be doubted; it may come from another kernel.</summary>
    private const double DoubtfulMargin = 1e-5;

    private readonly double[] _exact = new double[truth.K];

    /// <summary>
    /// Queries to which an item came back that is nearer than the k-th true neighbour and not among them: the truth then is of other data
    /// or of another metric. Counted by <see cref="Mean"/>.
    /// </summary>
    public int DoubtfulQueries { get; private set; }

    /// <summary>By how much the chance of these queries may have moved the mean: one standard error. Set by <see cref="Mean"/>.</summary>
    public double StandardError { get; private set; }

    /// <summary>Mean over all queries.</summary>
    /// <param name="found">k results a query, fewer filled up with node −1.</param>
    public double Mean(ReadOnlySpan<Neighbor> found)
    {
        DoubtfulQueries = 0;
        long right = 0;
        double squares = 0;
        HashSet<int> seen = [];
        for (int query = 0; query < truth.Count; query++)
        {
            int ofOne = CountRight(query, found.Slice(query * truth.K, truth.K), seen);
            right += ofOne;
            squares += (double)ofOne * ofOne / truth.K / truth.K;
        }
        double mean = (double)right / truth.Count / truth.K;
        StandardError = Math.Sqrt(Math.Max(0, (squares / truth.Count) - (mean * mean)) / truth.Count);
        return mean;
    }

    private int CountRight(int query, ReadOnlySpan<Neighbor> found, HashSet<int> seen)
    {
        double farthest = double.NegativeInfinity;
        for (int i = 0; i < truth.K; i++)
        {
            _exact[i] = segment.Distance(queries[query], truth[query][i]);
            farthest = Math.Max(farthest, _exact[i]);
        }
        TieAwareRecall exact = TieAwareRecall.Of(_exact);

        (int nearer, int tied) = (0, 0);
        bool doubtful = false;
        seen.Clear();
        foreach (Neighbor result in found)
        {
            if (result.Node < 0 || !seen.Add(result.Node)) // An item given twice is right once.
                continue;
            float distance = segment.Distance(queries[query], result.Node);
            nearer += exact.IsNearer(distance) ? 1 : 0;
            tied += exact.IsTied(distance) ? 1 : 0;
            doubtful |= distance < farthest - DoubtfulMargin * Math.Abs(farthest) && !truth[query].Contains(result.Node);
        }
        if (doubtful)
            DoubtfulQueries++;
        return exact.CountRight(nearer, tied);
    }
}
