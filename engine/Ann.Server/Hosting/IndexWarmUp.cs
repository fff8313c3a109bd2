using Ann.Core.Indexes;
using Ann.Core.Searching;

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
        SearchHit[] results = new SearchHit[Ks.Max()];
        SearchBudget budget = new(long.MaxValue, cancellation);
        foreach ((int i, float[] row) in WarmUpRows.Of(index, searches))
        {
            cancellation.ThrowIfCancellationRequested();
            int k = Ks[i % Ks.Length];
            SearchParameters parameters = new(k, Exact: i > 0 && i == searches - 1);
            index.Search(row, in parameters, budget, selection: null, results, out _);
        }
    }
}
