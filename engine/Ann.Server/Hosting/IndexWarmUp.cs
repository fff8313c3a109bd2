using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Server.Hosting;

/// <summary>
/// Real searches against an index before its first caller: they map the pages that every walk crosses, fill the pools and let the
/// JIT compile the loops, which start in its slow tier.
/// </summary>
internal static class IndexWarmUp
{
    /// <summary>Result counts of everyday calls: the small and the large one take different buffers.</summary>
    private static readonly int[] Ks = [10, 100, 1000];

    /// <param name="index">The index; nobody else knows it yet.</param>
    /// <param name="searches">How many, with rows spread over the index as queries. The last one is an exact scan, when there are several.</param>
    /// <param name="cancellation">Ends the warm-up with <see cref="OperationCanceledException"/>.</param>
    public static void Run(IndexSnapshot index, int searches, CancellationToken cancellation)
    {
        SealedSegment segment = index.Segment;
        Neighbor[] results = new Neighbor[Ks.Max()];
        SearchBudget budget = new(long.MaxValue, cancellation);
        for (int i = 0; i < searches; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<float> query = segment.Row((int)((long)i * segment.Count / searches));
            int k = Ks[i % Ks.Length];
            segment.Search(query, new SearchParameters(k, Exact: i > 0 && i == searches - 1), budget, results, out _);
        }
    }
}
