using Ann.Core.Releases;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann release build</c> made.</summary>
internal sealed record ReleaseReport
{
    /// <summary>The directory.</summary>
    public required string Release { get; init; }

    /// <summary>False when the measurement failed: nothing is left then.</summary>
    public required bool Passed { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Fault { get; init; }

    /// <summary>Generation of the index, 16 hex digits.</summary>
    public required string Generation { get; init; }

    /// <summary>Who made the rows.</summary>
    public required ReleaseEncoder ItemEncoder { get; init; }

    /// <summary>Who makes the queries.</summary>
    public required ReleaseEncoder QueryEncoder { get; init; }

    /// <summary>Files of the encoder of the queries; 0 when the release has none.</summary>
    public required int EncoderFiles { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>What was measured.</summary>
    public required ReleaseVerification Verification { get; init; }

    /// <summary>Queries that are kept with their answers.</summary>
    public required int GoldenRows { get; init; }

    /// <summary>Seconds in all.</summary>
    public required double Seconds { get; init; }
}

/// <summary>What <c>ann release verify</c> found.</summary>
internal sealed record ReleaseVerifyReport
{
    /// <summary>The directory.</summary>
    public required string Release { get; init; }

    /// <summary>True when every file is what the list says, the index is whole, and the encoder gives the rows that are known.</summary>
    public required bool Sound { get; init; }

    /// <summary>What is wrong; empty when nothing is.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>Generation of the index; null when that cannot be read.</summary>
    public string? Generation { get; init; }

    /// <summary>Files that were compared with their hashes.</summary>
    public required int Files { get; init; }

    /// <summary>Queries that were encoded and asked again; 0 when the release has no encoder.</summary>
    public required int GoldenRows { get; init; }

    /// <summary>Largest difference of a component of their vectors; null when none was encoded.</summary>
    public double? LargestDifference { get; init; }

    /// <summary>What was measured when it was built; null when nothing was.</summary>
    public ReleaseVerification? Verification { get; init; }

    /// <summary>Seconds that it took.</summary>
    public required double Seconds { get; init; }
}
