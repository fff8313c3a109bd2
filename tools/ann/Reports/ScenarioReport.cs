using Ann.Tool.Load.Scenarios;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann load --scenario</c> measured.</summary>
internal sealed record ScenarioReport
{
    /// <summary>Its name.</summary>
    public required string Scenario { get; init; }

    /// <summary>What it is a model of.</summary>
    public required string Description { get; init; }

    /// <summary>The server.</summary>
    public required string Server { get; init; }

    /// <summary>The index.</summary>
    public required string Index { get; init; }

    /// <summary>Its items when the load began.</summary>
    public required long Rows { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>What all rates were multiplied by.</summary>
    public required double Scale { get; init; }

    /// <summary>Of what was drawn.</summary>
    public required int Seed { get; init; }

    /// <summary>The phases.</summary>
    public required IReadOnlyList<ScenarioPhase> Phases { get; init; }

    /// <summary>Figures of each stream in each phase in which it ran, phase by phase.</summary>
    public required IReadOnlyList<ScenarioFigures> Figures { get; init; }

    /// <summary>What happened to the index meanwhile.</summary>
    public required IReadOnlyList<ScenarioDone> Events { get; init; }

    /// <summary>What the server said of itself, phase by phase; empty without its port for operators.</summary>
    public required IReadOnlyList<ScenarioServer> ServerFigures { get; init; }

    /// <summary>True when Ctrl-C ended it.</summary>
    public bool EndedEarly { get; init; }
}

/// <summary>A stream in a phase.</summary>
/// <param name="Stream">Its name.</param>
/// <param name="Kind">What it sends.</param>
/// <param name="Phase">The phase.</param>
/// <param name="Run">What was measured; its recall is that of the samples, against exact answers after the load.</param>
/// <param name="RecallSamples">Answers that were compared.</param>
internal sealed record ScenarioFigures(string Stream, string Kind, string Phase, LoadRun Run, int RecallSamples);

/// <summary>Something that was done to the index.</summary>
/// <param name="Kind">What.</param>
/// <param name="AtS">When, seconds after the begin of the first phase.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Fault">Why it failed; null where it did not.</param>
internal sealed record ScenarioDone(string Kind, double AtS, double Seconds, string? Fault);

/// <summary>What the server said of itself in a phase.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="CpuCores">Cores that it used.</param>
/// <param name="WorkingSetBytes">Its memory at the end.</param>
/// <param name="GcPauseShare">Share of the time in which garbage collection held it.</param>
/// <param name="P99Ms">99th percentile of its calls as it sees them; null where there was none.</param>
/// <param name="BrownOut">Step of the brown-out ladder at the end.</param>
internal sealed record ScenarioServer(
    string Phase, double CpuCores, double WorkingSetBytes, double GcPauseShare, double? P99Ms, double BrownOut);
