using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Core.Searching;
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
    /// <param name="searches">How many. Rows spread over the index are the queries; the last of several is an exact scan.</param>
    /// <param name="cancellation">Ends the warm-up with <see cref="OperationCanceledException"/>.</param>
    public static void Run(IndexSnapshot index, int searches, CancellationToken cancellation)
    {
        // The oldest segment holds most rows, as a rule. An index without rows has nothing to warm.
        LiveSegment? segment = index.Segments.FirstOrDefault(static segment => segment.Count > 0);
        if (segment is null)
            return;
        int number = index.Segments.TakeWhile(other => other != segment).Count();
        SearchHit[] results = new SearchHit[Ks.Max()];
        SearchBudget budget = new(long.MaxValue, cancellation);
        for (int i = 0; i < searches; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            SearchHit row = new(number, (int)((long)i * segment.Count / searches), 0);
            if (!RowPreparation.IsQuery(index.Metric, index.RowOf(row)))
                continue;
            int k = Ks[i % Ks.Length];
            SearchParameters parameters = new(k, Exact: i > 0 && i == searches - 1);
            index.Search(index.RowOf(row), in parameters, budget, selection: null, results, out _);
        }
    }
}
