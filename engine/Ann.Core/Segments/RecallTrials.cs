using System.Diagnostics;
using Ann.Core.Hnsw;
using Ann.Core.Recall;

namespace Ann.Core.Segments;

/// <summary>One way to search that is measured.</summary>
/// <param name="K">Results wanted, beside the query's own row.</param>
/// <param name="Ef">Beam width.</param>
/// <param name="Cut">
/// Expansions after which the walk is stopped, a multiple of <see cref="SearchContext.ExpansionsPerCheck"/>; 0 for never.
/// </param>
internal readonly record struct RecallTrial(int K, int Ef, int Cut);

/// <summary>Searches a segment for one of its own rows in several ways, and counts what each finds of the exact answer.</summary>
/// <remarks>
/// The walks do not see the row's own node. With it rows are far easier than real queries, since its links lead straight to its nearest:
/// 0.975 of ten found at ef 16, where queries that are no rows get 0.891 (200,000 rows of SIFT).
/// </remarks>
/// <param name="searcher">Of the segment.</param>
/// <param name="count">Its rows, two at least.</param>
internal sealed class RecallTrials(SegmentSearcher searcher, int count)
{
    private const int MostK = 100;

    private readonly Neighbor[] _exact = new Neighbor[Math.Min(MostK + 1, count)];
    private readonly Neighbor[] _found = new Neighbor[Math.Min(MostK + 1, count)];

    /// <summary>Results that are right, per trial.</summary>
    /// <param name="query">The row.</param>
    /// <param name="row">Its node, on level 0 only. It is counted nowhere.</param>
    /// <param name="trials">What to try.</param>
    /// <param name="hits">Results of each that are right.</param>
    public void Run(ReadOnlySpan<float> query, int row, ReadOnlySpan<RecallTrial> trials, Span<int> hits)
    {
        Debug.Assert(count > 1);
        int known = searcher.Search(query, new SearchParameters(_exact.Length, Exact: true), SearchBudget.Unlimited, _exact, out _);
        Neighbor[] others = [.. _exact.AsSpan(0, known).ToArray().Where(neighbor => neighbor.Node != row)];
        for (int trial = 0; trial < trials.Length; trial++)
        {
            int k = Math.Min(trials[trial].K, known - 1);
            TieAwareRecall truth = TieAwareRecall.Of(others.AsSpan(0, k));
            int looks = trials[trial].Cut > 0 ? trials[trial].Cut / SearchContext.ExpansionsPerCheck : int.MaxValue;
            SearchBudget budget = SearchBudget.Unlimited with { Limit = new CheckLimit(looks) { HiddenNode = row } };
            int found = searcher.Search(query, new SearchParameters(k, Math.Max(trials[trial].Ef, k)), in budget, _found, out _);
            hits[trial] = truth.CountRight(_found.AsSpan(0, found).ToArray().Where(result => result.Node != row).ToArray());
        }
    }
}
