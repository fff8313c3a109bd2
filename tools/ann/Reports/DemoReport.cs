using System.Text.Json.Serialization;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann demo</c> did and measured.</summary>
internal sealed record DemoReport
{
    /// <summary>Products of the catalogue.</summary>
    public required int Items { get; init; }

    /// <summary>Share of the ten exact nearest that the index returned over gRPC, mean over <see cref="RecallQueries"/>.</summary>
    [JsonPropertyName("recall_at_10")] // The naming rule would write recall_at10.
    public required double RecallAt10 { get; init; }

    /// <summary>Queries that <see cref="RecallAt10"/> is measured with.</summary>
    public required int RecallQueries { get; init; }

    /// <summary>Search calls answered a second, with <see cref="Callers"/> callers.</summary>
    public required double Qps { get; init; }

    /// <summary>Median time of a call seen by a single caller, network included, microseconds.</summary>
    public required double P50Us { get; init; }

    /// <summary>99th percentile of the same, microseconds.</summary>
    public required double P99Us { get; init; }

    /// <summary>Callers at once while <see cref="Qps"/> was measured.</summary>
    public required int Callers { get; init; }

    /// <summary>The queries that were shown, with their five best items.</summary>
    public required IReadOnlyList<QueryAnswer> Queries { get; init; }

    /// <summary>How long each stage took.</summary>
    public required DemoSeconds Seconds { get; init; }

    /// <summary>Components of an item's vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Name and fingerprint of the encoder.</summary>
    public required string Encoder { get; init; }

    /// <summary>The build that answered.</summary>
    public required string Generation { get; init; }

    /// <summary>Where the server listened.</summary>
    public required string Address { get; init; }
}

/// <summary>Seconds of each stage.</summary>
internal sealed record DemoSeconds
{
    /// <summary>Making and writing the catalogue.</summary>
    public required double Generate { get; init; }

    /// <summary>Encoding it, opening the encoder included.</summary>
    public required double Encode { get; init; }

    /// <summary>Building the index.</summary>
    public required double Build { get; init; }

    /// <summary>Starting the server until it serves.</summary>
    public required double Start { get; init; }

    /// <summary>Queries: those shown, recall, load.</summary>
    public required double Measure { get; init; }

    /// <summary>All of it.</summary>
    public required double Total { get; init; }
}

/// <summary>That a server serves: <c>ann serve --json</c>.</summary>
/// <param name="Address">Where it listens.</param>
/// <param name="Web">Where console and REST listen; null where they are not served.</param>
/// <param name="Indexes">What it hosts.</param>
internal sealed record ServeReport(string Address, string? Web, IReadOnlyList<ServedIndex> Indexes);

/// <summary>One hosted index.</summary>
/// <param name="Name">What clients call it.</param>
/// <param name="State"><c>serving</c>, <c>failed</c>, …</param>
/// <param name="Rows">Items.</param>
/// <param name="Dimension">Components of a vector.</param>
/// <param name="Generation">Build name.</param>
/// <param name="Layout"><c>fast</c> or <c>lean</c>; <c>unspecified</c> unless it serves.</param>
/// <param name="LoadedBytes">Bytes of links and codes in memory of the server's own.</param>
/// <param name="MappedBytes">Bytes that stay in the mapped file.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
internal sealed record ServedIndex(
    string Name, string State, ulong Rows, uint Dimension, string Generation, string Layout, ulong LoadedBytes, ulong MappedBytes,
    string? Failure);
