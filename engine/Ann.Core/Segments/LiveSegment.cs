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

    /// <inheritdoc cref="SegmentSearcher.CostsOf"/>
    internal SearchCosts CostsOf(int matches, int k, int ef) => Searcher.CostsOf(Math.Max(Count, matches), matches, k, ef);

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
    /// The payload of a node; empty when it has none. Read where it lies, so that its length costs nothing. Valid while the segment is
    /// held.
    /// </summary>
    internal virtual ReadOnlySpan<byte> Payload(int node) => default;

    /// <summary>True when a node has a payload.</summary>
    internal virtual bool HasPayloads => false;

    /// <summary>
    /// True when level 0 of the graph leads from its entry point to a node; null when the budget ended the search for a way. Looks at every
    /// node at worst.
    /// </summary>
    /// <param name="node">One that a reader sees.</param>
    /// <param name="budget">When to stop early.</param>
    internal virtual bool? Reaches(int node, in SearchBudget budget) => true;

    /// <inheritdoc cref="SegmentSearcher.Search(in SegmentQuery, SegmentSight, Span{Neighbor}, Span{int}, Span{SearchStatistics})"/>
    internal virtual void Search(in SegmentQuery query, Span<Neighbor> results, Span<int> counts, Span<SearchStatistics> statistics) =>
        Searcher.Search(in query, SightAt(query.At), results, counts, statistics);

    /// <summary>Searches it.</summary>
    private protected abstract SegmentSearcher Searcher { get; }

    /// <summary>What a reader sees of it.</summary>
    private protected abstract SegmentSight SightAt(ReadPoint at);

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
