using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Searching;

namespace Ann.Core.Hnsw;

/// <summary>The scratch memory of one search at a time on one graph: pooled, so that a search allocates nothing.</summary>
internal sealed unsafe class SearchContext(int nodes, int slots) : IDisposable
{
    /// <summary>Nodes that the scratch has room for at least: a batch of a scan.</summary>
    public const int LeastRoom = 64;

    /// <summary>Expansions between two looks at the budget: about 20 µs of work.</summary>
    public const int ExpansionsPerCheck = 16;

    /// <summary>A walk of two hops finds up to twice as many nodes as a row has slots.</summary>
    private readonly int _slots = RoomOf(slots);
    private readonly NativeBlock _scratch = new(ScratchBytesOf(slots));
    private bool _swapped;
    private int _untilLook;

    /// <summary>
    /// The ef nearest nodes. With a filter, while a walk goes on: the nearest nodes, refused or not, up to the ef-th that is accepted; in
    /// the end only those accepted.
    /// </summary>
    public Beam Beam { get; } = new();

    public VisitedSet Visited { get; } = new(nodes);

    public SearchBudget Budget { get; private set; }

    /// <summary>Why the search must end; <see cref="StopReason.None"/> while it may go on.</summary>
    public StopReason Stopped { get; private set; }

    /// <summary>True when the search must end.</summary>
    public bool IsStopped => Stopped != StopReason.None;

    /// <summary>What it costs. Written as it is spent, and read by nobody before <see cref="Report"/>.</summary>
    public SearchStatistics Statistics;

    /// <summary>Room for the beam entries made of the unvisited neighbours of one node.</summary>
    private ulong* FoundStart => (ulong*)_scratch.Start;

    /// <summary>Room for those neighbours.</summary>
    public int* NodesStart => (int*)(FoundStart + _slots) + (_swapped ? 2 * _slots : 0);

    /// <summary>Room for their distances.</summary>
    public float* DistancesStart => (float*)(FoundStart + _slots) + _slots;

    /// <summary>A second <see cref="NodesStart"/>, for a walk that scores nodes one expansion late.</summary>
    public int* PendingStart => (int*)(FoundStart + _slots) + (_swapped ? 0 : 2 * _slots);

    /// <summary>Room for the neighbours of one node that a walk of two hops steps over.</summary>
    public int* RefusedStart => (int*)(FoundStart + _slots) + 3 * _slots;

    /// <summary>The same as a span.</summary>
    public Span<float> Distances => new(DistancesStart, _slots);

    /// <summary>Adds nodes that were not added before, those that are near enough. Their distances are in the scratch.</summary>
    /// <param name="beam"><see cref="Beam"/>, which a loop keeps at hand.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="count">How many.</param>
    /// <param name="filter">Decides which may be returned.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddFound<TFilter>(Beam beam, int* nodes, int count, in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        ReadOnlySpan<ulong> found = PackFound(nodes, count, beam.Threshold);
        if (TFilter.AcceptsAll)
        {
            beam.Merge(found);
            return;
        }
        foreach (ulong entry in found)
            beam.Add(entry, in filter);
    }

    /// <summary>Beam entries of nodes and of the distances in the scratch, those below a threshold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<ulong> PackFound(int* nodes, int count, ulong threshold)
    {
        // Which are near enough is hard to predict: write each, and step on only past those.
        float* distances = DistancesStart;
        ulong* found = FoundStart;
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            ulong entry = Beam.Pack(nodes[i], distances[i]);
            found[kept] = entry;
            kept += entry < threshold ? 1 : 0;
        }
        return new Span<ulong>(found, kept);
    }

    /// <summary>Bytes of the scratch of rows of so many slots.</summary>
    public static long ScratchBytesOf(int slots) => RoomOf(slots) * (long)(sizeof(ulong) + 3 * sizeof(int) + sizeof(float));

    private static int RoomOf(int slots) => Math.Max(2 * slots, LeastRoom);

    /// <summary>Empties the beam, and sets how many nodes are to be found.</summary>
    public void Reset<TFilter>(WalkWidth width)
        where TFilter : struct, INodeFilter
    {
        if (TFilter.AcceptsAll)
            Beam.Reset(width.Ef);
        else
            Beam.Reset(width.Ef, width.FilteredRoom);
    }

    /// <summary>Adds an entry whose node was not added before, if it is near enough.</summary>
    /// <param name="beam"><see cref="Beam"/>, which a loop keeps at hand.</param>
    /// <param name="entry">The new one.</param>
    /// <param name="filter">Decides whether it may be returned.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<TFilter>(Beam beam, ulong entry, in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        if (TFilter.AcceptsAll)
            beam.Add(entry);
        else
            beam.Add(entry, in filter);
    }

    /// <summary>Ends a walk: leaves in the beam what it found, nearest first, at most ef nodes.</summary>
    public WalkOutcome End<TFilter>(in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        Visited.Clear();
        int held = Beam.Count;
        bool isOverfull = !TFilter.AcceptsAll && Beam.DropRefused(in filter);
        return new WalkOutcome(Beam.Count, held - Beam.Count, isOverfull, Stopped);
    }

    /// <summary>Makes the nodes the pending ones.</summary>
    public void SwapPending() => _swapped = !_swapped;

    /// <summary>Makes ready for a new search.</summary>
    /// <param name="budget">When to stop early.</param>
    /// <param name="hidden">A node that the walk is not to see, and that is not on its way down; −1 for none.</param>
    public void Begin(in SearchBudget budget, int hidden = HnswGraph.NoNode)
    {
        Budget = budget;
        Statistics = default;
        Restart();
        if (hidden != HnswGraph.NoNode)
            Visited.TryMark(hidden);
    }

    /// <summary>Makes ready for the same search once more, within the same budget; what was spent in vain does not count.</summary>
    public void Restart()
    {
        Statistics = default;
        Stopped = StopReason.None;
        _untilLook = 0;
    }

    /// <summary>What the search cost.</summary>
    public SearchStatistics Report()
    {
        Statistics.Stopped = Stopped;
        return Statistics;
    }

    /// <summary>True when the search must end. Called once an expansion; looks at the clock every few.</summary>
    public bool MustStop()
    {
        if (_untilLook-- > 0)
            return false;
        _untilLook = ExpansionsPerCheck - 1;
        return Look();
    }

    /// <summary>Looks at the budget. True when the search must end.</summary>
    public bool Look()
    {
        Stopped = Budget.Check();
        return IsStopped;
    }

    public void Dispose()
    {
        Beam.Dispose();
        Visited.Dispose();
        _scratch.Dispose();
    }
}
