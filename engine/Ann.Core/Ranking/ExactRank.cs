using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Ranking;

/// <summary>The place of an item by exact search, without making the list: one pass over the items.</summary>
internal static class ExactRank
{
    /// <summary>Counts the items that are nearer, or as near with a smaller key.</summary>
    /// <param name="index">Held by the caller.</param>
    /// <param name="at">What is seen.</param>
    /// <param name="among">Whose items; null for all.</param>
    /// <param name="scores">Gives an item its distance.</param>
    /// <param name="hit">The item, with its distance.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="stopped">Why it stopped early, if it did: the place means nothing then.</param>
    /// <returns>From 1.</returns>
    public static long Of(
        IndexSnapshot index, ReadPoint at, ItemSelection? among, ExampleScores scores, SearchHit hit, in SearchBudget budget,
        out StopReason stopped)
    {
        long nearer = 0;
        int rowsPerCheck = ExactScan.RowsPerCheck(VectorTable.StrideOf(index.Dimension));
        stopped = StopReason.None;
        for (int number = 0; number < index.Segments.Count; number++)
        {
            LiveSegment segment = index.Segments[number];
            ReadPoint point = SnapshotSearch.PointOf(index.SegmentArray, number, at);
            NodeMask? mask = among?.MaskOf(number);
            int nodes = Math.Min(Math.Min(segment.Count, point.Rows), mask?.Nodes ?? int.MaxValue);
            LiveNodes live = segment.Dead.LiveAt(point);
            for (int node = 0; node < nodes; node++)
            {
                if (node % rowsPerCheck == 0 && (stopped = budget.Check()) != StopReason.None)
                    return 0;
                if (mask is not null && !mask.Has(node) || !live.Accepts(node))
                    continue;
                float distance = scores.DistanceOf(segment.Row(node), out _);
                nearer += IsBefore(index, new SearchHit(number, node, distance), hit) ? 1 : 0;
            }
        }
        return nearer + 1;
    }

    /// <summary>The order of answers: nearest first, ties by key.</summary>
    public static bool IsBefore(IndexSnapshot index, SearchHit one, SearchHit other)
    {
        // Zero has two signs, and searches order by them.
        ulong first = Beam.Pack(0, one.Distance);
        ulong second = Beam.Pack(0, other.Distance);
        return first != second ? first < second : index.KeyOf(one).CompareTo(index.KeyOf(other)) < 0;
    }
}
