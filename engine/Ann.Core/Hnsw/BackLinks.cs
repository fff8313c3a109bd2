using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The links of a batch turned round: for each node that was linked to, who linked. A chain of edges per target instead of a sort; targets
/// come in the order of the batch, so that near ones are near in it too.
/// </summary>
internal sealed unsafe class BackLinks : IDisposable
{
    /// <summary>Edges count from 1, so that fresh memory, all zero, holds none.</summary>
    private const int NoEdge = 0;

    private readonly LazyBlock _lastEdges;
    private Edge[] _edges = [];
    private int[] _targets = [];
    private int _targetCount;

    /// <param name="nodes">Nodes of the graph.</param>
    public BackLinks(int nodes) => _lastEdges = new LazyBlock((long)nodes * sizeof(int));

    /// <summary>Nodes that the batch linked to.</summary>
    public ReadOnlySpan<int> Targets => _targets.AsSpan(0, _targetCount);

    private int* LastEdges => (int*)_lastEdges.Start;

    /// <summary>Collects the links of a batch on one level. The last batch's must have been taken.</summary>
    /// <param name="graph">Where the links are.</param>
    /// <param name="level">Of the graph.</param>
    /// <param name="batch">Sorted by level, highest first.</param>
    /// <param name="chosen">How many of a node's links count, the first ones; null for all.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Collect(in HnswGraph graph, int level, ReadOnlySpan<int> batch, ushort* chosen = null)
    {
        int edges = NoEdge + 1;
        _targetCount = 0;
        foreach (int node in batch)
        {
            if (graph.LevelOf(node) < level)
                break; // a batch is sorted by level, highest first
            ReadOnlySpan<int> links = chosen is null ? graph.Neighbors(level, node) : new(graph.Links(level, node), chosen[node]);
            foreach (int target in links)
            {
                if (edges >= _edges.Length)
                {
                    Array.Resize(ref _edges, Math.Max(1024, edges * 2));
                    Array.Resize(ref _targets, _edges.Length);
                }
                ref int last = ref LastEdges[target];
                if (last == NoEdge)
                    _targets[_targetCount++] = target;
                int count = last == NoEdge ? 1 : _edges[last].Count + 1;
                _edges[edges] = new Edge(node, last, count);
                last = edges++;
            }
        }
    }

    /// <summary>Nodes that linked to a target.</summary>
    public int Count(int target) => _edges[LastEdges[target]].Count;

    /// <summary>Writes the nodes that linked to a target, and forgets them. May be called for different targets at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(int target, Span<int> nodes)
    {
        int written = 0;
        for (int edge = LastEdges[target]; edge != NoEdge; edge = _edges[edge].Previous)
            nodes[written++] = _edges[edge].Node;
        LastEdges[target] = NoEdge;
    }

    public void Dispose() => _lastEdges.Dispose();

    /// <param name="Node">Who linked.</param>
    /// <param name="Previous">The target's edge before this one, or <see cref="NoEdge"/>.</param>
    /// <param name="Count">Edges of the target up to this one.</param>
    private readonly record struct Edge(int Node, int Previous, int Count);
}
