using Ann.Core.Distances;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Ranking;

/// <summary>
/// The best items by what several examples make of them, by looking at every one: where negatives count, the nearest to the positives may
/// be the worst.
/// </summary>
internal static class ExampleScan
{
    /// <summary>Scans.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="selection">Of this snapshot: whose items, as of which write.</param>
    /// <param name="scores">Gives an item its distance.</param>
    /// <param name="budget">When to stop early: what was found by then is returned.</param>
    /// <param name="hits">Room for the best, best first, ties by key.</param>
    /// <param name="statistics">Gets the cost.</param>
    /// <returns>Hits written: as many as there is room for, or as there are.</returns>
    public static int Run(
        IndexSnapshot index, ItemSelection selection, ExampleScores scores, in SearchBudget budget, Span<SearchHit> hits,
        ref SearchStatistics statistics)
    {
        FirstHits best = new(hits.Length, (a, b) =>
        {
            int order = a.Distance.CompareTo(b.Distance);
            return order != 0 ? order : index.KeyOf(a).CompareTo(index.KeyOf(b));
        });
        statistics.Plan = SearchPlan.Scan;
        int rowsPerCheck = Math.Max(1, ExactScan.RowsPerCheck(VectorTable.StrideOf(index.Dimension)) / scores.Count);
        int untilCheck = 0;
        for (int number = 0; number < index.Segments.Count; number++)
        {
            LiveSegment segment = index.Segments[number];
            ReadPoint point = SnapshotSearch.PointOf(index.SegmentArray, number, selection.At);
            NodeMask? mask = selection.MaskOf(number);
            int nodes = Math.Min(Math.Min(segment.Count, point.Rows), mask?.Nodes ?? int.MaxValue);
            LiveNodes live = segment.Dead.LiveAt(point);
            for (int node = 0; node < nodes; node++)
            {
                if (mask is not null && !mask.Has(node) || !live.Accepts(node))
                    continue;
                if (--untilCheck < 0)
                {
                    untilCheck = rowsPerCheck;
                    statistics.Stopped = budget.Check();
                    if (statistics.Stopped != StopReason.None)
                        return best.MoveTo(hits);
                }
                statistics.Visited += scores.Count;
                best.Offer(new SearchHit(number, node, scores.DistanceOf(segment.Row(node), out _)));
            }
        }
        return best.MoveTo(hits);
    }
}
