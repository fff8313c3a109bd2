using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Core.Hnsw;
using Ann.Core.Recall;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>
/// A search over the segments of a snapshot. The largest one is searched first, by the whole beam, and writes where the caller wants its
/// results; the others get their share of the beam (<see cref="BeamShare"/>), and what they find is merged into that. A segment whose
/// share turns out too small is searched once more by the whole beam. Nothing is allocated in steady state, and one segment alone costs
/// what it costs by itself.
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

    /// <summary>
    /// One or more queries, with as many components each as the segments' vectors, among the items of a selection. Every segment is read as
    /// of one write, <paramref name="now"/>: that of the selection where there is one.
    /// </summary>
    public static void Run(
        LiveSegment[] segments, ReadPoint now, ItemSelection? selection, ReadOnlySpan<float> queries, in SearchParameters parameters,
        in SearchBudget budget, Span<SearchHit> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        parameters.Validate();
        long room = (long)parameters.K * counts.Length;
        if (results.Length < room)
            throw new ArgumentException(
                $"k is {parameters.K} for {counts.Length} queries; there is room for {results.Length} results.", nameof(results));

        results = results[..(int)room];
        int end = now.Rows == 0 ? Math.Max(segments.Length - 1, 1) : segments.Length; // an empty head is nothing to search
        int largest = end == 1 ? 0 : Largest(segments, selection, end);
        Span<Neighbor> first = MemoryMarshal.Cast<SearchHit, Neighbor>(results)[..(int)room];
        Search(
            segments[largest], selection?.MaskOf(largest), queries, in parameters, in budget, PointOf(segments, largest, now), first,
            counts, statistics);
        Spread(results, first, largest, parameters.K, counts);

        double rows = 0;
        for (int number = 0; number < segments.Length; number++)
            rows += RowsOf(segments, selection, number);
        RecallEstimate estimate = new(segments, rows, parameters.K);
        foreach (ref SearchStatistics one in statistics[..counts.Length])
            one.EstimatedRecall = rows == 0 ? 1 : estimate.Of(segments[largest], RowsOf(segments, selection, largest), in one);
        if (end > 1)
            Rest(segments, selection, end, largest, now, in estimate, queries, in parameters, in budget, results, counts,
                statistics);
        if (selection is { Stopped: not StopReason.None })
        {
            Stop(statistics[..counts.Length], selection.Stopped); // items that it had not come to were not searched either
            for (int query = 0; query < counts.Length; query++)
                statistics[query].EstimatedRecall = counts[query] == 0 ? 0 : double.NaN; // and nobody knows how many match
        }
    }

    private static void Rest(
        LiveSegment[] segments, ItemSelection? selection, int end, int largest, ReadPoint now, in RecallEstimate estimate,
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, Span<SearchHit> results, Span<int> counts,
        Span<SearchStatistics> statistics)
    {
        int k = parameters.K;
        Neighbor[] found = ArrayPool<Neighbor>.Shared.Rent(results.Length);
        int[] foundCounts = ArrayPool<int>.Shared.Rent(counts.Length);
        SearchStatistics[] costs = ArrayPool<SearchStatistics>.Shared.Rent(counts.Length);
        float[] farthest = ArrayPool<float>.Shared.Rent(end * counts.Length);
        try
        {
            double rows = Math.Max(Candidates(segments, selection, end), 1);
            for (int number = 0; number < end; number++)
            {
                Span<float> ends = farthest.AsSpan(number * counts.Length, counts.Length);
                ends.Fill(float.NaN);
                if (number == largest)
                    continue;
                if (IsStopped(statistics[..counts.Length]))
                    return;
                SearchParameters part = BeamShare.Of(in parameters, CandidatesOf(segments, selection, number) / rows);
                Search(
                    segments[number], selection?.MaskOf(number), queries, in part, in budget, PointOf(segments, number, now), found,
                    foundCounts.AsSpan(0, counts.Length), costs.AsSpan(0, counts.Length));
                for (int query = 0; query < counts.Length; query++)
                {
                    Span<Neighbor> few = found.AsSpan(query * part.K, foundCounts[query]);
                    if (part.BeamWidth < parameters.BeamWidth && few.Length == part.K)
                        ends[query] = few[^1].Distance;
                    counts[query] = Merge(segments, number, results.Slice(query * k, k), counts[query], few);
                    costs[query].EstimatedRecall = estimate.Of(
                        segments[number], RowsOf(segments, selection, number), in costs[query], part.K);
                    Add(ref statistics[query], in costs[query]);
                }
            }
            for (int number = 0; number < end; number++)
            {
                Again(
                    segments, selection, number, farthest.AsSpan(number * counts.Length, counts.Length), PointOf(segments, number, now),
                    queries, in parameters, in budget, found, results, counts, statistics);
            }
        }
        finally
        {
            ArrayPool<Neighbor>.Shared.Return(found);
            ArrayPool<int>.Shared.Return(foundCounts);
            ArrayPool<SearchStatistics>.Shared.Return(costs);
            ArrayPool<float>.Shared.Return(farthest);
        }
    }

    /// <summary>
    /// Searches a segment by the whole beam for the queries to which it gave all that it was asked for, none of it farther than the last
    /// hit of the answer: what it holds beyond may belong there too.
    /// </summary>
    /// <param name="segments">Of the snapshot.</param>
    /// <param name="selection">Of the search.</param>
    /// <param name="number">The one.</param>
    /// <param name="farthest">Distance of the last that it gave to each query; NaN where there is nothing to ask again.</param>
    /// <param name="at">The reader's.</param>
    /// <param name="queries">All.</param>
    /// <param name="parameters">Of the whole search.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="found">Scratch.</param>
    /// <param name="results">Hits so far.</param>
    /// <param name="counts">How many.</param>
    /// <param name="statistics">Sums so far.</param>
    private static void Again(
        LiveSegment[] segments, ItemSelection? selection, int number, Span<float> farthest, ReadPoint at, ReadOnlySpan<float> queries,
        in SearchParameters parameters, in SearchBudget budget, Span<Neighbor> found, Span<SearchHit> results, Span<int> counts,
        Span<SearchStatistics> statistics)
    {
        int k = parameters.K;
        int dimension = queries.Length / counts.Length;
        for (int query = 0; query < counts.Length; query++)
        {
            Span<SearchHit> hits = results.Slice(query * k, k);
            bool isFull = counts[query] == k;
            if (float.IsNaN(farthest[query]) || (isFull && farthest[query] > hits[^1].Distance))
                continue;
            if (IsStopped(statistics[..counts.Length]))
                return;
            int count = segments[number].Search(
                queries.Slice(query * dimension, dimension), in parameters, in budget, at, selection?.MaskOf(number), found,
                out SearchStatistics cost);
            count = DropKnown(segments, number, hits[..counts[query]], found[..count]);
            counts[query] = Merge(segments, number, hits, counts[query], found[..count]);
            Add(ref statistics[query], in cost);
        }
    }

    /// <summary>
    /// Drops what is among the hits already. Both are in the same order, since a segment gives a node the same distance at each search.
    /// </summary>
    /// <returns>How many are left, at the start of <paramref name="found"/>.</returns>
    private static int DropKnown(LiveSegment[] segments, int number, Span<SearchHit> hits, Span<Neighbor> found)
    {
        int kept = 0;
        int hit = 0;
        foreach (Neighbor neighbor in found)
        {
            while (hit < hits.Length
                && (hits[hit].Segment != number
                    || (hits[hit].Node != neighbor.Node && !IsBefore(segments, number, neighbor, hits[hit]))))
            {
                hit++;
            }
            if (hit == hits.Length || hits[hit].Node != neighbor.Node)
                found[kept++] = neighbor;
        }
        return kept;
    }

    private static int Largest(LiveSegment[] segments, ItemSelection? selection, int end)
    {
        int largest = 0;
        for (int number = 1; number < end; number++)
            if (CandidatesOf(segments, selection, number) > CandidatesOf(segments, selection, largest))
                largest = number;
        return largest;
    }

    private static long Candidates(LiveSegment[] segments, ItemSelection? selection, int end)
    {
        long rows = 0;
        for (int number = 0; number < end; number++)
            rows += CandidatesOf(segments, selection, number);
        return rows;
    }

    /// <summary>
    /// About how many rows of a segment may be returned: some may have died, or come, after its read point, and a mask may hold dead ones.
    /// </summary>
    private static int CandidatesOf(LiveSegment[] segments, ItemSelection? selection, int number)
    {
        LiveSegment segment = segments[number];
        int live = Math.Max(segment.Count - segment.DeadCount, 0);
        return selection?.MaskOf(number) is { } mask ? Math.Min(mask.Count, live) : live;
    }

    /// <summary>Rows that an estimate counts a segment by.</summary>
    private static int RowsOf(LiveSegment[] segments, ItemSelection? selection, int number) =>
        selection?.MaskOf(number) is null ? segments[number].Count : CandidatesOf(segments, selection, number);

    private static void Search(
        LiveSegment segment, NodeMask? mask, ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget,
        ReadPoint at, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics)
    {
        if (counts.Length == 1)
            counts[0] = segment.Search(queries, in parameters, in budget, at, mask, results, out statistics[0]);
        else
            segment.SearchMany(queries, in parameters, in budget, at, mask, results, counts, statistics);
    }

    /// <summary>
    /// Makes hits of the results of the segment that was searched first, which lie at the start of the memory that
    /// the hits take. From the back: a hit takes more
    /// room than a result, and comes to lie over results that were read already.
    /// </summary>
    private static void Spread(Span<SearchHit> hits, Span<Neighbor> found, int number, int k, Span<int> counts)
    {
        for (int query = counts.Length - 1; query >= 0; query--)
        {
            for (int i = query * k + counts[query] - 1; i >= query * k; i--)
            {
                Neighbor neighbor = found[i];
                hits[i] = new SearchHit(number, neighbor.Node, neighbor.Distance);
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
        sum.IsByCodes |= cost.IsByCodes;
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
        Stop(statistics, reason);
        return true;
    }

    private static void Stop(Span<SearchStatistics> statistics, StopReason reason)
    {
        foreach (ref SearchStatistics one in statistics)
            one.Stopped = one.Stopped == StopReason.None ? reason : one.Stopped;
    }
}
