using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Core.Segments;

/// <summary>What is asked of a segment: one query, or several on the calling thread.</summary>
internal readonly ref struct SegmentQuery
{
    public SegmentQuery()
    {
    }

    /// <summary>One query after another, as callers gave them, with as many components each as the segment's vectors.</summary>
    public required ReadOnlySpan<float> Queries { get; init; }

    /// <summary>k, beam width, exact or not; the same for all.</summary>
    public required SearchParameters Parameters { get; init; }

    /// <summary>When to stop early; shared. Default: never.</summary>
    public SearchBudget Budget { get; init; } = SearchBudget.Unlimited;

    /// <summary>What the reader sees. Default: everything.</summary>
    public ReadPoint At { get; init; } = ReadPoint.All;

    /// <summary>Which nodes may be returned, of those that the reader sees; null for all.</summary>
    public NodeMask? Mask { get; init; }

    /// <summary>
    /// A node that walks on level 0 do not see, −1 for none: its row is then a query that the graph was not made for. Its own level is 0.
    /// </summary>
    public int Hidden { get; init; } = HnswGraph.NoNode;
}

/// <summary>What a reader sees of a segment.</summary>
/// <param name="rows">Nodes that are there.</param>
/// <param name="alive">As many of them at least are not deleted.</param>
/// <param name="isThin">True when so many are that looking at every row costs less than a walk among them.</param>
/// <param name="live">Refuses the nodes that are deleted or not there yet; null when there are none.</param>
internal readonly struct SegmentSight(int rows, int alive, bool isThin, LiveNodes? live)
{
    public int Rows => rows;

    public int Alive => alive;

    public bool IsThin => isThin;

    public LiveNodes? Live => live;

    /// <summary>Of a segment that no node was deleted from.</summary>
    public static SegmentSight Whole(int rows) => new(rows, rows, isThin: false, live: null);
}
