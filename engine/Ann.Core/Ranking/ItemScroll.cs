using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Ranking;

/// <summary>
/// Pages through items in the order of their keys, all segments together. Looks at every node of the selection for each page, and keeps
/// as many as a page takes.
/// </summary>
internal static class ItemScroll
{
    /// <summary>Nodes of the selection: each is compared with some keys of the page at worst.</summary>
    private const int NodesBetweenChecks = 512;

    /// <summary>The items with the smallest keys above one, ascending: as many as wanted, or all there are.</summary>
    /// <param name="index">Held by the caller, until the hits are read.</param>
    /// <param name="selection">Of this snapshot: whose items, as of which write. Null for all items as of now.</param>
    /// <param name="after">Column whose last key is the one before the page; null or empty for the first page.</param>
    /// <param name="limit">Items at most, 1 to 10,000.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="stopped">Why it stopped early, if it did: the page then lacks items, and must not be used to page on.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a limit out of range, a key of the other kind.</exception>
    public static SearchHit[] Page(
        IndexSnapshot index, ItemSelection? selection, KeyColumn? after, int limit, in SearchBudget budget, out StopReason stopped)
    {
        if (limit is < 1 or > SearchParameters.MaxK)
            throw AnnException.Invalid("limit", $"limit is {limit}; it must be 1 to {SearchParameters.MaxK}.");
        bool isFirst = after is not { Count: > 0 };
        if (!isFirst && after!.Kind != index.KeyKind)
            throw AnnException.Invalid("after", $"Index '{index.Name}' has keys of kind {index.KeyKind}; after is of kind {after.Kind}.");
        ItemKey last = isFirst ? default : after!.KeyAt(after.Count - 1);
        ReadPoint now = selection?.At ?? index.Now;
        FirstHits first = new(limit, (a, b) => index.KeyOf(a).CompareTo(index.KeyOf(b)));
        int seen = 0;
        stopped = StopReason.None;
        for (int number = 0; number < index.Segments.Count && stopped == StopReason.None; number++)
        {
            LiveSegment segment = index.Segments[number];
            ReadPoint at = SnapshotSearch.PointOf(index.SegmentArray, number, now);
            NodeMask? mask = selection?.MaskOf(number);
            int nodes = Math.Min(Math.Min(segment.Count, at.Rows), mask?.Nodes ?? int.MaxValue);
            LiveNodes live = segment.Dead.LiveAt(at);
            for (int node = Next(0); node < nodes; node = Next(node + 1))
            {
                if (seen++ % NodesBetweenChecks == 0 && (stopped = budget.Check()) != StopReason.None)
                    break;
                if (!live.Accepts(node) || (!isFirst && segment.KeyOf(node).CompareTo(in last) <= 0))
                    continue;
                first.Offer(new SearchHit(number, node, 0));
            }

            int Next(int from) => mask is null ? from : mask.Next(from, nodes);
        }
        SearchHit[] page = new SearchHit[first.Count];
        first.MoveTo(page);
        return page;
    }
}
