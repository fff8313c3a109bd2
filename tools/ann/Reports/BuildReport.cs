using Ann.Core.Segments;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann build</c> did.</summary>
internal sealed record BuildReport
{
    /// <summary>File of vectors.</summary>
    public required string Input { get; init; }

    /// <summary>The <c>.ann</c> file.</summary>
    public required string Output { get; init; }

    /// <summary>Index name in the file; empty when none was given.</summary>
    public required string Name { get; init; }

    /// <summary>Where keys came from: a sidecar's path, <c>inline</c>, or <c>row numbers</c>.</summary>
    public required string Keys { get; init; }

    /// <summary>Attributes of the items; null when they have none.</summary>
    public IReadOnlyList<AttributeColumnReport>? Attributes { get; init; }

    /// <summary>Where those came from: a sidecar's path, or <c>inline</c>; null when there are none.</summary>
    public string? AttributeSource { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>
    /// What the walk reads: <c>int8</c> or <c>f32</c>, which is taken by itself where int8 codes cannot tell the rows apart.
    /// </summary>
    public required string Codes { get; init; }

    /// <summary>Why the codes are not those that ordinary rows get; empty when they are.</summary>
    public required string CodesReason { get; init; }

    /// <summary><c>fast</c> or <c>lean</c>: what the file has; with codes <c>f32</c> always lean.</summary>
    public required string Layout { get; init; }

    /// <summary>Items.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows of the input that were left out as zero vectors.</summary>
    public required long ZeroRowsSkipped { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Threads of the build. They do not change the file.</summary>
    public required int Threads { get; init; }

    /// <summary>Seconds in all.</summary>
    public required double Seconds { get; init; }

    /// <summary>Seconds spent reading the input.</summary>
    public required double ReadSeconds { get; init; }

    /// <summary>Seconds spent on codes, graph and certificate.</summary>
    public required double BuildSeconds { get; init; }

    /// <summary>Seconds spent writing.</summary>
    public required double WriteSeconds { get; init; }

    /// <summary>Items a second, over all.</summary>
    public required double RowsPerS { get; init; }

    /// <summary>Size of the file; null when it was written to a device.</summary>
    public required long? Bytes { get; init; }

    /// <summary>Build name: 16 hex digits that follow from the content.</summary>
    public required string? Generation { get; init; }

    /// <summary>What was measured of the graph.</summary>
    public required Certificate? Certificate { get; init; }
}
