using Ann.Core;

namespace Ann.Bench.Workers;

/// <summary>The arguments of a worker: the same words for this program and for the C++ drivers.</summary>
internal sealed record WorkerRequest
{
    public required string Engine { get; init; }

    public required string Index { get; init; }

    public required Metric Metric { get; init; }

    public string Base { get; init; } = "";

    public string Queries { get; init; } = "";

    public int M { get; init; }

    public int EfConstruction { get; init; }

    public int Threads { get; init; } = 1;

    public int K { get; init; }

    public IReadOnlyList<int> Ef { get; init; } = [];

    public double Seconds { get; init; }

    public string Answers { get; init; } = "";

    public string Latencies { get; init; } = "";
}
