using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Searching;

namespace Ann.Core.Hnsw;

/// <summary>
/// Makes every node reachable from the entry point over level 0. The diversity heuristic gives no such promise: on production
/// indexes of others 18 % of the graphs had items that no search could ever return (apache/lucene#12627).
/// </summary>
internal static unsafe class Reachability
{
    /// <summary>Beam width of the search for a place to hang an unreachable node on.</summary>
    private const int RepairEf = 64;

    private const int NodesPerCheck = 1024;

    /// <summary>Finds out whether level 0 leads from the entry point to a node. A writer may add nodes and links meanwhile.</summary>
    /// <param name="graph">With one node at least.</param>
    /// <param name="target">The node; of a copy, its leader is looked for.</param>
    /// <param name="budget">When to stop early.</param>
    /// <returns>Null when it was stopped.</returns>
    public static bool? Leads<TLinks>(in HnswGraph graph, int target, in SearchBudget budget)
        where TLinks : struct, ILinkRows
    {
        target = graph.Copies.LeaderOf(target);
        ulong[] reached = new ulong[(graph.Count + 63) / 64];
        Stack<int> open = new();
        int* links = stackalloc int[graph.M0];
        int looked = 0;
        for (int node = graph.EntryPoint; node != target; node = open.Pop())
        {
            if (looked++ % NodesPerCheck == 0 && budget.Check() != StopReason.None)
                return null;
            reached[node >> 6] |= 1UL << node;
            int count = TLinks.Read(in graph, 0, node, links);
            for (int i = 0; i < count; i++)
            {
                int to = links[i];
                if ((reached[to >> 6] >> to & 1) != 0)
                    continue;
                reached[to >> 6] |= 1UL << to;
                open.Push(to);
            }
            if (open.Count == 0)
                return false;
        }
        return true;
    }

    /// <summary>Counts the nodes reachable from the entry point over level 0, copies through their leaders.</summary>
    public static int Count(in HnswGraph graph)
    {
        Tree tree = new(graph);
        int reached = tree.Reached;
        for (int node = 0; node < graph.Count && !graph.Copies.IsEmpty; node++)
            reached += graph.Copies.IsCopy(node) && tree.Contains(graph.Copies.LeaderOf(node)) ? 1 : 0;
        return reached;
    }

    /// <summary>Adds, or where a row is full exchanges, one link for each part of the graph that cannot be reached.</summary>
    /// <returns>Links added or exchanged.</returns>
    public static int Repair<TDistance, TScorer>(in HnswGraph graph, in TDistance distance, CancellationToken cancellation)
        where TDistance : struct, IBuildDistance<TScorer>
        where TScorer : struct, INodeScorer
    {
        Tree tree = new(graph);
        int nodes = graph.Count - graph.Copies.Count(graph.Count);
        if (tree.Reached == nodes)
            return 0;

        int repaired = 0;
        using SearchContext context = new(graph.Count, graph.M0);
        for (int node = 0; node < graph.Count; node++)
        {
            if (tree.Contains(node) || graph.Copies.IsCopy(node))
                continue;
            cancellation.ThrowIfCancellationRequested();

            TScorer scorer = distance.ScorerOf(node);
            context.Begin(SearchBudget.Unlimited);
            LayerSearch.Run<TScorer, AcceptAll, SealedLinks>(in graph, in scorer, default, new WalkWidth(RepairEf), context);
            if (!TryHang(in graph, tree, node, context.Beam.Entries))
                HangAnywhere(in graph, tree, node);
            repaired++;
        }
        Debug.Assert(tree.Reached == nodes);
        return repaired;
    }

    /// <summary>Links to the node from the nearest that has a free slot; else from the nearest that can give up a link.</summary>
    private static bool TryHang(in HnswGraph graph, Tree tree, int node, ReadOnlySpan<ulong> nearest)
    {
        // A search may have come down from an upper level to a node that level 0 does not reach: only the tree tells.
        foreach (ulong entry in nearest)
            if (tree.Contains(Beam.NodeOf(entry)) && TryUseFreeSlot(in graph, tree, Beam.NodeOf(entry), node))
                return true;
        foreach (ulong entry in nearest)
            if (tree.Contains(Beam.NodeOf(entry)) && TryExchange(in graph, tree, Beam.NodeOf(entry), node))
                return true;
        return false;
    }

    /// <summary>The tree has count − 1 edges and the rows have 2M slots each, so some reachable row has room.</summary>
    private static void HangAnywhere(in HnswGraph graph, Tree tree, int node)
    {
        for (int from = 0; from < graph.Count; from++)
        {
            if (tree.Contains(from) && (TryUseFreeSlot(in graph, tree, from, node) || TryExchange(in graph, tree, from, node)))
                return;
        }
        throw new UnreachableException("A reachable row always has a free slot or a link outside the tree.");
    }

    private static bool TryUseFreeSlot(in HnswGraph graph, Tree tree, int from, int node)
    {
        int used = graph.Neighbors(0, from).Length;
        if (used == graph.M0)
            return false;
        graph.Links(0, from)[used] = node;
        tree.Add(from, node);
        return true;
    }

    /// <summary>Gives up the farthest link that no other node depends on for being reached.</summary>
    private static bool TryExchange(in HnswGraph graph, Tree tree, int from, int node)
    {
        for (int slot = graph.M0 - 1; slot >= 0; slot--)
        {
            if (tree.ParentOf(graph.Links(0, from)[slot]) == from)
                continue;
            graph.Links(0, from)[slot] = node;
            tree.Add(from, node);
            return true;
        }
        return false;
    }

    /// <summary>The reachable nodes, each with the node it was reached from.</summary>
    private sealed class Tree
    {
        private const int NotReached = -1;

        private readonly HnswGraph _graph;
        private readonly int[] _parents;
        private readonly Stack<int> _open = new();

        public Tree(in HnswGraph graph)
        {
            _graph = graph;
            _parents = new int[graph.Count];
            Array.Fill(_parents, NotReached);
            Add(graph.EntryPoint, graph.EntryPoint);
        }

        public int Reached { get; private set; }

        public bool Contains(int node) => _parents[node] != NotReached;

        public int ParentOf(int node) => _parents[node];

        /// <summary>Adds a node and all that is reachable through it.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Add(int parent, int node)
        {
            Reach(parent, node);
            while (_open.TryPop(out int from))
                foreach (int to in _graph.Neighbors(0, from))
                    if (!Contains(to))
                        Reach(from, to);
        }

        private void Reach(int parent, int node)
        {
            Debug.Assert(!Contains(node));
            _parents[node] = parent;
            Reached++;
            _open.Push(node);
        }
    }
}
