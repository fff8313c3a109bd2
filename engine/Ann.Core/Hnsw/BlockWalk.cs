using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Codes;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk over level 0 in the fast layout. All neighbours of a node are estimated in one pass over its block; only those that may be nearer
/// than the beam's worst are checked against the visited set and scored by their codes.
/// </summary>
internal static unsafe class BlockWalk
{
    public static readonly int Ahead = int.Parse(Environment.GetEnvironmentVariable("ANN_AHEAD") ?? "3");
    public static readonly bool Lag = Environment.GetEnvironmentVariable("ANN_LAG") != "0";
    public static void Run<TScorer>(
        in HnswGraph graph, BlockShape shape, in EstimateQuery estimate, in TScorer scorer, int ef, SearchContext context)
        where TScorer : struct, INodeScorer
    {
        ulong entry = Descend(in graph, new BlockShape(graph.M, shape.Bits), in estimate, in scorer, context);
        Beam beam = context.Beam;
        VisitedSet visited = context.Visited;
        beam.Reset(ef);
        beam.Merge([entry]);
        visited.TryMark(Beam.NodeOf(entry));

        Span<int> fresh = context.Nodes;
        Span<int> pending = context.Pending;
        int waiting = 0;
        while (true)
        {
            if (!beam.TryExpandEntry(out ulong closest))
            {
                if (waiting == 0)
                    break;
                Score(in scorer, pending[..waiting], beam, context.Distances);
                waiting = 0;
                continue;
            }
            if (context.MustStop())
                break;
            context.Statistics.Expanded++;

            byte* block = (byte*)graph.Links(0, Beam.NodeOf(closest));
            float limit = beam.Count < ef ? float.PositiveInfinity : Beam.DistanceOf(beam.Threshold);
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
                    fresh[count++] = node;
                }
            }
            context.Statistics.Visited += count;
            if (Lag)
            {
                Score(in scorer, pending[..waiting], beam, context.Distances);
                waiting = count;
                Span<int> free = pending;
                pending = fresh;
                fresh = free;
                PrefetchAhead(in graph, shape, beam);
            }
            else
            {
                PrefetchAhead(in graph, shape, beam);
                Score(in scorer, fresh[..count], beam, context.Distances);
            }
        }
        visited.Clear();
    }

    /// <summary>
    /// Greedy steps down to level 1. Only neighbours that may be nearer than the node itself are scored: one or two of a row.
    /// </summary>
    private static ulong Descend<TScorer>(
        in HnswGraph graph, BlockShape shape, in EstimateQuery estimate, in TScorer scorer, SearchContext context)
        where TScorer : struct, INodeScorer
    {
        ulong nearest = Beam.Pack(graph.EntryPoint, scorer.Score(graph.EntryPoint));
        context.Statistics.Visited++;
        Span<int> nodes = context.Nodes;
        Span<float> distances = context.Distances;
        for (int level = graph.MaxLevel; level >= 1; level--)
        {
            ulong from;
            do
            {
                from = nearest;
                byte* block = (byte*)graph.Links(level, Beam.NodeOf(from));
                Memory.Prefetch(block, shape.Stride);
                float distance = Beam.DistanceOf(from);
                int count = 0;
                for (int group = 0; group < shape.Groups; group++)
                {
                    uint mask = estimate.MayBeBelow(
                        block + shape.CodesOffset + group * shape.CodeBytes,
                        (ushort*)(block + shape.FactorsOffset + group * BlockShape.FactorBytes), distance, distance);
                    int* links = (int*)block + group * FastScan.Lanes;
                    for (; mask != 0; mask &= mask - 1)
                    {
                        int node = links[BitOperations.TrailingZeroCount(mask)];
                        scorer.Prefetch(node);
                        nodes[count++] = node;
                    }
                }
                scorer.Score(nodes[..count], distances);
                for (int i = 0; i < count; i++)
                    nearest = Math.Min(nearest, Beam.Pack(nodes[i], distances[i]));
                context.Statistics.Visited += count;
            }
            while (nearest != from);
        }
        return nearest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchAhead(in HnswGraph graph, BlockShape shape, Beam beam)
    {
        int ahead = Ahead;
        int place = beam.Next;
        for (int node; (node = beam.RequestAhead(ref place, ref ahead)) != HnswGraph.NoNode;)
            Memory.Prefetch(graph.Links(0, node), shape.Stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Score<TScorer>(in TScorer scorer, ReadOnlySpan<int> nodes, Beam beam, Span<float> distances)
        where TScorer : struct, INodeScorer
    {
        scorer.Score(nodes, distances);
        for (int i = 0; i < nodes.Length; i++)
            beam.Add(Beam.Pack(nodes[i], distances[i]));
    }
}
