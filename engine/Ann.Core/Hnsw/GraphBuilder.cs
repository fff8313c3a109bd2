using System.Diagnostics;

namespace Ann.Core.Hnsw;

/// <summary>
/// Builds a graph in parallel, without a lock, to the same result on any number of threads (batch insertion by prefix doubling:
/// Manohar et al., ParlayANN, PPoPP 2024).
/// </summary>
/// <remarks>
/// 1. Nodes are taken by level, highest first, in an order drawn from the seed: the entry point is the first, upper levels are whole
///    before the many nodes of level 0 come, and neighbours in the input are strangers in the order.
/// 2. A batch is a small share of the nodes already in. Its nodes are sorted by where they lie in the graph, so that one finds in the
///    cache what the one before it read.
/// 3. Each node of the batch searches the graph as it was before the batch and chooses its links (in parallel: the graph is only read,
///    and each node writes its own unseen row).
/// 4. The links back are chained by target, and each target takes its new neighbours at once (in parallel: one thread a target).
/// 5. After the last batch every node is made reachable: <see cref="Reachability"/>.
/// </remarks>
internal sealed unsafe class GraphBuilder<TDistance, TScorer> : IDisposable
    where TDistance : struct, IBuildDistance<TScorer>
    where TScorer : struct, INodeScorer
{
    /// <summary>A batch is at most this share of the nodes before it: 2 % costs no recall (ParlayANN §3).</summary>
    private const int BatchDivisor = 50;
    private const int MaxBatch = 8192;
    private const int Grain = 16;

    private readonly GraphStorage _storage;
    private readonly HnswParameters _parameters;
    private readonly TDistance _distance;
    private readonly Worker[] _workers;
    private readonly BackLinks _backLinks;
    private BatchPlace[] _places = [];

    public GraphBuilder(GraphStorage storage, HnswParameters parameters, TDistance distance, int threads)
    {
        _storage = storage;
        _parameters = parameters;
        _distance = distance;
        _workers = [.. Enumerable.Range(0, threads).Select(_ => new Worker(storage.Graph))];
        _backLinks = new BackLinks(storage.Graph.Count);
    }

    /// <summary>Inserts every node.</summary>
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
            Memory<int> batch = order.AsMemory(inserted, size);
            FindEntries(batch, cancellation);
            ParallelBuild.For(size, _workers.Length, Grain, (worker, from, to) =>
            {
                for (int i = from; i < to; i++)
                    ChooseLinks(batch.Span[i], _places[i].Entry, _workers[worker]);
            }, cancellation);

            int top = _storage.Graph.LevelOf(batch.Span[0]);
            for (int level = 0; level <= top; level++)
                LinkBack(batch.Span, level, cancellation);

            inserted += size;
            progress?.Invoke(inserted);
        }
    }

    public void Dispose()
    {
        foreach (Worker worker in _workers)
            worker.Context.Dispose();
        _backLinks.Dispose();
    }

    /// <summary>Entry point first; then by level, highest first; within a level by the seed.</summary>
    private int[] InsertionOrder()
    {
        HnswGraph graph = _storage.Graph;
        int[] order = new int[graph.Count];
        (int Level, bool NotEntry, ulong Draw)[] keys = new (int, bool, ulong)[graph.Count];
        for (int node = 0; node < order.Length; node++)
        {
            order[node] = node;
            keys[node] = (-graph.LevelOf(node), node != graph.EntryPoint, _parameters.OrderOf(node));
        }
        Array.Sort(keys, order);
        return order;
    }

    /// <summary>Finds where the search of each node of a batch begins, and sorts the batch by place.</summary>
    private void FindEntries(Memory<int> batch, CancellationToken cancellation)
    {
        if (_places.Length < batch.Length)
            _places = new BatchPlace[batch.Length];
        ParallelBuild.For(batch.Length, _workers.Length, Grain, (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                _places[i] = FindEntry(batch.Span[i], _workers[worker].Context);
        }, cancellation);
        _places.AsSpan(0, batch.Length).Sort();
        for (int i = 0; i < batch.Length; i++)
            batch.Span[i] = _places[i].Node;
    }

    private BatchPlace FindEntry(int node, SearchContext context)
    {
        HnswGraph graph = _storage.Graph;
        TScorer scorer = _distance.ScorerOf(node);
        int level = graph.LevelOf(node);
        context.Begin(SearchBudget.Unlimited);

        UInt128 path = 0;
        ulong entry = Beam.Pack(graph.EntryPoint, scorer.Score(graph.EntryPoint));
        for (int above = graph.MaxLevel; above > level; above--)
        {
            entry = LayerSearch.Descend(in graph, in scorer, entry, above, above, context);
            path = (path << 32) | (uint)Beam.NodeOf(entry);
        }
        return new BatchPlace(level, path, node, entry);
    }

    /// <summary>Searches the graph for a node's neighbours on each of its levels, and writes its own rows of links.</summary>
    private void ChooseLinks(int node, ulong entry, Worker worker)
    {
        HnswGraph graph = _storage.Graph;
        TScorer scorer = _distance.ScorerOf(node);
        SearchContext context = worker.Context;
        context.Begin(SearchBudget.Unlimited);
        context.Beam.Reset(_parameters.EfConstruction);
        context.Beam.Add(entry);
        for (int level = graph.LevelOf(node); level >= 0; level--)
        {
            // The beam of the level above is the entry to this one (Algorithm 1, line 16).
            context.Beam.Unmark();
            BuildSearch.RunLevel(in graph, level, in scorer, context);
            int count = NeighborSelection.Select(context.Beam.Entries, _parameters.M, in _distance, worker.Links);
            worker.Links.AsSpan(0, count).CopyTo(new Span<int>(graph.Links(level, node), graph.Slots(level)));
        }
    }

    /// <summary>Gives each node that a batch linked to on a level its links back.</summary>
    private void LinkBack(ReadOnlySpan<int> batch, int level, CancellationToken cancellation)
    {
        HnswGraph graph = _storage.Graph;
        _backLinks.Collect(in graph, level, batch);
        ParallelBuild.For(_backLinks.Targets.Length, _workers.Length, Grain, (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                TakeLinks(level, _backLinks.Targets[i], _workers[worker]);
        }, cancellation);
    }

    /// <summary>Adds new neighbours to a target's row; when they do not fit, the heuristic chooses among old and new.</summary>
    private void TakeLinks(int level, int target, Worker worker)
    {
        HnswGraph graph = _storage.Graph;
        int slots = graph.Slots(level);
        Span<int> row = new(graph.Links(level, target), slots);
        int used = HnswGraph.Used(graph.Links(level, target), slots);
        int count = used + _backLinks.Count(target);
        if (count <= slots)
        {
            _backLinks.Take(target, row[used..]);
            return;
        }

        Span<int> nodes = worker.Nodes(count);
        row[..used].CopyTo(nodes);
        _backLinks.Take(target, nodes[used..]);
        Span<float> distances = worker.Distances(count);
        _distance.ScorerOf(target).Score(nodes, distances);
        Span<ulong> candidates = worker.Candidates(count);
        for (int i = 0; i < count; i++)
            candidates[i] = Beam.Pack(nodes[i], distances[i]);
        candidates.Sort();

        int kept = NeighborSelection.Select(candidates, slots, in _distance, worker.Links);
        worker.Links.AsSpan(0, kept).CopyTo(row);
        row[kept..].Fill(HnswGraph.NoNode);
    }

    /// <summary>The scratch memory of one thread.</summary>
    private sealed class Worker(HnswGraph graph)
    {
        private int[] _nodes = [];
        private float[] _distances = [];
        private ulong[] _candidates = [];

        public SearchContext Context { get; } = new(graph.Count, graph.M0 * BuildSearch.Width);

        public int[] Links { get; } = new int[graph.M0];

        public Span<int> Nodes(int count) => Sized(ref _nodes, count);

        public Span<float> Distances(int count) => Sized(ref _distances, count);

        public Span<ulong> Candidates(int count) => Sized(ref _candidates, count);

        private static Span<T> Sized<T>(ref T[] array, int count)
        {
            if (array.Length < count)
                array = new T[2 * count];
            return array.AsSpan(0, count);
        }
    }
}
