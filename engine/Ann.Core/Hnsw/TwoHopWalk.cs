using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk of the nodes that a filter accepts, as if the graph had been built of them alone (ACORN-1, Patel et al. 2024): only accepted
/// nodes are scored and expanded, and where a neighbour is refused, its neighbours stand in for it.
/// </summary>
/// <remarks>
/// <para>A walk that goes through refused nodes costs 1 / selectivity, and ends among them where the filter opposes the query. This one
/// costs the same at every selectivity, up to looking at the links of all neighbours of a node.</para>
/// <para>It begins at accepted nodes from all over the graph, for where the greedy descent ends there may be none.</para>
/// <para>As in <see cref="BlockWalk{TScorer,TFilter}"/>, what was found is scored one expansion late, when its memory has come.</para>
/// </remarks>
internal static unsafe class TwoHopWalk
{
    /// <summary>Rows of links that are asked for before their turn.</summary>
    private const int RowsAhead = 2;

    /// <summary>Rows of links of refused neighbours asked for before the first is read.</summary>
    private const int BridgesAhead = 8;

    /// <summary>
    /// The share of the nodes around a node that a filter accepts, 0 to 1: those two hops away, over a few of its neighbours.
    /// </summary>
    public static float ShareAround<TFilter, TLinks>(in HnswGraph graph, int node, in TFilter filter, SearchContext context)
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        int* neighbors = context.RefusedStart;
        int* nodes = context.NodesStart;
        int rows = Math.Min(BridgesAhead, TLinks.Read(in graph, 0, node, neighbors));
        for (int i = 0; i < rows; i++)
            Memory.Prefetch(graph.Links(0, neighbors[i]), graph.RowBytes);
        int looked = 0;
        int accepted = 0;
        for (int i = 0; i < rows; i++)
        {
            int count = TLinks.Read(in graph, 0, neighbors[i], nodes);
            for (int j = 0; j < count; j++)
                accepted += filter.Accepts(nodes[j]) ? 1 : 0;
            looked += count;
        }
        return looked == 0 ? 1 : (float)accepted / looked;
    }

    /// <summary>
    /// Finds the ef nearest nodes that a filter accepts, and leaves them in <see cref="SearchContext.Beam"/>, nearest first.
    /// </summary>
    /// <param name="graph">Its entry point is there.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="filter">Who may be returned.</param>
    /// <param name="entry">Where the greedy descent ended; its node may be refused.</param>
    /// <param name="seeds">Nodes from all over the graph; those that the filter refuses are left out.</param>
    /// <param name="ef">Beam width.</param>
    /// <param name="context">Scratch.</param>
    public static WalkOutcome Run<TScorer, TFilter, TLinks>(
        in HnswGraph graph, in TScorer scorer, TFilter filter, ulong entry, ReadOnlySpan<int> seeds, int ef, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        Beam beam = context.Beam;
        beam.Reset(ef);
        Plant(in scorer, in filter, seeds, graph.Copies, context);

        int from = Beam.NodeOf(entry);
        int waiting = 0;
        if (!filter.Accepts(from))
        {
            waiting = Expand<TScorer, TFilter, TLinks>(in graph, in scorer, in filter, from, 0, context);
        }
        else if (context.Visited.TryMark(from))
        {
            beam.Add(entry);
        }

        while (true)
        {
            if (!beam.TryExpand(out int closest))
            {
                if (waiting == 0)
                    break;
                ScorePending(waiting, in scorer, context);
                waiting = 0;
                continue;
            }
            if (context.MustStop())
                break;
            context.Statistics.Expanded++;
            waiting = Expand<TScorer, TFilter, TLinks>(in graph, in scorer, in filter, closest, waiting, context);
            beam.PrefetchAhead(in graph, graph.RowBytes, RowsAhead);
        }
        return context.End(default(AcceptAll));
    }

    /// <summary>Puts the seeds into the beam, leaders for their copies, as many as it has room for.</summary>
    private static void Plant<TScorer, TFilter>(
        in TScorer scorer, in TFilter filter, ReadOnlySpan<int> seeds, NodeCopies copies, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        foreach (int seed in seeds)
            scorer.Prefetch(seed);
        foreach (int seed in seeds)
        {
            int node = copies.LeaderOf(seed);
            if (filter.Accepts(node) && context.Visited.TryMark(node))
                context.Beam.Add(Beam.Pack(node, scorer.Score(node)));
        }
        context.Statistics.Visited += seeds.Length;
    }

    /// <summary>
    /// Looks at the neighbours of a node, and over refused ones at theirs; scores what the last call found, while the memory of these
    /// comes.
    /// What it finds is pending then.
    /// </summary>
    /// <returns>Nodes found.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Expand<TScorer, TFilter, TLinks>(
        in HnswGraph graph, in TScorer scorer, in TFilter filter, int node, int waiting, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        int* found = context.NodesStart;
        int* refused = context.RefusedStart;
        int slots = graph.M0;
        int links = TLinks.Read(in graph, 0, node, refused);
        int count = 0;
        int bridges = 0;
        for (int i = 0; i < links; i++)
        {
            int neighbor = refused[i];
            int accepted = filter.Accepts(neighbor) ? 1 : 0;
            found[count] = neighbor;
            refused[bridges] = neighbor;
            count += accepted;
            bridges += 1 - accepted;
        }
        count = context.Visited.Mark(found, count, found);
        for (int i = 0; i < Math.Min(bridges, BridgesAhead); i++)
            Memory.Prefetch(graph.Links(0, refused[i]), graph.RowBytes);
        for (int i = 0; i < count; i++)
            scorer.Prefetch(found[i]);
        ScorePending(waiting, in scorer, context);

        for (int i = 0; i < bridges && count < slots; i++)
        {
            if (i + BridgesAhead < bridges)
                Memory.Prefetch(graph.Links(0, refused[i + BridgesAhead]), graph.RowBytes);
            if (!context.Visited.TryMark(refused[i]))
                continue;
            int* beyond = found + count;
            int more = 0;
            int row = TLinks.Read(in graph, 0, refused[i], beyond);
            for (int j = 0; j < row; j++)
            {
                int other = beyond[j];
                beyond[more] = other;
                more += filter.Accepts(other) ? 1 : 0;
            }
            more = context.Visited.Mark(beyond, more, beyond);
            for (int j = 0; j < more; j++)
                scorer.Prefetch(beyond[j]);
            count += more;
        }
        context.Statistics.Visited += count;
        context.SwapPending();
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScorePending<TScorer>(int count, in TScorer scorer, SearchContext context)
        where TScorer : struct, INodeScorer
    {
        Debug.Assert(count >= 0);
        int* nodes = context.PendingStart;
        scorer.Score(new ReadOnlySpan<int>(nodes, count), new Span<float>(context.DistancesStart, count));
        context.AddFound(context.Beam, nodes, count, default(AcceptAll));
    }
}
