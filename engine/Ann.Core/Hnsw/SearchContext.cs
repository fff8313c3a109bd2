using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>The scratch memory of one search at a time on one graph: pooled, so that a search allocates nothing.</summary>
internal sealed unsafe class SearchContext(int nodes, int slots) : IDisposable
{
    /// <summary>Expansions between two looks at the budget: about 20 µs of work.</summary>
    private const int ExpansionsPerCheck = 16;

    private readonly NativeBlock _scratch = new(slots * (long)(sizeof(ulong) + 2 * sizeof(int) + sizeof(float)));
    private bool _swapped;

    public Beam Beam { get; } = new();

    /// <summary>The nearest nodes that a filter accepted. Not used without one: then they are the <see cref="Beam"/>.</summary>
    public Beam Accepted { get; } = new();

    public VisitedSet Visited { get; } = new(nodes);

    public SearchBudget Budget { get; private set; }

    public SearchStatistics Statistics;

    /// <summary>Room for the beam entries made of the unvisited neighbours of one node.</summary>
    private ulong* FoundStart => (ulong*)_scratch.Start;

    /// <summary>Room for those neighbours.</summary>
    public int* NodesStart => (int*)(FoundStart + slots) + (_swapped ? 2 * slots : 0);

    /// <summary>Room for their distances.</summary>
    public float* DistancesStart => (float*)(FoundStart + slots) + slots;

    /// <summary>A second <see cref="NodesStart"/>, for a walk that scores nodes one expansion late.</summary>
    public int* PendingStart => (int*)(FoundStart + slots) + (_swapped ? 0 : 2 * slots);

    /// <summary>The same as a span.</summary>
    public Span<float> Distances => new(DistancesStart, slots);

    /// <summary>Beam entries of the nodes and distances in the scratch, those below a threshold.</summary>
    public Span<ulong> PackFound(int count, ulong threshold)
    {
        // Which are near enough is hard to predict: write each, and step on only past those.
        int* nodes = NodesStart;
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

    /// <summary>Makes the nodes the pending ones.</summary>
    public void SwapPending() => _swapped = !_swapped;

    /// <summary>Makes ready for a new search.</summary>
    public void Begin(in SearchBudget budget)
    {
        Budget = budget;
        Statistics = default;
    }

    /// <summary>True when the search must end. Called once an expansion; looks at the clock every few.</summary>
    public bool MustStop()
    {
        if (Statistics.Expanded % ExpansionsPerCheck != 0)
            return false;
        Statistics.Stopped = Budget.Check();
        return Statistics.Stopped != StopReason.None;
    }

    public void Dispose()
    {
        Beam.Dispose();
        Accepted.Dispose();
        Visited.Dispose();
        _scratch.Dispose();
    }
}
