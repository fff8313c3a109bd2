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
    private const int Seed = 20_260_801;

    /// <summary>Result counts of everyday calls: the small and the large one take different buffers.</summary>
    private static readonly int[] Ks = [10, 100, 1000];

    /// <param name="index">The index; nobody else knows it yet.</param>
    /// <param name="searches">How many. The last one is an exact scan, when there are two or more.</param>
    /// <param name="cancellation">Ends the warm-up with <see cref="OperationCanceledException"/>.</param>
    public static void Run(IndexSnapshot index, int searches, CancellationToken cancellation)
    {
        SealedSegment segment = index.Segment;
        Random random = new(Seed);
        float[] query = new float[segment.Dimension];
        Neighbor[] results = new Neighbor[Ks.Max()];
        SearchBudget budget = new(long.MaxValue, cancellation);
        for (int i = 0; i < searches; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int component = 0; component < query.Length; component++)
                query[component] = random.NextSingle() - 0.5f;
            int k = Ks[i % Ks.Length];
            SearchParameters parameters = new(k, Exact: i > 0 && i == searches - 1);
            segment.Search(query, parameters, budget, results.AsSpan(0, k), out _);
        }
    }
}
