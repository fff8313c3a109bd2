using System.Text.Json.Serialization;
using Ann.Bench.Curves;
using Ann.Bench.Peers;
using Ann.Tool;

namespace Ann.Bench.Reports;

/// <summary>Everything that <c>peers</c> measured.</summary>
internal sealed record PeersReport
{
    /// <summary>Recalls of the tables.</summary>
    public static IReadOnlyList<double> Targets { get; } = [0.90, 0.95, 0.99, 0.999];

    public required string CommandLine { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required Machine Machine { get; init; }

    public required SetReport Set { get; init; }

    public required int K { get; init; }

    /// <summary>Rounds that every engine has finished, 1 or more.</summary>
    public required int Rounds { get; init; }

    /// <summary>Rounds that were asked for: more where the run was cut off.</summary>
    public required int RoundsAsked { get; init; }

    public required int M { get; init; }

    public required int EfConstruction { get; init; }

    /// <summary>First core of the pinned processes.</summary>
    public required int Core { get; init; }

    public required IReadOnlyList<EngineReport> Engines { get; init; }

    /// <summary>Engines that were asked for and are not there, with the command that helps.</summary>
    public required IReadOnlyList<MissingEngine> Missing { get; init; }
}

/// <summary>What was searched.</summary>
internal sealed record SetReport
{
    public required string Base { get; init; }

    public required string Queries { get; init; }

    public required int Rows { get; init; }

    public required int Dimension { get; init; }

    public required int QueryCount { get; init; }

    public required string Metric { get; init; }

    public required string Truth { get; init; }
}

/// <summary>An engine that is not there.</summary>
internal sealed record MissingEngine(string Name, string Remedy);

/// <summary>One engine.</summary>
internal sealed record EngineReport
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required string Settings { get; init; }

    public required IReadOnlyList<BuildNote> Builds { get; init; }

    /// <summary>Bytes a row of the index file.</summary>
    public required double DiskBytesPerRow { get; init; }

    /// <summary>Resident bytes a row that serving adds: all, not backed by a file, mapped from one.</summary>
    public required MemoryReport MemoryPerRow { get; init; }

    /// <summary>Largest number of managed bytes that a query allocated; negative where there is none to count.</summary>
    public required double AllocatedPerQuery { get; init; }

    public required IReadOnlyList<ThreadsReport> Threads { get; init; }
}

/// <summary>Bytes a row.</summary>
internal sealed record MemoryReport(double Total, double Anonymous, double File);

/// <summary>One number of searching threads.</summary>
internal sealed record ThreadsReport
{
    public required int Threads { get; init; }

    /// <summary>What was measured, round by round.</summary>
    public required IReadOnlyList<IReadOnlyList<CurvePoint>> Rounds { get; init; }

    public required IReadOnlyList<TargetReport> Targets { get; init; }
}

/// <summary>What an engine does at one recall.</summary>
internal sealed record TargetReport
{
    public required double Recall { get; init; }

    public required CurveValueKind Kind { get; init; }

    /// <summary>Queries a second over the rounds; of the narrowest beam when it exceeds the recall; null when never reached.</summary>
    public Spread? Qps { get; init; }

    /// <summary>Median over the rounds.</summary>
    public CurvePoint? Point { get; init; }

    /// <summary>Queries a second against hnswlib in the same rounds.</summary>
    public SpeedRatio? Ratio { get; init; }

    /// <summary>
    /// Queries for a second of processor time against hnswlib in the same rounds: what others take of the machine does not count, but for
    /// caches and memory. Null where it is not known.
    /// </summary>
    public SpeedRatio? CpuRatio { get; init; }
}

/// <summary>Compile-time JSON. Names are snake_case.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(List<JudgedCell>))]
[JsonSerializable(typeof(PeersReport))]
[JsonSerializable(typeof(FiltersReport))]
[JsonSerializable(typeof(HardReport))]
[JsonSerializable(typeof(BuildNote))]
internal sealed partial class BenchJson : JsonSerializerContext
{
}
