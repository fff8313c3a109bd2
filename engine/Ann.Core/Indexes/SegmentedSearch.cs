using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Core.Hnsw;
using Ann.Core.Recall;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// A search over the segments of a snapshot, oldest first. The first segment writes where the caller wants its results; what the others
/// find is merged into that. Nothing is allocated in steady state, and one segment alone costs what it costs by itself.
/// </summary>
internal static class SegmentedSearch
{
    /// <summary>
    /// Up to where a reader sees a segment whose index it sees up to <paramref name="now"/>. Of all but the head it sees all rows, and no
    /// deletion later than the index's read point. What a frozen head published last does not count: the batch that filled it was published
    /// by the head that followed, and went on there.
    /// </summary>
    public static ReadPoint PointOf(LiveSegment[] segments, int number, ReadPoint now) =>
        number == segments.Length - 1 ? now : now with { Rows = int.MaxValue };

    /// <summary>One or more queries, with as many components each as the segments' vectors.</summary>
    public static void Run(
        LiveSegment[] segments, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget,
        Span<SearchHit> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        Run(segments, segments[^1].Published, queries, in parameters, in budget, results, counts, statistics);

    /// <summary>The same as of one write.</summary>
    public static void Run(
        LiveSegment[] segments, ReadPoint now, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget,
        Span<SearchHit> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        parameters.Validate();
        long room = (long)parameters.K * counts.Length;
        if (results.Length < room)
            throw new ArgumentException(
                $"k is {parameters.K} for {counts.Length} queries; there is room for {results.Length} results.", nameof(results));

        results = results[..(int)room];
        Span<Neighbor> first = MemoryMarshal.Cast<SearchHit, Neighbor>(results)[..(int)room];
        Search(segments[0], queries, in parameters, in budget, PointOf(segments, 0, now), first, counts, statistics);
        Spread(results, first, parameters.K, counts);

        RecallEstimate estimate = new(segments, parameters.K);
        foreach (ref SearchStatistics one in statistics[..counts.Length])
            one.EstimatedRecall = estimate.Of(segments[0], in one);

        int end = now.Rows == 0 ? segments.Length - 1 : segments.Length; // an empty head is nothing to search
        if (end > 1)
            Rest(segments, end, now, queries, in estimate, in parameters, in budget, results, counts, statistics);
    }

    private static void Rest(
        LiveSegment[] segments, int end, ReadPoint now, ReadOnlySpan<float> queries, in RecallEstimate estimate,
        in SearchParameters parameters, in SearchBudget budget, Span<SearchHit> results, Span<int> counts,
        Span<SearchStatistics> statistics)
    {
        int k = parameters.K;
        Neighbor[] found = ArrayPool<Neighbor>.Shared.Rent(results.Length);
        int[] foundCounts = ArrayPool<int>.Shared.Rent(counts.Length);
        SearchStatistics[] costs = ArrayPool<SearchStatistics>.Shared.Rent(counts.Length);
        try
        {
            for (int number = 1; number < end; number++)
            {
                if (IsStopped(statistics[..counts.Length]))
                    return;
                Search(
                    segments[number], queries, in parameters, in budget, PointOf(segments, number, now), found,
                    foundCounts.AsSpan(0, counts.Length), costs.AsSpan(0, counts.Length));
                for (int query = 0; query < counts.Length; query++)
                {
                    counts[query] = Merge(
                        segments, number, results.Slice(query * k, k), counts[query], found.AsSpan(query * k, foundCounts[query]));
                    costs[query].EstimatedRecall = estimate.Of(segments[number], in costs[query]);
                    Add(ref statistics[query], in costs[query]);
                }
            }
        }
        finally
        {
            ArrayPool<Neighbor>.Shared.Return(found);
            ArrayPool<int>.Shared.Return(foundCounts);
            ArrayPool<SearchStatistics>.Shared.Return(costs);
        }
    }

    private static void Search(
        LiveSegment segment, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        if (counts.Length == 1)
            counts[0] = segment.Search(queries, in parameters, in budget, at, results, out statistics[0]);
        else
            segment.SearchMany(queries, in parameters, in budget, at, results, counts, statistics);
    }

    /// <summary>
    /// Makes hits of the first segment's results, which lie at the start of the memory that the hits take. From the back: a hit takes more
    /// room than a result, and comes to lie over results that were read already.
    /// </summary>
    private static void Spread(Span<SearchHit> hits, Span<Neighbor> found, int k, Span<int> counts)
    {
        for (int query = counts.Length - 1; query >= 0; query--)
        {
            for (int i = query * k + counts[query] - 1; i >= query * k; i--)
            {
                Neighbor neighbor = found[i];
                hits[i] = new SearchHit(0, neighbor.Node, neighbor.Distance);
            }
        }
    }

    /// <summary>Merges what a segment found into the hits so far, and keeps the nearest. Both are in order, ties by key.</summary>
    /// <returns>Hits now.</returns>
    private static int Merge(LiveSegment[] segments, int number, Span<SearchHit> hits, int count, Span<Neighbor> found)
    {
        // How many of each stay, from the front; then each to its place, from the back.
        int total = Math.Min(hits.Length, count + found.Length);
        int old = 0;
        int added = 0;
        while (old + added < total)
        {
            if (old < count && (added == found.Length || !IsBefore(segments, number, found[added], hits[old])))
                old++;
            else
                added++;
        }
        for (int place = total - 1; added > 0; place--)
        {
            Neighbor neighbor = found[added - 1];
            if (old > 0 && IsBefore(segments, number, neighbor, hits[old - 1]))
            {
                hits[place] = hits[--old];
            }
            else
            {
                hits[place] = new SearchHit(number, neighbor.Node, neighbor.Distance);
                added--;
            }
        }
        return total;
    }

    private static bool IsBefore(LiveSegment[] segments, int number, Neighbor found, SearchHit hit)
    {
        // Zero has two signs, and a segment orders by them.
        ulong foundDistance = Beam.Pack(0, found.Distance);
        ulong hitDistance = Beam.Pack(0, hit.Distance);
        return foundDistance != hitDistance
            ? foundDistance < hitDistance
            : segments[number].KeyOf(found.Node).CompareTo(segments[hit.Segment].KeyOf(hit.Node)) < 0;
    }

    private static void Add(ref SearchStatistics sum, in SearchStatistics cost)
    {
        sum.Visited += cost.Visited;
        sum.Expanded += cost.Expanded;
        sum.Reranked += cost.Reranked;
        sum.EfSearch = Math.Max(sum.EfSearch, cost.EfSearch);
        sum.EstimatedRecall += cost.EstimatedRecall;
        if (sum.Stopped == StopReason.None)
            sum.Stopped = cost.Stopped;
    }

    /// <summary>True when a query was stopped. The budget is shared, so that all are: their answers lack what follows.</summary>
    private static bool IsStopped(Span<SearchStatistics> statistics)
    {
        StopReason reason = StopReason.None;
        foreach (ref SearchStatistics one in statistics)
            reason = reason == StopReason.None ? one.Stopped : reason;
        if (reason == StopReason.None)
            return false;
        foreach (ref SearchStatistics one in statistics)
            one.Stopped = one.Stopped == StopReason.None ? reason : one.Stopped;
        return true;
    }
}
