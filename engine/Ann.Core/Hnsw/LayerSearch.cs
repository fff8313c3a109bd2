using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk (Malkov &amp; Yashunin 2018, Algorithms 2 and 5) of a finished graph, or of one that a writer changes meanwhile. The plain
/// version that the tests hold it against is in the tests.
/// </summary>
/// <remarks>
/// Of a row of links that changes, what is relied on is in <see cref="GrowingRows"/>. Where <see cref="ILinkRows.AreScoredLate"/>, what was
/// found is scored one expansion late, when its memory has come, as in <see cref="BlockWalk{TScorer,TFilter}"/>.
/// </remarks>
internal static unsafe class LayerSearch
{
    /// <summary>Rows of links that are asked for before their turn, where nodes are scored late.</summary>
    private const int RowsAhead = 3;

    /// <summary>
    /// Finds the nearest nodes of a query that a filter accepts: greedy steps down to level 1, then a best-first search of level 0. Leaves
    /// them in <see cref="SearchContext.Beam"/>, nearest first.
    /// </summary>
    /// <param name="graph">Its entry point is there.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="filter">Who may be returned. The others are walked through.</param>
    /// <param name="width">How many are found.</param>
    /// <param name="context">For as many nodes as the graph has room for.</param>
    public static WalkOutcome Run<TScorer, TFilter, TLinks>(
        in HnswGraph graph, in TScorer scorer, TFilter filter, WalkWidth width, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        ulong entry = GreedyDescent.Run<TScorer, TLinks>(in graph, in scorer, context);
        context.Reset<TFilter>(width);
        SearchContext.Add(context.Beam, entry, in filter);
        return RunBottom<TScorer, TFilter, TLinks>(in graph, in scorer, filter, context);
    }

    /// <summary>
    /// Best-first search of level 0 from the entries in the beam, none of them expanded yet. Ends when every entry is expanded, or when the
    /// budget does.
    /// </summary>
    private static WalkOutcome RunBottom<TScorer, TFilter, TLinks>(
        in HnswGraph graph, in TScorer scorer, TFilter filter, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
        where TLinks : struct, ILinkRows
    {
        Beam beam = context.Beam;
        VisitedSet visited = context.Visited;
        Debug.Assert(beam.Count > 0, "the caller seeds the beam");

        foreach (ulong entry in beam.Entries)
            visited.TryMark(Beam.NodeOf(entry));

        int rowBytes = graph.RowBytes;
        int waiting = 0; // nodes to be scored late
        while (true)
        {
            if (!beam.TryExpand(out int closest))
            {
                if (waiting == 0)
                    break;
                Score(context.PendingStart, waiting, in scorer, in filter, context);
                waiting = 0;
                continue;
            }
            if (context.MustStop())
                break;
            context.Statistics.Expanded++;

            // Ask for every row before using any: the cache misses overlap instead of queueing.
            int* nodes = context.NodesStart;
            int count = TLinks.ReadUnmarked(in graph, closest, visited, nodes);
            for (int i = 0; i < count; i++)
                scorer.Prefetch(nodes[i]);
            context.Statistics.Visited += count;
            if (TLinks.AreScoredLate)
            {
                Score(context.PendingStart, waiting, in scorer, in filter, context);
                context.SwapPending();
                waiting = count;
                beam.PrefetchAhead(in graph, rowBytes, RowsAhead);
            }
            else
            {
                beam.PrefetchAhead(in graph, rowBytes, ahead: 1);
                Score(nodes, count, in scorer, in filter, context);
            }
        }
        return context.End(in filter);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Score<TScorer, TFilter>(int* nodes, int count, in TScorer scorer, in TFilter filter, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        scorer.Score(new ReadOnlySpan<int>(nodes, count), new Span<float>(context.DistancesStart, count));
        context.AddFound(context.Beam, nodes, count, in filter);
    }
}
