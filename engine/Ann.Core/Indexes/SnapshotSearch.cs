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
internal readonly ref struct SnapshotSearch
{
    /// <summary>Of the snapshot, the head last.</summary>
    public required LiveSegment[] Segments { get; init; }

    /// <summary>The write that every segment is read as of: that of the selection where there is one.</summary>
    public required ReadPoint At { get; init; }

    /// <summary>What may be returned; null for all.</summary>
    public required ItemSelection? Selection { get; init; }

    /// <summary>One or more queries, with as many components each as the segments' vectors.</summary>
    public required ReadOnlySpan<float> Queries { get; init; }

    /// <summary>k, beam width, exact or not.</summary>
    public required SearchParameters Parameters { get; init; }

    /// <summary>When to stop early.</summary>
    public required SearchBudget Budget { get; init; }

    /// <summary>Room for k of each query.</summary>
    public required Span<SearchHit> Results { get; init; }

    /// <summary>One a query: results written.</summary>
    public required Span<int> Counts { get; init; }

    /// <summary>One a query: what it cost.</summary>
    public required Span<SearchStatistics> Statistics { get; init; }

    /// <summary>Segments that are searched: an empty head is nothing to search.</summary>
    private int End => At.Rows == 0 ? Math.Max(Segments.Length - 1, 1) : Segments.Length;

    /// <summary>
    /// Up to where a reader sees a segment whose index it sees up to <paramref name="now"/>. Of all but the head it sees all rows, and no
    /// deletion later than the index's read point. What a frozen head published last does not count: the batch that filled it was published
    /// by the head that followed, and went on there.
    /// </summary>
    public static ReadPoint PointOf(LiveSegment[] segments, int number, ReadPoint now) =>
        number == segments.Length - 1 ? now : now with { Rows = int.MaxValue };

    /// <summary>Searches.</summary>
    public void Run()
    {
        Parameters.Validate();
        int queries = Counts.Length;
        long room = (long)Parameters.K * queries;
        if (Results.Length < room)
            throw new ArgumentException($"k is {Parameters.K} for {queries} queries; there is room for {Results.Length} results.");

        Span<SearchHit> results = Results[..(int)room];
        int largest = Largest();
        Span<Neighbor> first = MemoryMarshal.Cast<SearchHit, Neighbor>(results)[..(int)room];
        Search(largest, Parameters, first, Counts, Statistics);
        Spread(results, first, largest);

        double rows = 0;
        for (int number = 0; number < Segments.Length; number++)
            rows += RowsOf(number);
        RecallEstimate estimate = new(Segments, rows, Parameters.K);
        foreach (ref SearchStatistics one in Statistics[..queries])
            one.EstimatedRecall = rows == 0 ? 1 : estimate.Of(Segments[largest], RowsOf(largest), in one);
        if (End > 1)
            Rest(largest, in estimate);
        if (Selection is { Stopped: not StopReason.None } selection)
        {
            Stop(selection.Stopped); // items that it had not come to were not searched either
            for (int query = 0; query < queries; query++)
                Statistics[query].EstimatedRecall = Counts[query] == 0 ? 0 : double.NaN; // and nobody knows how many match
        }
    }

    private void Rest(int largest, in RecallEstimate estimate)
    {
        int k = Parameters.K;
        int queries = Counts.Length;
        int end = End;
        Neighbor[] found = ArrayPool<Neighbor>.Shared.Rent(k * queries);
        int[] foundCounts = ArrayPool<int>.Shared.Rent(queries);
        SearchStatistics[] costs = ArrayPool<SearchStatistics>.Shared.Rent(queries);
        float[] farthest = ArrayPool<float>.Shared.Rent(end * queries);
        try
        {
            double rows = Math.Max(Candidates(end), 1);
            for (int number = 0; number < end; number++)
            {
                Span<float> ends = farthest.AsSpan(number * queries, queries);
                ends.Fill(float.NaN);
                if (number == largest)
                    continue;
                if (IsStopped())
                    return;
                SearchParameters part = BeamShare.Of(Parameters, CandidatesOf(number) / rows);
                Search(number, in part, found, foundCounts.AsSpan(0, queries), costs.AsSpan(0, queries));
                for (int query = 0; query < queries; query++)
                {
                    Span<Neighbor> few = found.AsSpan(query * part.K, foundCounts[query]);
                    if (part.BeamWidth < Parameters.BeamWidth && few.Length == part.K)
                        ends[query] = few[^1].Distance;
                    Counts[query] = Merge(number, Results.Slice(query * k, k), Counts[query], few);
                    costs[query].EstimatedRecall = estimate.Of(Segments[number], RowsOf(number), in costs[query], part.K);
                    Add(ref Statistics[query], in costs[query]);
                }
            }
            for (int number = 0; number < end; number++)
                Again(number, farthest.AsSpan(number * queries, queries), found);
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
    /// <param name="number">The segment.</param>
    /// <param name="farthest">Distance of the last that it gave to each query; NaN where there is nothing to ask again.</param>
    /// <param name="found">Scratch.</param>
    private void Again(int number, Span<float> farthest, Span<Neighbor> found)
    {
        int k = Parameters.K;
        int dimension = Queries.Length / Counts.Length;
        for (int query = 0; query < Counts.Length; query++)
        {
            Span<SearchHit> hits = Results.Slice(query * k, k);
            bool isFull = Counts[query] == k;
            if (float.IsNaN(farthest[query]) || (isFull && farthest[query] > hits[^1].Distance))
                continue;
            if (IsStopped())
                return;
            int count = 0;
            SearchStatistics cost = default;
            Segments[number].Search(
                QueryOf(number, Queries.Slice(query * dimension, dimension), Parameters), found, new Span<int>(ref count),
                new Span<SearchStatistics>(ref cost));
            count = DropKnown(number, hits[..Counts[query]], found[..count]);
            Counts[query] = Merge(number, hits, Counts[query], found[..count]);
            Add(ref Statistics[query], in cost);
        }
    }

    /// <summary>
    /// Drops what is among the hits already. Both are in the same order, since a segment gives a node the same distance at each search.
    /// </summary>
    /// <returns>How many are left, at the start of <paramref name="found"/>.</returns>
    private int DropKnown(int number, Span<SearchHit> hits, Span<Neighbor> found)
    {
        int kept = 0;
        int hit = 0;
        foreach (Neighbor neighbor in found)
        {
            while (hit < hits.Length
                && (hits[hit].Segment != number
                    || (hits[hit].Node != neighbor.Node && !IsBefore(number, neighbor, hits[hit]))))
            {
                hit++;
            }
            if (hit == hits.Length || hits[hit].Node != neighbor.Node)
                found[kept++] = neighbor;
        }
        return kept;
    }

    private int Largest()
    {
        int largest = 0;
        for (int number = 1; number < End; number++)
            if (CandidatesOf(number) > CandidatesOf(largest))
                largest = number;
        return largest;
    }

    private long Candidates(int end)
    {
        long rows = 0;
        for (int number = 0; number < end; number++)
            rows += CandidatesOf(number);
        return rows;
    }

    /// <summary>
    /// About how many rows of a segment may be returned: some may have died, or come, after its read point, and a mask may hold dead ones.
    /// </summary>
    private int CandidatesOf(int number)
    {
        LiveSegment segment = Segments[number];
        int live = Math.Max(segment.Count - segment.DeadCount, 0);
        return Selection?.MaskOf(number) is { } mask ? Math.Min(mask.Count, live) : live;
    }

    /// <summary>Rows that an estimate counts a segment by.</summary>
    private int RowsOf(int number) => Selection?.MaskOf(number) is null ? Segments[number].Count : CandidatesOf(number);

    private void Search(
        int number, in SearchParameters parameters, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        Segments[number].Search(QueryOf(number, Queries, in parameters), results, counts, statistics);

    private SegmentQuery QueryOf(int number, ReadOnlySpan<float> queries, in SearchParameters parameters) => new()
    {
        Queries = queries,
        Parameters = parameters,
        Budget = Budget,
        At = PointOf(Segments, number, At),
        Mask = Selection?.MaskOf(number),
    };

    /// <summary>
    /// Makes hits of the results of the segment that was searched first, which lie at the start of the memory that
    /// the hits take. From the back: a hit takes more
    /// room than a result, and comes to lie over results that were read already.
    /// </summary>
    private void Spread(Span<SearchHit> hits, Span<Neighbor> found, int number)
    {
        int k = Parameters.K;
        for (int query = Counts.Length - 1; query >= 0; query--)
        {
            for (int i = query * k + Counts[query] - 1; i >= query * k; i--)
            {
                Neighbor neighbor = found[i];
                hits[i] = new SearchHit(number, neighbor.Node, neighbor.Distance);
            }
        }
    }

    /// <summary>Merges what a segment found into the hits so far, and keeps the nearest. Both are in order, ties by key.</summary>
    /// <returns>Hits now.</returns>
    private int Merge(int number, Span<SearchHit> hits, int count, Span<Neighbor> found)
    {
        // How many of each stay, from the front; then each to its place, from the back.
        int total = Math.Min(hits.Length, count + found.Length);
        int old = 0;
        int added = 0;
        while (old + added < total)
        {
            if (old < count && (added == found.Length || !IsBefore(number, found[added], hits[old])))
                old++;
            else
                added++;
        }
        for (int place = total - 1; added > 0; place--)
        {
            Neighbor neighbor = found[added - 1];
            if (old > 0 && IsBefore(number, neighbor, hits[old - 1]))
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

    private bool IsBefore(int number, Neighbor found, SearchHit hit)
    {
        // Zero has two signs, and a segment orders by them.
        ulong foundDistance = Beam.Pack(0, found.Distance);
        ulong hitDistance = Beam.Pack(0, hit.Distance);
        return foundDistance != hitDistance
            ? foundDistance < hitDistance
            : Segments[number].KeyOf(found.Node).CompareTo(Segments[hit.Segment].KeyOf(hit.Node)) < 0;
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
    private bool IsStopped()
    {
        StopReason reason = StopReason.None;
        foreach (ref SearchStatistics one in Statistics[..Counts.Length])
            reason = reason == StopReason.None ? one.Stopped : reason;
        if (reason == StopReason.None)
            return false;
        Stop(reason);
        return true;
    }

    private void Stop(StopReason reason)
    {
        foreach (ref SearchStatistics one in Statistics[..Counts.Length])
            one.Stopped = one.Stopped == StopReason.None ? reason : one.Stopped;
    }
}
