using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>
/// The search of an insertion: <see cref="LayerSearch"/>, but the beam's nearest nodes are expanded a few at a time. A wide beam
/// expands nearly all it holds whatever the order, so little is visited in vain, and misses overlap and merges are fewer.
/// </summary>
internal static unsafe class BuildSearch
{
    /// <summary>Nodes expanded together.</summary>
    public const int Width = 4;

    /// <summary>Nodes scored together; memory is asked for <see cref="Ahead"/> nodes before its turn.</summary>
    private const int Group = 8;

    private const int Ahead = 16;

    /// <summary>
    /// Best-first search of one level from the entries in the beam, none of them expanded yet, until all of the beam is expanded.
    /// </summary>
    /// <param name="graph">What to walk.</param>
    /// <param name="level">Of the graph.</param>
    /// <param name="scorer">Distances to the node that is being inserted.</param>
    /// <param name="context">Its scratch is as large as <see cref="Width"/> rows of links.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunLevel<TScorer>(in HnswGraph graph, int level, in TScorer scorer, SearchContext context)
        where TScorer : struct, INodeScorer
    {
        Beam beam = context.Beam;
        VisitedSet visited = context.Visited;
        int slots = graph.Slots(level);
        int* nodes = context.NodesStart;
        float* distances = context.DistancesStart;
        Debug.Assert(beam.Count > 0, "the caller seeds the beam");

        foreach (ulong entry in beam.Entries)
            visited.TryMark(Beam.NodeOf(entry));
        while (true)
        {
            int count = 0;
            int expanded = 0;
            int width = beam.Count < beam.Capacity ? 1 : Width; // while the beam fills, all that is found must be sorted in
            while (expanded < width && beam.TryExpand(out int node))
            {
                int* links = graph.Links(level, node);
                count += visited.Mark(links, HnswGraph.Used(links, slots), nodes + count);
                expanded++;
            }
            if (expanded == 0)
                break;
            context.Statistics.Expanded += expanded;
            context.Statistics.Visited += count;

            for (int i = 0; i < Math.Min(Ahead, count); i++)
                scorer.Prefetch(nodes[i]);
            beam.PrefetchNext(in graph, level, Width);
            for (int i = 0; i < count; i += Group)
            {
                for (int ahead = i + Ahead; ahead < Math.Min(i + Ahead + Group, count); ahead++)
                    scorer.Prefetch(nodes[ahead]);
                int size = Math.Min(Group, count - i);
                scorer.Score(new ReadOnlySpan<int>(nodes + i, size), new Span<float>(distances + i, size));
            }

            context.AddFound(beam, nodes, count, default(AcceptAll));
        }
        visited.Clear();
    }
}
