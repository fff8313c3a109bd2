using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk of a graph that one writer changes meanwhile. As <see cref="LayerSearch"/>, but a row of links is read once, slot by slot, and
/// taken as it comes: some old slots, some new, one node twice, or cut short.
/// </summary>
/// <remarks>
/// What is relied on (<see cref="GraphInserter{TDistance,TScorer}"/> keeps it, on Arm too): a slot holds a node that is there with its row,
/// its level and its own links, or <see cref="HnswGraph.NoNode"/>. Slots are therefore read with acquire, and were written with release
/// after a fence. Nothing is assumed of two slots together.
/// <para>As in <see cref="BlockWalk{TScorer,TFilter}"/>, what was found is scored one expansion late, when its memory has come.</para>
/// </remarks>
internal static unsafe class HeadWalk
{
    /// <summary>Rows of links that are asked for before their turn.</summary>
    private const int RowsAhead = 3;

    /// <summary>
    /// Finds the ef nearest nodes of a query that a filter accepts, and leaves them in <see cref="SearchContext.Beam"/>, nearest first.
    /// </summary>
    /// <param name="graph">Its entry point is there.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="filter">Who may be returned. The others are walked through.</param>
    /// <param name="ef">Nodes to keep among those accepted.</param>
    /// <param name="context">For as many nodes as the graph has room for.</param>
    public static void Run<TScorer, TFilter>(in HnswGraph graph, in TScorer scorer, TFilter filter, int ef, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        ulong entry = GreedyDescent.Run<TScorer, GrowingRows>(in graph, in scorer, context);
        context.Reset<TFilter>(ef);
        SearchContext.Add(context.Beam, entry, in filter);
        RunBottom(in graph, in scorer, filter, context);
    }

    private static void RunBottom<TScorer, TFilter>(in HnswGraph graph, in TScorer scorer, TFilter filter, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        Beam beam = context.Beam;
        VisitedSet visited = context.Visited;
        Debug.Assert(beam.Count > 0, "the caller seeds the beam");

        foreach (ulong entry in beam.Entries)
            visited.TryMark(Beam.NodeOf(entry));
        int waiting = 0;
        while (true)
        {
            if (!beam.TryExpand(out int closest))
            {
                if (waiting == 0)
                    break;
                ScorePending(waiting, in scorer, in filter, context);
                waiting = 0;
                continue;
            }
            if (context.MustStop())
                break;
            context.Statistics.Expanded++;

            int* nodes = context.NodesStart;
            int count = visited.MarkChanging(graph.Links(0, closest), graph.M0, graph.Count, nodes);
            for (int i = 0; i < count; i++)
                scorer.Prefetch(nodes[i]);
            context.Statistics.Visited += count;
            ScorePending(waiting, in scorer, in filter, context);
            context.SwapPending();
            waiting = count;
            beam.PrefetchAhead(in graph, graph.M0 * sizeof(int), RowsAhead);
        }
        context.End(in filter);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScorePending<TScorer, TFilter>(int count, in TScorer scorer, in TFilter filter, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        int* nodes = context.PendingStart;
        Beam beam = context.Beam;
        scorer.Score(new ReadOnlySpan<int>(nodes, count), new Span<float>(context.DistancesStart, count));
        foreach (ulong entry in context.PackFound(nodes, count, beam.Threshold))
            SearchContext.Add(beam, entry, in filter);
    }
}
