using Ann.Core;

namespace Ann.Bench.Peers;

/// <summary>What <c>peers</c> was asked for.</summary>
internal sealed record PeersRequest
{
    public required string Base { get; init; }

    public required string Queries { get; init; }

    public required Metric Metric { get; init; }

    /// <summary>True neighbours; null computes them.</summary>
    public string? Truth { get; init; }

    public int K { get; init; } = 10;

    /// <summary>Searching threads, one sweep each.</summary>
    public IReadOnlyList<int> Threads { get; init; } = [1];

    /// <summary>Building threads, one timed build each; the index of the last is searched.</summary>
    public IReadOnlyList<int> BuildThreads { get; init; } = [1];

    public int Rounds { get; init; } = 3;

    public required IReadOnlyList<string> Engines { get; init; }

    /// <summary>Beam widths, ascending, each at least k.</summary>
    public required IReadOnlyList<int> Ef { get; init; }

    public int M { get; init; } = 16;

    public int EfConstruction { get; init; } = 200;

    public required string Cache { get; init; }

    /// <summary>First core; T threads use T cores from there on, around the end.</summary>
    public int Core { get; init; }

    /// <summary>Least time that one beam width is measured for in one round.</summary>
    public double Seconds { get; init; } = 0.3;

    /// <summary>Search an <c>.ann</c> file in the cache even if another build of the engine made it.</summary>
    public bool ReuseAnn { get; init; }

    /// <summary>The cores for a number of threads.</summary>
    public IReadOnlyList<int> Cores(int threads)
    {
        int all = Math.Max(MachineCores, 1);
        return [.. Enumerable.Range(0, Math.Min(threads, all)).Select(i => (Core + i) % all)];
    }

    /// <summary>Cores of the machine, which may be more than this process may use.</summary>
    public required int MachineCores { get; init; }
}
