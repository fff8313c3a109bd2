using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>
/// A segment as an index holds it: sealed or head, with the tombstones of its nodes and a way from key to node. Counted by those who
/// hold it: its memory goes when the last one lets go.
/// </summary>
internal abstract class LiveSegment : INodeLookup
{
    private int _holders = 1;
    private SegmentMasks? _masks;

    private protected LiveSegment()
    {
    }

    /// <summary>How nearness is measured.</summary>
    public abstract Metric Metric { get; }

    /// <summary>Components of a vector.</summary>
    public abstract int Dimension { get; }

    /// <summary>What keys are.</summary>
    public abstract KeyKind KeyKind { get; }

    /// <summary>Nodes, the deleted ones too. Of a head: those whose rows are there, seen by readers or not.</summary>
    public abstract int Count { get; }

    /// <summary>Bytes of memory of its own that it holds, mapped files not counted.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Nodes deleted.</summary>
    public int DeadCount => Dead.Count;

    /// <summary>Attributes of the nodes; null when the segment has none.</summary>
    internal virtual AttributeTable? Attributes => null;

    /// <summary>Masks of its nodes, for filters. Made when they are asked for first.</summary>
    internal SegmentMasks Masks
    {
        get
        {
            if (Volatile.Read(ref _masks) is { } masks)
                return masks;
            SegmentMasks made = new(MaskCacheBytes);
            return Interlocked.CompareExchange(ref _masks, made, null) ?? made;
        }
    }

    /// <summary>Bytes of masks that are kept.</summary>
    private protected long MaskBytes => Volatile.Read(ref _masks)?.SizeInBytes ?? 0;

    /// <summary>Bytes that masks of filters may take; 0 where nodes are added, so that no mask stays right.</summary>
    private protected virtual long MaskCacheBytes => 0;

    /// <summary>Recall by beam width and work, as it was measured; null when it was not.</summary>
    internal virtual RecallCurves? Recall => null;

    /// <summary>About what a search costs; of one that says nothing of its own, as of a graph of usual degree without codes.</summary>
    /// <param name="matches">Nodes that may be returned, 1 or more.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    internal virtual SearchCosts CostsOf(int matches, int k, int ef) => SearchCosts.Of(
        Math.Max(Count, matches), matches, k, ef, slots: 32, Dimension * sizeof(float), Dimension * sizeof(float),
        isEstimated: false);

    /// <summary>Which nodes are deleted. Written by the index's one writer.</summary>
    internal abstract Tombstones Dead { get; }

    /// <summary>Up to where readers see the index, as its head tells; everything where a segment is no head.</summary>
    internal virtual ReadPoint Published => ReadPoint.All;

    /// <summary>The newest node of a key, dead or alive; −1 when the segment never had it. For the writer.</summary>
    internal abstract int FindNewest(in ItemKey key);

    /// <summary>The node of a key that a reader sees; −1 when it sees none.</summary>
    internal abstract int Find(in ItemKey key, ReadPoint at);

    /// <inheritdoc cref="INodeLookup.Locate"/>
    internal virtual int Locate(in ItemKey key, ReadPoint at) => Find(in key, at);

    /// <summary>
    /// The node of each key that a reader may see; −1 when it sees none. A node that is dead may be given too: who only strikes nodes out
    /// need not know.
    /// </summary>
    /// <param name="keys">Of the segment's kind.</param>
    /// <param name="at">What the reader sees.</param>
    /// <param name="nodes">As many as keys.</param>
    internal virtual void LocateMany(KeySpan keys, ReadPoint at, Span<int> nodes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            ItemKey key = keys[i];
            nodes[i] = Find(in key, at);
        }
    }

    /// <summary>The key of a node. Valid while the segment is held.</summary>
    internal abstract ItemKey KeyOf(int node);

    int INodeLookup.Locate(in ItemKey key, ReadPoint at) => Locate(in key, at);

    ItemKey INodeLookup.KeyOf(int node) => KeyOf(node);

    /// <summary>The vector of a node as it is stored: unit length under cosine. Valid while the segment is held.</summary>
    internal abstract ReadOnlySpan<float> Row(int node);

    /// <summary>
    /// True when level 0 of the graph leads from its entry point to a node; null when the budget ended the search for a way. Looks at every
    /// node at worst.
    /// </summary>
    /// <param name="node">One that a reader sees.</param>
    /// <param name="budget">When to stop early.</param>
    internal virtual bool? Reaches(int node, in SearchBudget budget) => true;

    /// <summary>
    /// Finds the nearest of the nodes that a reader sees, nearest first, ties by key. Allocates nothing in steady state.
    /// </summary>
    /// <inheritdoc cref="SealedSegment.Search"/>
    internal int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, Span<Neighbor> results,
        out SearchStatistics statistics) =>
        Search(query, in parameters, in budget, at, mask: null, results, out statistics);

    /// <summary>The same among the nodes of a mask: k whenever there are k.</summary>
    /// <param name="query">As many components as <see cref="Dimension"/>.</param>
    /// <param name="parameters">k, beam width, exact or not.</param>
    /// <param name="budget">When to stop early.</param>
    /// <param name="at">The reader's.</param>
    /// <param name="mask">Which nodes may be returned; null for all. Those that the reader does not see are not returned.</param>
    /// <param name="results">Room for at least k.</param>
    /// <param name="statistics">What it cost, how it was done, and whether it was stopped.</param>
    /// <returns>Results written.</returns>
    internal abstract int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, out SearchStatistics statistics);

    /// <summary>The same for several queries on the calling thread. Results of query i start at i·k.</summary>
    /// <inheritdoc cref="SealedSegment.SearchMany"/>
    internal void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, Span<Neighbor> results,
        Span<int> counts, Span<SearchStatistics> statistics) =>
        SearchMany(queries, in parameters, in budget, at, mask: null, results, counts, statistics);

    /// <summary>The same among the nodes of a mask.</summary>
    /// <inheritdoc cref="Search(ReadOnlySpan{float}, in SearchParameters, in SearchBudget, ReadPoint, NodeMask?, Span{Neighbor}, out
    /// SearchStatistics)"/>
    internal abstract void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, NodeMask? mask,
        Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics);

    /// <summary>Runs when the last holder has let go and the memory is freed.</summary>
    internal Action? Freed { get; set; }

    /// <summary>Holds the segment once more.</summary>
    internal void Hold()
    {
        int holders = Interlocked.Increment(ref _holders);
        Debug.Assert(holders > 1, "only a segment that somebody holds can be held");
    }

    /// <summary>Lets go. The last one frees the memory: nobody may be reading it then.</summary>
    internal void Release()
    {
        int holders = Interlocked.Decrement(ref _holders);
        Debug.Assert(holders >= 0);
        if (holders != 0)
            return;
        _masks?.Dispose();
        Free();
        Freed?.Invoke();
    }

    /// <summary>Frees all memory and mappings.</summary>
    private protected abstract void Free();
}
