using System.Diagnostics;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The memory of a graph that grows node by node up to a capacity, at fixed addresses: readers walk it meanwhile. Node 0 is given the
/// highest level of all, so that entry point and height never change.
/// </summary>
internal sealed unsafe class HeadGraph : IDisposable
{
    private readonly LazyBlock _levels;
    private readonly LazyBlock _upperSlots;
    private readonly LazyBlock _level0;
    private readonly LazyBlock _upperLinks;

    /// <param name="capacity">Most nodes, 1 or more.</param>
    /// <param name="parameters">Shape; its seed gives each node but the first its level.</param>
    /// <param name="copies">Nodes that others stand for, which come to be while it grows; node 0 never does.</param>
    public HeadGraph(int capacity, HnswParameters parameters, NodeCopies copies = default)
    {
        Debug.Assert(capacity > 0);
        _levels = new LazyBlock(capacity);
        _upperSlots = new LazyBlock((long)capacity * sizeof(int));
        byte highest = 0;
        for (int node = 0; node < capacity; node++)
            highest = Math.Max(highest, _levels.Start[node] = (byte)parameters.LevelOf(node));
        _levels.Start[0] = highest;

        long rows = 0;
        for (int node = 0; node < capacity; node++)
        {
            int level = _levels.Start[node];
            ((int*)_upperSlots.Start)[node] = level == 0 ? HnswGraph.NoNode : checked((int)rows);
            rows += level;
        }

        _level0 = new LazyBlock((long)capacity * parameters.M0 * sizeof(int));
        _upperLinks = new LazyBlock(rows * parameters.M * sizeof(int));
        Graph = new HnswGraph(
            capacity, parameters.M, (int*)_level0.Start, _levels.Start, (int*)_upperSlots.Start, (int*)_upperLinks.Start,
            entryPoint: 0, maxLevel: highest, copies: copies);
    }

    /// <summary>The graph in this memory.</summary>
    public HnswGraph Graph { get; }

    /// <summary>Bytes of the links on upper levels once all nodes are there.</summary>
    public long UpperBytes => _upperLinks.SizeInBytes;

    /// <summary>The same of a graph that is not made yet.</summary>
    public static long UpperBytesOf(int capacity, HnswParameters parameters)
    {
        long rows = 0;
        int highest = 0;
        for (int node = 0; node < capacity; node++)
        {
            int level = parameters.LevelOf(node);
            rows += level;
            highest = Math.Max(highest, level);
        }
        return (rows + highest - parameters.LevelOf(0)) * parameters.M * sizeof(int);
    }

    /// <summary>Empties the rows of links of a node that is about to come.</summary>
    public void Begin(int node)
    {
        int level = Graph.LevelOf(node);
        new Span<int>(Graph.Links(0, node), Graph.M0).Fill(HnswGraph.NoNode);
        if (level > 0)
            new Span<int>(Graph.Links(1, node), level * Graph.M).Fill(HnswGraph.NoNode);
    }

    public void Dispose()
    {
        _levels.Dispose();
        _upperSlots.Dispose();
        _level0.Dispose();
        _upperLinks.Dispose();
    }
}
