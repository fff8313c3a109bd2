using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// How much more margin than usual the estimates of a new segment in the fast layout need, so that a walk finds what one of the lean layout
/// finds: usually none. Rows of 1,536 components without structure need twice as much: 256 signs of 2,048 say little there.
/// </summary>
internal static class EstimateMeasurement
{
    /// <summary>Recall that estimates may cost.</summary>
    private const double MostLost = 0.01;

    private const int K = 10;

    private static readonly int[] Widths = [64, 128];

    /// <summary>Factors on the margin that are tried, in order.</summary>
    private static readonly float[] Margins = [1, 1.5f, 2, 3, 4];

    /// <summary>The factor on the margin, 1 or more. The same on any number of threads.</summary>
    /// <param name="lean">The segment without blocks.</param>
    /// <param name="fast">The same with them.</param>
    /// <param name="fidelity">Has queries, and their exact answers.</param>
    /// <param name="threads">Of the work.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static float Measure(
        in SegmentView lean, in SegmentView fast, CodesFidelity fidelity, int threads, CancellationToken cancellation)
    {
        long all = (long)K * Widths.Length * fidelity.Queries;
        long lost = (long)(MostLost * all);
        long? byLean = null;
        foreach (float margin in Margins)
        {
            long found = FoundBy(fast with { MoreMargin = margin - 1 }, fidelity, threads, cancellation);
            if (found >= all - lost) // the lean layout finds no more than all
                return margin;
            byLean ??= FoundBy(lean, fidelity, threads, cancellation);
            if (found >= byLean - lost)
                return margin;
        }
        return Margins[^1];
    }

    private static long FoundBy(SegmentView segment, CodesFidelity fidelity, int threads, CancellationToken cancellation)
    {
        using SegmentSearcher searcher = new(segment, keys: null);
        long sum = 0;
        ParallelBuild.For(fidelity.Queries, threads, grain: 8, (_, from, to) =>
        {
            Neighbor[] results = new Neighbor[K];
            long found = 0;
            for (int i = from; i < to; i++)
            {
                int row = fidelity.RowOf(i);
                if (!RowPreparation.IsQuery(segment.Metric, fidelity.QueryOf(i, segment.Dimension)))
                    continue; // a row of before there was a limit
                foreach (int ef in Widths)
                {
                    SegmentQuery asked = new()
                    {
                        Queries = fidelity.QueryOf(i, segment.Dimension),
                        Parameters = new SearchParameters(K, ef),
                        Hidden = row,
                    };
                    int count = searcher.Search(in asked, SegmentSight.Whole(segment.Count), results, out SearchStatistics _);
                    foreach (Neighbor result in results.AsSpan(0, count))
                        found += fidelity.IsNearest(i, K, result.Node) ? 1 : 0;
                }
            }
            Interlocked.Add(ref sum, found);
        }, cancellation);
        return sum;
    }
}
