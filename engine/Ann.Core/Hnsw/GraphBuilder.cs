using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>
/// Builds a graph in parallel, without a lock, to the same result on any number of threads (batch insertion by prefix doubling:
/// Manohar et al., ParlayANN, PPoPP 2024).
/// </summary>
/// <remarks>
/// 1. Nodes are taken by level, highest first, in an order drawn from the seed: the entry point is the first, upper levels are whole
///    before the many nodes of level 0 come, and neighbours in the input are strangers in the order.
/// 2. A batch is a small share of the nodes already in. Each of its nodes searches the graph as it was before the batch and chooses
///    its links (in parallel: the graph is only read, and each node writes its own unseen row).
/// 3. The links back are sorted by target, and each target takes its new neighbours at once (in parallel: one thread a target).
/// 4. After the last batch every node is made reachable: <see cref="Reachability"/>.
/// </remarks>
internal sealed unsafe class GraphBuilder<TDistance, TScorer>(
    GraphStorage storage, HnswParameters parameters, TDistance distance, int threads) : IDisposable
    where TDistance : struct, IBuildDistance<TScorer>
    where TScorer : struct, INodeScorer
{
    /// <summary>A batch is at most this share of the nodes before it: 2 % costs no recall (ParlayANN §3).</summary>
    private const int BatchDivisor = 50;
    private const int MaxBatch = 8192;
    private const int Grain = 16;

    private readonly SearchContext[] _contexts = CreateContexts(storage.Graph, threads);
    private readonly int[][] _links = CreateRows(threads, parameters.M0);
    private readonly ulong[][] _candidates = CreateCandidates(threads, parameters.M0 + MaxBatch);
    private ulong[] _edges = [];
    private int[] _starts = [];

    /// <summary>Inserts every node.</summary>
    /// <param name="progress">Told the nodes inserted so far, after each batch.</param>
    /// <param name="cancellation">Ends the build early; the graph is then useless.</param>
    public void Build(Action<int>? progress, CancellationToken cancellation)
    {
        int[] order = InsertionOrder();
        Debug.Assert(order[0] == storage.Graph.EntryPoint);

        int inserted = 1;
        while (inserted < order.Length)
        {
            int size = Math.Min(Math.Clamp(inserted / BatchDivisor, 1, MaxBatch), order.Length - inserted);
            ReadOnlyMemory<int> batch = order.AsMemory(inserted, size);
            ParallelBuild.For(size, threads, Grain, (worker, from, to) =>
            {
                foreach (int node in batch.Span[from..to])
                    ChooseLinks(node, _contexts[worker], _links[worker]);
            }, cancellation);

            int top = storage.Graph.LevelOf(batch.Span[0]);
            for (int level = 0; level <= top; level++)
                LinkBack(batch.Span, level, cancellation);

            inserted += size;
            progress?.Invoke(inserted);
        }
    }

    public void Dispose()
    {
        foreach (SearchContext context in _contexts)
            context.Dispose();
    }

    /// <summary>Entry point first; then by level, highest first; within a level by the seed.</summary>
    private int[] InsertionOrder()
    {
        HnswGraph graph = storage.Graph;
        int[] order = new int[graph.Count];
        (int Level, bool NotEntry, ulong Draw)[] keys = new (int, bool, ulong)[graph.Count];
        for (int node = 0; node < order.Length; node++)
        {
            order[node] = node;
            keys[node] = (-graph.LevelOf(node), node != graph.EntryPoint, parameters.OrderOf(node));
        }
        Array.Sort(keys, order);
        return order;
    }

    /// <summary>Searches the graph for a node's neighbours on each of its levels, and writes its own rows of links.</summary>
    private void ChooseLinks(int node, SearchContext context, int[] links)
    {
        HnswGraph graph = storage.Graph;
        TScorer scorer = distance.ScorerOf(node);
        int level = graph.LevelOf(node);
        context.Begin(SearchBudget.Unlimited);

        ulong entry = LayerSearch.Descend(in graph, in scorer, graph.MaxLevel, level + 1, context);
        context.Beam.Reset(parameters.EfConstruction);
        context.Beam.Merge([entry]);
        for (; level >= 0; level--)
        {
            // The beam of the level above is the entry to this one (Algorithm 1, line 16).
            context.Beam.Unmark();
            LayerSearch.RunLevel(in graph, level, in scorer, context);
            int count = NeighborSelection.Select(context.Beam.Entries, parameters.M, in distance, links);
            links.AsSpan(0, count).CopyTo(new Span<int>(graph.Links(level, node), graph.Slots(level)));
        }
    }

    /// <summary>Gives each node that a batch linked to on a level its links back.</summary>
    private void LinkBack(ReadOnlySpan<int> batch, int level, CancellationToken cancellation)
    {
        HnswGraph graph = storage.Graph;
        int count = 0;
        foreach (int node in batch)
        {
            if (graph.LevelOf(node) < level)
                break; // a batch is sorted by level, highest first
            foreach (int target in graph.Neighbors(level, node))
            {
                if (count == _edges.Length)
                    Array.Resize(ref _edges, Math.Max(1024, count * 2));
                _edges[count++] = ((ulong)(uint)target << 32) | (uint)node;
            }
        }
        Array.Sort(_edges, 0, count);

        int targets = 0;
        for (int i = 0; i < count; i++)
        {
            if (i > 0 && _edges[i] >> 32 == _edges[i - 1] >> 32)
                continue;
            if (targets + 1 >= _starts.Length)
                Array.Resize(ref _starts, Math.Max(1024, targets * 2));
            _starts[targets++] = i;
        }
        if (targets == 0)
            return;
        _starts[targets] = count;

        ParallelBuild.For(targets, threads, Grain, (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                TakeLinks(level, _edges.AsSpan(_starts[i].._starts[i + 1]), worker);
        }, cancellation);
    }

    /// <summary>Adds new neighbours to a target's row; when they do not fit, the heuristic chooses among old and new.</summary>
    private void TakeLinks(int level, ReadOnlySpan<ulong> edges, int worker)
    {
        HnswGraph graph = storage.Graph;
        int target = (int)(edges[0] >> 32);
        int slots = graph.Slots(level);
        int used = graph.Neighbors(level, target).Length;
        Span<int> row = new(graph.Links(level, target), slots);
        if (used + edges.Length <= slots)
        {
            foreach (ulong edge in edges)
                row[used++] = (int)(uint)edge;
            return;
        }

        TScorer scorer = distance.ScorerOf(target);
        Span<ulong> candidates = _candidates[worker].AsSpan(0, used + edges.Length);
        for (int i = 0; i < used; i++)
            candidates[i] = Beam.Pack(row[i], scorer.Score(row[i]));
        for (int i = 0; i < edges.Length; i++)
            candidates[used + i] = Beam.Pack((int)(uint)edges[i], scorer.Score((int)(uint)edges[i]));
        candidates.Sort();

        int kept = NeighborSelection.Select(candidates, slots, in distance, _links[worker]);
        _links[worker].AsSpan(0, kept).CopyTo(row);
        row[kept..].Fill(HnswGraph.NoNode);
    }

    private static SearchContext[] CreateContexts(HnswGraph graph, int threads) =>
        [.. Enumerable.Range(0, threads).Select(_ => new SearchContext(graph.Count, graph.M0))];

    private static int[][] CreateRows(int threads, int length) =>
        [.. Enumerable.Range(0, threads).Select(_ => new int[length])];

    private static ulong[][] CreateCandidates(int threads, int length) =>
        [.. Enumerable.Range(0, threads).Select(_ => new ulong[length])];
}
