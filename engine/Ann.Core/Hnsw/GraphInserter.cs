using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Searching;

namespace Ann.Core.Hnsw;

/// <summary>Inserts nodes into a graph, a batch at a time.</summary>
internal interface IGraphInserter : IDisposable
{
    /// <summary>Inserts nodes. The entry point is in, and needs no inserting.</summary>
    /// <param name="batch">Nodes whose rows of links are empty; is sorted by where they lie. Few beside those that are in.</param>
    /// <param name="cancellation">Ends the insertion early; the graph is then useless.</param>
    void Insert(Memory<int> batch, CancellationToken cancellation = default);
}

/// <summary>
/// Inserts a batch without a lock, to the same result on any number of threads (batch insertion by prefix doubling: Manohar et al.,
/// ParlayANN, PPoPP 2024).
/// </summary>
/// <remarks>
/// 1. The nodes of the batch are sorted by where they lie in the graph, so that one finds in the cache what the one before it read.
/// 2. Each searches the graph as it was before the batch and chooses its links (in parallel: the graph is only read, and each node writes
///    its own unseen row).
/// 3. The links back are chained by target, and each target takes its new neighbours at once (in parallel: one thread a target).
/// <para>
/// Others may walk the graph meanwhile, if they can bear rows that change under them (<see cref="GrowingRows"/>): all that was written of a
/// node comes before any link to it, and a slot is written whole.
/// </para>
/// </remarks>
internal sealed unsafe class GraphInserter<TDistance, TScorer> : IGraphInserter
    where TDistance : struct, IBuildDistance<TScorer>
    where TScorer : struct, INodeScorer
{
    /// <summary>Nodes in a piece of work at most: neighbours in a batch read the same memory.</summary>
    private const int MaxGrain = 16;

    /// <summary>Pieces that a thread gets of a batch at least, so that none waits long for another.</summary>
    private const int PiecesPerThread = 8;

    private readonly HnswGraph _graph;
    private readonly HnswParameters _parameters;
    private readonly TDistance _distance;
    private readonly Worker[] _workers;
    private readonly BackLinks _backLinks;

    private readonly GrowingLinks? _growing;
    private BatchPlace[] _places = [];

    /// <param name="graph">Where to insert. Its memory must outlive this object.</param>
    /// <param name="parameters">Its shape.</param>
    /// <param name="distance">Between its nodes.</param>
    /// <param name="threads">Of the work.</param>
    /// <param name="growing">
    /// Set for a graph that is searched while it grows, on one thread: what is known of its rows, which stays the caller's. Its rows on
    /// level 0 are then filled with the nearest of what the heuristic pruned, for a hop costs nearly the same whether a row is full or
    /// not; those give way to chosen links. And every node stays reachable. Null where <see cref="LinkFill"/> and <see
    /// cref="Reachability"/> do both better at the end.
    /// </param>
    public GraphInserter(
        HnswGraph graph, HnswParameters parameters, TDistance distance, int threads, GrowingLinks? growing = null)
    {
        Debug.Assert(growing is null || threads == 1);
        _growing = growing;
        _graph = graph;
        _parameters = parameters;
        _distance = distance;
        _workers = [.. Enumerable.Range(0, threads).Select(_ => new Worker(graph))];
        _backLinks = new BackLinks(graph.Count);
    }

    /// <inheritdoc/>
    public void Insert(Memory<int> batch, CancellationToken cancellation = default)
    {
        FindEntries(batch, cancellation);
        ParallelBuild.For(batch.Length, _workers.Length, GrainOf(batch.Length), (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                ChooseLinks(batch.Span[i], _places[i].Entry, _workers[worker]);
        }, cancellation);

        // Whoever sees a link to a node of the batch must see the node: its row, its level, its own links.
        Interlocked.MemoryBarrier();
        int top = _graph.LevelOf(batch.Span[0]);
        for (int level = 0; level <= top; level++)
            LinkBack(batch.Span, level, cancellation);
    }

    public void Dispose()
    {
        foreach (Worker worker in _workers)
            worker.Context.Dispose();
        _backLinks.Dispose();
    }

    private int GrainOf(int items) => Math.Clamp(items / (_workers.Length * PiecesPerThread), 1, MaxGrain);

    /// <summary>What is known of the rows of a level of a growing graph; null where nothing is.</summary>
    private GrowingLinks? GrowingOn(int level) => level == 0 ? _growing : null;

    /// <summary>Finds where the search of each node of a batch begins, and sorts the batch by place.</summary>
    private void FindEntries(Memory<int> batch, CancellationToken cancellation)
    {
        if (_places.Length < batch.Length)
            _places = new BatchPlace[batch.Length];
        ParallelBuild.For(batch.Length, _workers.Length, GrainOf(batch.Length), (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                _places[i] = FindEntry(batch.Span[i], _workers[worker].Context);
        }, cancellation);
        _places.AsSpan(0, batch.Length).Sort();
        for (int i = 0; i < batch.Length; i++)
            batch.Span[i] = _places[i].Node;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private BatchPlace FindEntry(int node, SearchContext context)
    {
        HnswGraph graph = _graph;
        TScorer scorer = _distance.ScorerOf(node);
        int level = graph.LevelOf(node);
        context.Begin(SearchBudget.Unlimited);

        UInt128 path = 0;
        ulong entry = Beam.Pack(graph.EntryPoint, scorer.Score(graph.EntryPoint));
        for (int above = graph.MaxLevel; above > level; above--)
        {
            entry = GreedyDescent.Run<TScorer, SealedLinks>(in graph, in scorer, entry, above, above, context);
            path = (path << 32) | (uint)Beam.NodeOf(entry);
        }
        return new BatchPlace(level, path, node, entry);
    }

    /// <summary>Searches the graph for a node's neighbours on each of its levels, and writes its own rows of links.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ChooseLinks(int node, ulong entry, Worker worker)
    {
        HnswGraph graph = _graph;
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
            int count = GrowingOn(level) is { } growing
                ? ChooseGrowing(growing, node, worker)
                : NeighborSelection.Select(Spread(node, worker), _parameters.M, _parameters.M, in _distance, worker.Links);
            worker.Links.AsSpan(0, count).CopyTo(new Span<int>(graph.Links(level, node), graph.Slots(level)));
        }
    }

    /// <summary>The links of a new node on level 0 of a growing graph: chosen ones, a parent among them, then fillers.</summary>
    private int ChooseGrowing(GrowingLinks growing, int node, Worker worker)
    {
        Span<ulong> candidates = worker.Candidates(worker.Context.Beam.Count);
        worker.Context.Beam.Entries.CopyTo(candidates);
        growing.LiveFirst(candidates);
        int count = NeighborSelection.Select(candidates, _parameters.M, _parameters.M, in _distance, worker.Links);
        growing.Adopt(node, worker.Links.AsSpan(0, count), candidates);
        growing.Chosen[node] = (ushort)count;
        return NeighborSelection.FillRow(node, candidates, in _distance, worker.Links, count);
    }

    /// <summary>What a search found, nearest first, ties in the order of the node that searched. The beam stays as it is.</summary>
    private static ReadOnlySpan<ulong> Spread(int node, Worker worker)
    {
        ReadOnlySpan<ulong> found = worker.Context.Beam.Entries;
        if (!TieOrder.HasTies(found))
            return found;
        Span<ulong> candidates = worker.Candidates(found.Length);
        found.CopyTo(candidates);
        TieOrder.Spread(node, candidates);
        return candidates;
    }

    /// <summary>Gives each node that a batch linked to on a level its links back.</summary>
    private void LinkBack(ReadOnlySpan<int> batch, int level, CancellationToken cancellation)
    {
        GrowingLinks? growing = GrowingOn(level);
        _backLinks.Collect(in _graph, level, batch, growing is null ? null : growing.Chosen);
        ParallelBuild.For(_backLinks.Targets.Length, _workers.Length, GrainOf(_backLinks.Targets.Length), (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                TakeLinks(level, _backLinks.Targets[i], _workers[worker]);
        }, cancellation);
    }

    /// <summary>Adds new neighbours to a target's row; when they do not fit, the heuristic chooses among old and new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeLinks(int level, int target, Worker worker)
    {
        int slots = _graph.Slots(level);
        int* links = _graph.Links(level, target);
        GrowingLinks? growing = GrowingOn(level);
        int used = HnswGraph.Used(links, slots);
        int old = growing is null ? used : growing.Chosen[target];
        int count = old + _backLinks.Count(target);
        int filling = growing is null ? 0 : Math.Max(0, Math.Min(used - old, slots - count));
        Span<int> nodes = worker.Nodes(count + filling);
        new ReadOnlySpan<int>(links, old).CopyTo(nodes);
        _backLinks.Take(target, nodes[old..]);
        if (count <= slots)
        {
            new ReadOnlySpan<int>(links + old, filling).CopyTo(nodes[count..]);
            Write(links, nodes, old, count + filling);
            if (growing is not null)
                growing.Chosen[target] = (ushort)count;
            return;
        }

        Span<float> distances = worker.Distances(count);
        _distance.ScorerOf(target).Score(nodes, distances);
        Span<ulong> candidates = worker.Candidates(count);
        for (int i = 0; i < count; i++)
            candidates[i] = Beam.Pack(nodes[i], distances[i]);
        candidates.Sort();

        if (growing is not null)
        {
            growing.Choose(target, candidates, in _distance, worker.Links);
        }
        else
        {
            TieOrder.Spread(target, candidates);
            int kept = NeighborSelection.Select(candidates, slots, _parameters.M, in _distance, worker.Links);
            worker.Links.AsSpan(kept, slots - kept).Fill(HnswGraph.NoNode);
        }
        Write(links, worker.Links, 0, slots);
    }

    /// <summary>Slot by slot, each at once: a reader sees the old node or the new one, never a mix of their bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(int* links, ReadOnlySpan<int> nodes, int from, int to)
    {
        Debug.Assert(to <= nodes.Length);
        for (int slot = from; slot < to; slot++)
            Volatile.Write(ref links[slot], nodes[slot]);
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
