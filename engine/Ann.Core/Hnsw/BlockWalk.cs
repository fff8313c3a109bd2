using System.Numerics;
using Ann.Core.Codes;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk over level 0 in the fast layout. All neighbours of a node are estimated in one pass over its block; only those that may be nearer
/// than the beam's worst are checked against the visited set and scored by their codes.
/// </summary>
internal static unsafe class BlockWalk
{
    public static void Run<TScorer>(
        in HnswGraph graph, BlockShape shape, in EstimateQuery estimate, in TScorer scorer, int ef, SearchContext context)
        where TScorer : struct, INodeScorer
    {
        ulong entry = LayerSearch.Descend(in graph, in scorer, graph.MaxLevel, toLevel: 1, context);
        Beam beam = context.Beam;
        VisitedSet visited = context.Visited;
        beam.Reset(ef);
        beam.Merge([entry]);
        visited.TryMark(Beam.NodeOf(entry));

        Span<int> nodes = context.Nodes;
        Span<ulong> found = context.Found;
        while (beam.TryExpandEntry(out ulong closest))
        {
            if (context.MustStop())
                break;
            context.Statistics.Expanded++;

            byte* block = (byte*)graph.Links(0, Beam.NodeOf(closest));
            ulong threshold = beam.Threshold;
            float limit = beam.Count < ef ? float.PositiveInfinity : Beam.DistanceOf(threshold);
            int count = 0;
            for (int group = 0; group < shape.Groups; group++)
            {
                uint mask = estimate.MayBeBelow(
                    block + shape.CodesOffset + group * shape.CodeBytes,
                    (ushort*)(block + shape.FactorsOffset + group * BlockShape.FactorBytes), Beam.DistanceOf(closest), limit);
                int* links = (int*)block + group * FastScan.Lanes;
                for (; mask != 0; mask &= mask - 1)
                {
                    int node = links[BitOperations.TrailingZeroCount(mask)];
                    if (!visited.TryMark(node))
                        continue;
                    scorer.Prefetch(node);
                    nodes[count++] = node;
                }
            }
            int next = beam.PeekNext();
            if (next != HnswGraph.NoNode)
                Memory.Prefetch(graph.Links(0, next), shape.Stride);

            int kept = 0;
            for (int i = 0; i < count; i++)
            {
                ulong candidate = Beam.Pack(nodes[i], scorer.Score(nodes[i]));
                if (candidate < threshold)
                    found[kept++] = candidate;
            }
            context.Statistics.Visited += count;
            beam.Merge(found[..kept]);
        }
        visited.Clear();
    }
}
