using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>
/// Builds a graph in parallel, without a lock, to the same result on any number of threads. Nodes are taken by level, highest first, in an
/// order drawn from the seed: the entry point is the first, upper levels are whole before the many nodes of level 0 come, and neighbours in
/// the input are strangers in the order. A batch is a small share of the nodes already in; <see cref="GraphInserter{TDistance,TScorer}"/>
/// inserts it. After the last one every node is to be made reachable: <see cref="Reachability"/>.
/// </summary>
internal sealed class GraphBuilder<TDistance, TScorer> : IDisposable
    where TDistance : struct, IBuildDistance<TScorer>
    where TScorer : struct, INodeScorer
{
    /// <summary>A batch is at most this share of the nodes before it: 2 % costs no recall (ParlayANN §3).</summary>
    private const int BatchDivisor = 50;
    private const int MaxBatch = 8192;

    private readonly GraphStorage _storage;
    private readonly HnswParameters _parameters;
    private readonly GraphInserter<TDistance, TScorer> _inserter;

    public GraphBuilder(GraphStorage storage, HnswParameters parameters, TDistance distance, int threads)
    {
        _storage = storage;
        _parameters = parameters;
        _inserter = new GraphInserter<TDistance, TScorer>(storage.Graph, parameters, distance, threads);
    }

    /// <summary>Inserts every node that is no copy.</summary>
    /// <param name="progress">Told the nodes inserted so far, after each batch.</param>
    /// <param name="cancellation">Ends the build early; the graph is then useless.</param>
    public void Build(Action<int>? progress, CancellationToken cancellation)
    {
        int[] order = InsertionOrder();
        Debug.Assert(order[0] == _storage.Graph.EntryPoint);

        int inserted = 1;
        while (inserted < order.Length)
        {
            int size = Math.Min(Math.Clamp(inserted / BatchDivisor, 1, MaxBatch), order.Length - inserted);
            _inserter.Insert(order.AsMemory(inserted, size), cancellation);
            inserted += size;
            progress?.Invoke(inserted);
        }
    }

    public void Dispose() => _inserter.Dispose();

    /// <summary>Entry point first; then by level, highest first; within a level by the seed.</summary>
    private int[] InsertionOrder()
    {
        HnswGraph graph = _storage.Graph;
        int[] order = new int[graph.Count - graph.Copies.Count(graph.Count)];
        ulong[] draws = new ulong[order.Length];
        int next = 0;
        for (int level = graph.MaxLevel; level >= 0; level--)
        {
            int first = next;
            for (int node = 0; node < graph.Count; node++)
            {
                if (graph.LevelOf(node) != level || graph.Copies.IsCopy(node))
                    continue;
                order[next] = node;
                draws[next++] = node == graph.EntryPoint ? 0 : Math.Max(1, _parameters.OrderOf(node));
            }
            Array.Sort(draws, order, first, next - first);
        }
        return order;
    }
}
