using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The walk in the fast layout, one step at a time, so that several can take turns on a thread and each finds its memory fetched when its
/// turn comes. All neighbours of a node are estimated in one pass over its block; only those that may be nearer than the beam's worst are
/// checked against the visited set and scored by their codes.
/// </summary>
/// <remarks>
/// <para>Whatever a step will read was asked for a step before, or earlier: the blocks of the nodes that are next in the beam, and the
/// codes of the neighbours that the last estimates let through. So these are scored one expansion late. That costs a hop in a hundred,
/// and hides a cache miss in each.</para>
/// <para>The sequence of steps depends on the query alone: answers are the same alone and taking turns.</para>
/// </remarks>
/// <param name="graph">Rows of links that begin blocks.</param>
/// <param name="shape">Of the blocks of level 0.</param>
/// <param name="estimate">Of the query.</param>
/// <param name="scorer">Of the query.</param>
/// <param name="filter">Nodes that may be returned.</param>
/// <param name="width">How many are found.</param>
/// <param name="context">Scratch. In the end its beam holds the nearest that the filter accepts.</param>
internal unsafe struct BlockWalk<TScorer, TFilter>(
    HnswGraph graph, BlockShape shape, EstimateQuery estimate, TScorer scorer, TFilter filter, WalkWidth width, SearchContext context)
    where TScorer : struct, INodeScorer
    where TFilter : struct, INodeFilter
{
    /// <summary>Blocks that are asked for before their turn. Measured: 3 hides what 1 and 2 leave; more only crowds the cache.</summary>
    private const int BlocksAhead = 3;

    private readonly HnswGraph _graph = graph;
    private readonly BlockShape _shape = shape;
    private readonly EstimateQuery _estimate = estimate;
    private readonly TScorer _scorer = scorer;
    private readonly TFilter _filter = filter;
    private readonly SearchContext _context = context;
    private ulong _nearest = Start(in graph, in scorer, in filter, width, context);
    private int _level = graph.MaxLevel;
    private int _waiting = 0;

    /// <summary>What it found out, once it has ended.</summary>
    public WalkOutcome Outcome { get; private set; }

    /// <summary>Walks to the end.</summary>
    public WalkOutcome Run()
    {
        while (Step())
        {
        }
        return Outcome;
    }

    /// <summary>Expands one node. False when there is nothing left to do.</summary>
    public bool Step() => _level > 0 ? StepDown() : StepAlong();

    private static ulong Start(in HnswGraph graph, in TScorer scorer, in TFilter filter, WalkWidth width, SearchContext context)
    {
        ulong entry = Beam.Pack(graph.EntryPoint, scorer.Score(graph.EntryPoint));
        context.Statistics.Visited++;
        context.Reset<TFilter>(width);
        if (graph.MaxLevel == 0)
            Enter(entry, in filter, context);
        return entry;
    }

    private static void Enter(ulong entry, in TFilter filter, SearchContext context)
    {
        SearchContext.Add(context.Beam, entry, in filter);
        context.Visited.TryMark(Beam.NodeOf(entry));
    }

    /// <summary>
    /// A greedy step on an upper level: to the nearest neighbour, or down when none is nearer. Only neighbours that may be nearer are
    /// scored: one or two of a row. Their codes are asked for in one step and scored in the next.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool StepDown()
    {
        ulong from = _nearest;
        int* nodes = _context.NodesStart;
        if (_waiting == 0)
        {
            BlockShape shape = new(_graph.M, _shape.Bits);
            float distance = Beam.DistanceOf(from);
            _waiting = Collect((byte*)_graph.Links(_level, Beam.NodeOf(from)), shape, distance, distance, nodes);
            Prefetch(nodes, _waiting);
            if (_waiting > 0)
                return true;
        }
        else
        {
            Span<float> distances = _context.Distances;
            _scorer.Score(new ReadOnlySpan<int>(nodes, _waiting), distances);
            for (int i = 0; i < _waiting; i++)
                _nearest = Math.Min(_nearest, Beam.Pack(nodes[i], distances[i]));
            _context.Statistics.Visited += _waiting;
            _waiting = 0;
        }

        if (_nearest == from && --_level == 0)
            Enter(_nearest, in _filter, _context);
        Memory.Prefetch(_graph.Links(_level, Beam.NodeOf(_nearest)), _shape.Stride);
        return true;
    }

    /// <summary>A step of best-first search on level 0: estimates the next node's neighbours, then scores those of the last one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool StepAlong()
    {
        Beam beam = _context.Beam;
        if (!beam.TryExpandEntry(out ulong closest))
        {
            if (_waiting == 0)
                return End();
            ScorePending(beam);
            _waiting = 0;
            return true;
        }
        if (_context.MustStop())
            return End();
        _context.Statistics.Expanded++;

        int* nodes = _context.NodesStart;
        int count = CollectUnmarked((byte*)_graph.Links(0, Beam.NodeOf(closest)), Beam.DistanceOf(closest), beam.Limit, nodes);
        Prefetch(nodes, count);
        _context.Statistics.Visited += count;
        ScorePending(beam);
        _context.SwapPending();
        _waiting = count;
        beam.PrefetchAhead(in _graph, _shape.Stride, BlocksAhead);
        return true;
    }

    private bool End()
    {
        Outcome = _context.End(in _filter);
        return false;
    }

    /// <summary>Collects the neighbours on an upper level that may be nearer than a limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Collect(byte* block, BlockShape shape, float distance, float limit, int* nodes)
    {
        int count = 0;
        for (int group = 0; group < shape.Groups; group++)
        {
            uint mask = MayBeBelow(block, shape, group, distance, limit);
            int* links = (int*)block + group * FastScan.Lanes;
            for (; mask != 0; mask &= mask - 1)
            {
                int node = links[BitOperations.TrailingZeroCount(mask)];
                Debug.Assert(node != HnswGraph.NoNode, "an unused slot is infinitely far");
                nodes[count++] = node;
            }
        }
        return count;
    }

    /// <summary>Collects those on level 0, not seen before, and marks them as seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int CollectUnmarked(byte* block, float distance, float limit, int* nodes)
    {
        VisitedSet visited = _context.Visited;
        int count = 0;
        for (int group = 0; group < _shape.Groups; group++)
        {
            uint mask = MayBeBelow(block, _shape, group, distance, limit);
            count += visited.Mark((int*)block + group * FastScan.Lanes, mask, nodes + count);
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly uint MayBeBelow(byte* block, BlockShape shape, int group, float distance, float limit) => _estimate.MayBeBelow(
        block + shape.CodesOffset + group * shape.CodeBytes, (ushort*)(block + shape.FactorsOffset + group * BlockShape.FactorBytes),
        distance, limit);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Prefetch(int* nodes, int count)
    {
        for (int i = 0; i < count; i++)
            _scorer.Prefetch(nodes[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void ScorePending(Beam beam)
    {
        int* nodes = _context.PendingStart;
        _scorer.Score(new ReadOnlySpan<int>(nodes, _waiting), new Span<float>(_context.DistancesStart, _waiting));
        _context.AddFound(beam, nodes, _waiting, in _filter);
    }
}
