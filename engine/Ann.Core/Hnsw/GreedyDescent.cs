namespace Ann.Core.Hnsw;

/// <summary>The way down through the levels: steps to the nearest neighbour until none is nearer (Malkov &amp; Yashunin 2018).</summary>
internal static unsafe class GreedyDescent
{
    /// <summary>From the entry point to where a search of level 0 begins.</summary>
    /// <returns>A beam entry.</returns>
    public static ulong Run<TScorer, TLinks>(in HnswGraph graph, in TScorer scorer, SearchContext context)
        where TScorer : struct, INodeScorer
        where TLinks : struct, ILinkRows
    {
        ulong entry = Beam.Pack(graph.EntryPoint, scorer.Score(graph.EntryPoint));
        context.Statistics.Visited++;
        return Run<TScorer, TLinks>(in graph, in scorer, entry, graph.MaxLevel, toLevel: 1, context);
    }

    /// <summary>From a node, level by level.</summary>
    /// <param name="graph">What to walk.</param>
    /// <param name="scorer">Distances to the query.</param>
    /// <param name="nearest">Beam entry of the node.</param>
    /// <param name="fromLevel">That the node is on.</param>
    /// <param name="toLevel">The last one.</param>
    /// <param name="context">Scratch; counts what is visited.</param>
    /// <returns>The beam entry of the node reached on <paramref name="toLevel"/>.</returns>
    public static ulong Run<TScorer, TLinks>(
        in HnswGraph graph, in TScorer scorer, ulong nearest, int fromLevel, int toLevel, SearchContext context)
        where TScorer : struct, INodeScorer
        where TLinks : struct, ILinkRows
    {
        int* nodes = context.NodesStart;
        float* distances = context.DistancesStart;
        for (int level = fromLevel; level >= toLevel; level--)
        {
            ulong from;
            do
            {
                from = nearest;
                int count = TLinks.Read(in graph, level, Beam.NodeOf(from), nodes);
                for (int i = 0; i < count; i++)
                    scorer.Prefetch(nodes[i]);
                scorer.Score(new ReadOnlySpan<int>(nodes, count), new Span<float>(distances, count));
                for (int i = 0; i < count; i++)
                    nearest = Math.Min(nearest, Beam.Pack(nodes[i], distances[i]));
                context.Statistics.Visited += count;
            }
            while (nearest != from);
        }
        return nearest;
    }
}
