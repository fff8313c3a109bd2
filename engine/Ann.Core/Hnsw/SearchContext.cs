namespace Ann.Core.Hnsw;

/// <summary>The scratch memory of one search at a time on one graph: pooled, so that a search allocates nothing.</summary>
internal sealed class SearchContext(int nodes, int slots) : IDisposable
{
    /// <summary>Expansions between two looks at the budget: about 20 µs of work.</summary>
    private const int ExpansionsPerCheck = 16;

    private readonly int[] _nodes = new int[slots];
    private readonly float[] _distances = new float[slots];
    private readonly ulong[] _found = new ulong[slots];

    public Beam Beam { get; } = new();

    public VisitedSet Visited { get; } = new(nodes);

    public SearchBudget Budget { get; private set; }

    public SearchStatistics Statistics;

    /// <summary>Room for the unvisited neighbours of one node.</summary>
    public Span<int> Nodes => _nodes;

    /// <summary>Room for their distances.</summary>
    public Span<float> Distances => _distances;

    /// <summary>Room for the beam entries made of them.</summary>
    public Span<ulong> Found => _found;

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
        Visited.Dispose();
    }
}
