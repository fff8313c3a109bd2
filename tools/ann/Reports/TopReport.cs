namespace Ann.Tool.Reports;

/// <summary>What <c>ann top</c> shows: a server over some seconds.</summary>
internal sealed record TopReport
{
    /// <summary>Address that was asked.</summary>
    public required string Server { get; init; }

    /// <summary>serving, loading, draining or failed.</summary>
    public required string State { get; init; }

    /// <summary>Calls of any kind that ended.</summary>
    public double CallsPerS { get; init; }

    /// <summary>Those of them that did not end with OK.</summary>
    public double ErrorsPerS { get; init; }

    /// <summary>Median of their times in the server; null where there were none.</summary>
    public double? P50Ms { get; init; }

    /// <summary>99th percentile; null as well.</summary>
    public double? P99Ms { get; init; }

    /// <summary>Calls under way.</summary>
    public double Active { get; init; }

    /// <summary>Searches that wait for a place, heavy ones too.</summary>
    public double WaitingSearches { get; init; }

    /// <summary>Writes that do.</summary>
    public double WaitingWrites { get; init; }

    /// <summary>Step of the brown-out ladder.</summary>
    public double BrownOut { get; init; }

    /// <summary>Cores that the process used.</summary>
    public double CpuCores { get; init; }

    /// <summary>Memory that the system has given to the process.</summary>
    public double WorkingSetBytes { get; init; }

    /// <summary>Share of the time that the runtime stopped all threads.</summary>
    public double GcPauseShare { get; init; }

    /// <summary>Memory under budgets.</summary>
    public IReadOnlyList<TopMemory> Memory { get; init; } = [];

    /// <summary>Each index.</summary>
    public IReadOnlyList<TopIndex> Indexes { get; init; } = [];
}

/// <summary>A part of the memory.</summary>
/// <param name="Component">indexes, sets, requests or replies.</param>
/// <param name="UsedBytes">Held.</param>
/// <param name="LimitBytes">Its budget.</param>
internal sealed record TopMemory(string Component, double UsedBytes, double LimitBytes);

/// <summary>An index over some seconds.</summary>
/// <param name="Index">Its name.</param>
/// <param name="Ready">As its readiness tells it.</param>
/// <param name="Items">Of the generation that serves.</param>
internal sealed record TopIndex(string Index, bool Ready, double Items)
{
    /// <summary>Segments that a search visits.</summary>
    public double Segments { get; init; }

    /// <summary>Answers.</summary>
    public double SearchesPerS { get; init; }

    /// <summary>Items upserted and deleted.</summary>
    public double WritesPerS { get; init; }

    /// <summary>Median of the times of searches without their waiting; null where there were none.</summary>
    public double? P50Ms { get; init; }

    /// <summary>99th percentile; null as well.</summary>
    public double? P99Ms { get; init; }

    /// <summary>99th percentile of their waiting; null as well.</summary>
    public double? QueueP99Ms { get; init; }

    /// <summary>Live recall, the lowest of its kinds of queries; null where it is not measured.</summary>
    public double? Recall { get; init; }

    /// <summary>Memory of all its generations.</summary>
    public double MemoryBytes { get; init; }

    /// <summary>Its log.</summary>
    public double LogBytes { get; init; }
}
