using System.Diagnostics;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk (Malkov &amp; Yashunin 2018, Algorithms 2 and 5). The plain version that the tests hold it against is in the tests.
/// </summary>
internal static class LayerSearch
{
    /// <summary>
    /// Finds the ef nearest nodes of a query: greedy steps down to level 1, then a best-first search of level 0. Leaves them in
    /// <see cref="SearchContext.Beam"/>, nearest first.
    /// </summary>
    public static void Run<TScorer>(in HnswGraph graph, in TScorer scorer, int ef, SearchContext context)
        where TScorer : struct, INodeScorer => Run(in graph, in scorer, default(AcceptAll), ef, context);

    /// <summary>The same with a filter: the ef nearest that it accepts.</summary>
    public static void Run<TScorer, TFilter>(in HnswGraph graph, in TScorer scorer, TFilter filter, int ef, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        ulong entry = GreedyDescent.Run<TScorer, SealedLinks>(in graph, in scorer, context);
        context.Reset<TFilter>(ef);
        SearchContext.Add(context.Beam, entry, in filter);
        RunLevel(in graph, 0, in scorer, filter, context);
    }

    /// <summary>
    /// Best-first search of one level from the entries in the beam, none of them expanded yet; the beam's width is ef. Ends when every
    /// entry is expanded, or when the budget does.
    /// </summary>
    private static unsafe void RunLevel<TScorer, TFilter>(
        in HnswGraph graph, int level, in TScorer scorer, TFilter filter, SearchContext context)
        where TScorer : struct, INodeScorer
        where TFilter : struct, INodeFilter
    {
        Beam beam = context.Beam;
        VisitedSet visited = context.Visited;
        Debug.Assert(beam.Count > 0, "the caller seeds the beam");

        foreach (ulong entry in beam.Entries)
            visited.TryMark(Beam.NodeOf(entry));

        int slots = graph.Slots(level);
        while (beam.TryExpand(out int closest))
        {
            if (context.MustStop())
                break;
            context.Statistics.Expanded++;

            // Ask for every row before using any: the cache misses overlap instead of queueing.
            int* links = graph.Links(level, closest);
            int count = visited.Mark(links, HnswGraph.Used(links, slots), context.NodesStart);
            for (int i = 0; i < count; i++)
                scorer.Prefetch(context.NodesStart[i]);
            int next = beam.PeekNext();
            if (next != HnswGraph.NoNode)
                Memory.Prefetch(graph.Links(level, next), slots * sizeof(int));

            scorer.Score(new ReadOnlySpan<int>(context.NodesStart, count), new Span<float>(context.DistancesStart, count));
            context.Statistics.Visited += count;
            foreach (ulong entry in context.PackFound(count, beam.Threshold))
                SearchContext.Add(beam, entry, in filter);
        }
        context.End(in filter);
    }
}
