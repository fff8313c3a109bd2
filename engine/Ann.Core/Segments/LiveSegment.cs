using System.Diagnostics;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// A segment as an index holds it: sealed or head, with the tombstones of its nodes and a way from key to node. Counted by those who
/// hold it: its memory goes when the last one lets go.
/// </summary>
public abstract class LiveSegment
{
    private int _holders = 1;

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
    internal virtual Attributes.AttributeTable? Attributes => null;

    /// <summary>Recall by beam width and work, as it was measured; null when it was not.</summary>
    internal virtual RecallCurves? Recall => null;

    /// <summary>Which nodes are deleted. Written by the index's one writer.</summary>
    internal abstract Tombstones Dead { get; }

    /// <summary>Up to where readers see the index, as its head tells; everything where a segment is no head.</summary>
    internal virtual ReadPoint Published => ReadPoint.All;

    /// <summary>The newest node of a key, dead or alive; −1 when the segment never had it. For the writer.</summary>
    internal abstract int FindNewest(in ItemKey key);

    /// <summary>The node of a key that a reader sees; −1 when it sees none.</summary>
    internal abstract int Find(in ItemKey key, ReadPoint at);

    /// <summary>The key of a node. Valid while the segment is held.</summary>
    internal abstract ItemKey KeyOf(int node);

    /// <summary>The vector of a node as it is stored: unit length under cosine. Valid while the segment is held.</summary>
    internal abstract ReadOnlySpan<float> Row(int node);

    /// <summary>
    /// Finds the nearest of the nodes that a reader sees, nearest first, ties by key. Allocates nothing in steady state.
    /// </summary>
    /// <inheritdoc cref="SealedSegment.Search"/>
    internal abstract int Search(
        ReadOnlySpan<float> query, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, Span<Neighbor> results,
        out SearchStatistics statistics);

    /// <summary>The same for several queries on the calling thread. Results of query i start at i·k.</summary>
    /// <inheritdoc cref="SealedSegment.SearchMany"/>
    internal abstract void SearchMany(
        ReadOnlySpan<float> queries, in SearchParameters parameters, in SearchBudget budget, ReadPoint at, Span<Neighbor> results,
        Span<int> counts, Span<SearchStatistics> statistics);

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
        Free();
        Freed?.Invoke();
    }

    /// <summary>Frees all memory and mappings.</summary>
    private protected abstract void Free();
}
