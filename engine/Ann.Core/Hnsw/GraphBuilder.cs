using System.Diagnostics;
using Ann.Core.Distances;

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
    private readonly int[][] _rows = CreateRows(threads, parameters.M0 + MaxBatch);
    private readonly float[][] _distances = [.. Enumerable.Range(0, threads).Select(_ => new float[parameters.M0 + MaxBatch])];
    private readonly ulong[][] _candidates = CreateCandidates(threads, parameters.M0 + MaxBatch);
    private readonly NativeBlock _first = CreateFirst(storage.Graph.Count);
    private ulong[] _entries = [];
    private LocalityKey[] _keys = [];
    private int[] _targets = [];
    private Edge[] _edges = [];

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
            Memory<int> batch = order.AsMemory(inserted, size);
            int top = storage.Graph.LevelOf(batch.Span[0]);
            long t0 = System.Diagnostics.Stopwatch.GetTimestamp();
            FindEntries(batch, cancellation);
            T0 += System.Diagnostics.Stopwatch.GetTimestamp() - t0; t0 = System.Diagnostics.Stopwatch.GetTimestamp();
            ParallelBuild.For(size, threads, Grain, (worker, from, to) =>
            {
                for (int i = from; i < to; i++)
                    ChooseLinks(batch.Span[i], _entries[i], _contexts[worker], _links[worker]);
            }, cancellation);
            T1 += System.Diagnostics.Stopwatch.GetTimestamp() - t0; t0 = System.Diagnostics.Stopwatch.GetTimestamp();

            for (int level = 0; level <= top; level++)
                LinkBack(batch.Span, level, cancellation);
            T2 += System.Diagnostics.Stopwatch.GetTimestamp() - t0; 

            inserted += size;
            progress?.Invoke(inserted);
        }
    }

    public static long T0, T1, T2, TS, V, X;

    public void Dispose()
    {
        _first.Dispose();
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

    /// <summary>
    /// Finds where the search of each node of a batch comes in, and sorts the batch by place: nodes near each other are then searched
    /// one after the other, and find links and rows in the cache.
    /// </summary>
    private void FindEntries(Memory<int> batch, CancellationToken cancellation)
    {
        if (_entries.Length < batch.Length)
        {
            _entries = new ulong[batch.Length];
            _keys = new LocalityKey[batch.Length];
        }
        ParallelBuild.For(batch.Length, threads, Grain, (worker, from, to) =>
        {
            for (int i = from; i < to; i++)
                _keys[i] = FindEntry(batch.Span[i], _contexts[worker]);
        }, cancellation);
        Span<LocalityKey> keys = _keys.AsSpan(0, batch.Length);
        if (!NoSort) keys.Sort(batch.Span);
        for (int i = 0; i < keys.Length; i++)
            _entries[i] = keys[i].Entry;
    }

    static readonly bool Old = Environment.GetEnvironmentVariable("OLD") != null;
    static readonly bool NoSort = Environment.GetEnvironmentVariable("NOSORT") != null;

    private LocalityKey FindEntry(int node, SearchContext context)
    {
        HnswGraph graph = storage.Graph;
        TScorer scorer = distance.ScorerOf(node);
        int level = graph.LevelOf(node);
        context.Begin(SearchBudget.Unlimited);
        ulong entry = Beam.Pack(graph.EntryPoint, scorer.Score(graph.EntryPoint));
        LocalityKey key = new() { Level = -level, Node = node };
        for (int at = graph.MaxLevel; at > level; at--)
        {
            entry = LayerSearch.Descend(in graph, in scorer, entry, at, at, context);
            if (at > 1)
                key.Cells = key.Cells << 32 | (uint)Beam.NodeOf(entry);
        }
        key.Entry = entry;
        return key;
    }

    private struct LocalityKey : IComparable<LocalityKey>
    {
        public int Level;
        public UInt128 Cells;
        public ulong Entry;
        public int Node;
        public readonly int CompareTo(LocalityKey other)
        {
            int order = Level.CompareTo(other.Level);
            if (order == 0) order = Cells.CompareTo(other.Cells);
            if (order == 0) order = ((uint)Entry).CompareTo((uint)other.Entry);
            return order != 0 ? order : Node.CompareTo(other.Node);
        }
    }

    /// <summary>Searches the graph for a node's neighbours on each of its levels, and writes its own rows of links.</summary>
    private void ChooseLinks(int node, ulong entry, SearchContext context, int[] links)
    {
        HnswGraph graph = storage.Graph;
        TScorer scorer = distance.ScorerOf(node);
        context.Begin(SearchBudget.Unlimited);
        context.Beam.Reset(parameters.EfConstruction);
        context.Beam.Merge([entry]);
        for (int level = graph.LevelOf(node); level >= 0; level--)
        {
            // The beam of the level above is the entry to this one (Algorithm 1, line 16).
            context.Beam.Unmark();
            if (Old) LayerSearch.RunLevel(in graph, level, in scorer, context); else BuildSearch.RunLevel(in graph, level, in scorer, context);
            long t = System.Diagnostics.Stopwatch.GetTimestamp();
            int count = NeighborSelection.Select(context.Beam.Entries, parameters.M, in distance, links);
            TS += System.Diagnostics.Stopwatch.GetTimestamp() - t;
            V += context.Statistics.Visited; X += context.Statistics.Expanded; context.Statistics = default;
            links.AsSpan(0, count).CopyTo(new Span<int>(graph.Links(level, node), graph.Slots(level)));
        }
    }

    /// <summary>Gives each node that a batch linked to on a level its links back.</summary>
    private void LinkBack(ReadOnlySpan<int> batch, int level, CancellationToken cancellation)
    {
        HnswGraph graph = storage.Graph;
        int count = 0, targets = 0;
        int* first = (int*)_first.Start;
        foreach (int node in batch)
        {
            if (graph.LevelOf(node) < level)
                break; // a batch is sorted by level, highest first
            foreach (int target in graph.Neighbors(level, node))
            {
                if (count == _edges.Length)
                {
                    Array.Resize(ref _edges, Math.Max(1024, count * 2));
                    Array.Resize(ref _targets, _edges.Length);
                }
                if (first[target] < 0)
                    _targets[targets++] = target;
                _edges[count] = new Edge(node, first[target]);
                first[target] = count++;
            }
        }
        ParallelBuild.For(targets, threads, Grain, (worker, from, to) =>
        {
            int* head = (int*)_first.Start;
            for (int i = from; i < to; i++)
            {
                TakeLinks(level, _targets[i], head[_targets[i]], worker);
                head[_targets[i]] = -1;
            }
        }, cancellation);
    }

    private readonly record struct Edge(int Node, int Next);

    private static NativeBlock CreateFirst(int count)
    {
        NativeBlock block = new((long)count * sizeof(int));
        new Span<int>(block.Start, count).Fill(-1);
        return block;
    }

    /// <summary>Adds new neighbours to a target's row; when they do not fit, the heuristic chooses among old and new.</summary>
    private void TakeLinks(int level, int target, int edge, int worker)
    {
        HnswGraph graph = storage.Graph;
        int slots = graph.Slots(level);
        int used = graph.Neighbors(level, target).Length;
        Span<int> row = new(graph.Links(level, target), slots);
        Span<int> all = _rows[worker];
        row[..used].CopyTo(all);
        int count = used;
        for (int e = edge; e >= 0; e = _edges[e].Next)
            all[count++] = _edges[e].Node;
        if (count <= slots)
        {
            all[used..count].CopyTo(row[used..]);
            return;
        }

        TScorer scorer = distance.ScorerOf(target);
        Span<float> distances = _distances[worker];
        scorer.Score(all[..count], distances);
        Span<ulong> candidates = _candidates[worker].AsSpan(0, count);
        for (int i = 0; i < count; i++)
            candidates[i] = Beam.Pack(all[i], distances[i]);
        candidates.Sort();

        int kept = NeighborSelection.Select(candidates, slots, in distance, _links[worker]);
        _links[worker].AsSpan(0, kept).CopyTo(row);
        row[kept..].Fill(HnswGraph.NoNode);
    }

    private static SearchContext[] CreateContexts(HnswGraph graph, int threads) =>
        [.. Enumerable.Range(0, threads).Select(_ => new SearchContext(graph.Count, BuildSearch.Width * graph.M0))];

    private static int[][] CreateRows(int threads, int length) =>
        [.. Enumerable.Range(0, threads).Select(_ => new int[length])];

    private static ulong[][] CreateCandidates(int threads, int length) =>
        [.. Enumerable.Range(0, threads).Select(_ => new ulong[length])];
}
