using System.Diagnostics;
using System.Numerics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// The identical rows of a head: a table from row to the first node that had it, behind which later ones are chained. One writer; readers
/// follow the chains meanwhile.
/// </summary>
/// <param name="rows">First component of the first row.</param>
/// <param name="rowStride">Floats from one row to the next.</param>
/// <param name="dimension">Components of a row.</param>
/// <param name="capacity">Most rows.</param>
internal sealed unsafe class HeadCopies(float* rows, int rowStride, int dimension, int capacity) : IDisposable
{
    /// <summary>Copies of a dead leader that are looked at for a living one: the newest, which most often live.</summary>
    private const int MostLooked = 16;

    private readonly LazyBlock _links = new((long)capacity * sizeof(CopyLink));
    private readonly LazyBlock _slots = new(SlotsOf(capacity) * (long)sizeof(int));
    private readonly float[] _scratch = new float[dimension];
    private readonly int _mask = SlotsOf(capacity) - 1;
    private volatile bool _any;

    /// <summary>What the graph is made with. Valid until this is disposed.</summary>
    public NodeCopies Nodes => new((CopyLink*)_links.Start);

    /// <summary>The same for readers, who have less to do while no two rows are identical.</summary>
    public NodeCopies Seen => _any ? Nodes : default;

    /// <summary>Bytes that each row takes.</summary>
    public static int BytesPerRow => sizeof(CopyLink);

    /// <summary>Bytes of the table for a capacity.</summary>
    public static long TableBytes(int capacity) => SlotsOf(capacity) * (long)sizeof(int);

    /// <summary>Notes a row. Writer only; rows come in order.</summary>
    /// <param name="node">Its number.</param>
    /// <returns>True when a row before it is identical: it is then a copy of that, and no part of the graph.</returns>
    public bool Add(int node)
    {
        ReadOnlySpan<float> row = Row(node);
        int* slots = (int*)_slots.Start;
        for (int slot = (int)IdenticalRows.Hash(row, _scratch) & _mask; ; slot = (slot + 1) & _mask)
        {
            int leader = slots[slot] - 1;
            if (leader < 0)
            {
                slots[slot] = node + 1;
                return false;
            }
            if (!IdenticalRows.AreSame(row, Row(leader)))
                continue;
            Nodes.Add(leader, node);
            _any = true;
            return true;
        }
    }

    /// <summary>
    /// True when a leader and its newest copies are dead. For choosing links alone: that one lives behind many dead ones may be missed.
    /// </summary>
    /// <param name="leader">The leader.</param>
    /// <param name="isDead">Of a node by itself.</param>
    public bool AreDead(int leader, Predicate<int> isDead)
    {
        Debug.Assert(!Nodes.IsCopy(leader));
        int node = leader;
        for (int looked = 0; node != HnswGraph.NoNode && looked <= MostLooked; looked++)
        {
            if (!isDead(node))
                return false;
            node = Nodes.Next(node);
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _links.Dispose();
        _slots.Dispose();
    }

    private static int SlotsOf(int capacity) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2L * capacity, 16));

    private ReadOnlySpan<float> Row(int node) => new(rows + (long)node * rowStride, dimension);
}
