using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// Uses the slots that the diversity heuristic left free on level 0: a hop costs nearly the same whether a row is full or not, so links
/// are worth having. Candidates are the neighbours of a node's nearest neighbours. Those that a relaxed heuristic accepts come first
/// (Vamana's α: Subramanya et al., NeurIPS 2019), then the nearest of the others, or for inner product those that lead outwards.
/// </summary>
/// <remarks>
/// Links are only added, behind those of the builder, and only those of the builder are read: the result does not depend on the threads.
/// </remarks>
internal static unsafe class LinkFill
{
    /// <summary>A candidate must be this many times nearer to a neighbour than to the node to be left out (squared distances).</summary>
    private const float Relaxation = 1.44f;

    /// <summary>Neighbours whose own neighbours are looked at.</summary>
    private const int Sources = 8;

    /// <summary>Candidates, nearest first, that the heuristic looks at.</summary>
    private const int Heads = 32;
    private const int Grain = 64;

    /// <summary>Fills every row of level 0 as far as candidates reach.</summary>
    /// <param name="graph">A finished graph.</param>
    /// <param name="distance">The one it was built by.</param>
    /// <param name="threads">Threads of the work. Does not change the result.</param>
    /// <param name="cancellation">Ends the work early; the graph is then sound, but not what another run gives.</param>
    public static void Run<TDistance, TScorer>(HnswGraph graph, TDistance distance, int threads, CancellationToken cancellation)
        where TDistance : struct, IBuildDistance<TScorer>
        where TScorer : struct, INodeScorer
    {
        Debug.Assert(graph.M0 <= 2 * HnswParameters.MaxM);
        ushort[] used = new ushort[graph.Count];
        for (int node = 0; node < used.Length; node++)
            used[node] = (ushort)graph.Neighbors(0, node).Length;

        Filler<TDistance, TScorer>[] fillers =
            [.. Enumerable.Range(0, threads).Select(_ => new Filler<TDistance, TScorer>(graph, distance, used))];
        ParallelBuild.For(graph.Count, threads, Grain, (worker, from, to) =>
        {
            for (int node = from; node < to; node++)
                fillers[worker].Fill(node);
        }, cancellation);
    }

    /// <summary>One thread's share of the work.</summary>
    private sealed class Filler<TDistance, TScorer>(HnswGraph graph, TDistance distance, ushort[] used)
        where TDistance : struct, IBuildDistance<TScorer>
        where TScorer : struct, INodeScorer
    {
        private readonly int[] _lastSeenBy = NobodySaw(graph.Count);
        private readonly int[] _candidates = new int[Sources * graph.M0];
        private readonly float[] _distances = new float[Sources * graph.M0];
        private readonly ulong[] _entries = new ulong[Sources * graph.M0];

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Fill(int node)
        {
            Span<int> row = new(graph.Links(0, node), graph.M0);
            int links = used[node];
            if (links == row.Length)
                return;

            Span<ulong> entries = Candidates(node, row[..links]);
            int nearest = NeighborSelection.NearestSlots(row.Length, links, in distance);
            for (int i = 0; i < Math.Min(entries.Length, Heads) && links < nearest; i++)
            {
                int candidate = Beam.NodeOf(entries[i]);
                if (distance.AnyNearer(candidate, row[..links], Beam.DistanceOf(entries[i]) / Relaxation))
                    continue;
                row[links++] = candidate;
                entries[i] = 0; // taken
            }
            int left = 0;
            foreach (ulong entry in entries)
                if (entry != 0)
                    entries[left++] = entry;
            entries = entries[..left];
            if (distance.Climbs)
                NeighborSelection.OrderOutwards(node, entries, in distance);
            for (int i = 0; i < entries.Length && links < row.Length; i++)
                row[links++] = Beam.NodeOf(entries[i]);
        }

        /// <summary>Beam entries of the neighbours of neighbours, nearest first, without those that are linked already.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private Span<ulong> Candidates(int node, ReadOnlySpan<int> linked)
        {
            TScorer scorer = distance.ScorerOf(node);
            _lastSeenBy[node] = node;
            foreach (int neighbor in linked)
            {
                Memory.Prefetch(graph.Links(0, neighbor), graph.M0 * sizeof(int));
                _lastSeenBy[neighbor] = node;
            }
            int count = 0;
            foreach (int neighbor in linked[..Math.Min(linked.Length, Sources)])
                foreach (int candidate in new ReadOnlySpan<int>(graph.Links(0, neighbor), used[neighbor]))
                {
                    if (_lastSeenBy[candidate] == node)
                        continue;
                    _lastSeenBy[candidate] = node;
                    _candidates[count++] = candidate;
                    scorer.Prefetch(candidate);
                }

            scorer.Score(_candidates.AsSpan(0, count), _distances);
            for (int i = 0; i < count; i++)
                _entries[i] = Beam.Pack(_candidates[i], _distances[i]);
            _entries.AsSpan(0, count).Sort();
            TieOrder.Spread(node, _entries.AsSpan(0, count));
            return _entries.AsSpan(0, count);
        }

        private static int[] NobodySaw(int count)
        {
            int[] seen = new int[count];
            Array.Fill(seen, HnswGraph.NoNode);
            return seen;
        }
    }
}
