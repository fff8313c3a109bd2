namespace Ann.Tool.Reports;

/// <summary>What <c>ann create</c> made.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Generation">Its first generation.</param>
/// <param name="Dimension">Components of a vector.</param>
/// <param name="Metric"><c>cosine</c>, <c>l2</c> or <c>ip</c>.</param>
/// <param name="KeyType"><c>uint64</c> or <c>string</c>.</param>
internal sealed record CreateReport(string Index, string Generation, int Dimension, string Metric, string KeyType)
{
    /// <summary>Encoder of its rows; null when unknown.</summary>
    public IndexEncoderReport? Encoder { get; init; }

    /// <summary>Encoder of its queries; null when that of its rows makes them.</summary>
    public IndexEncoderReport? QueryEncoder { get; init; }

    /// <summary>Attributes that its items may have; null for none.</summary>
    public IReadOnlyList<AttributeColumnReport>? Attributes { get; init; }
}

/// <summary>What <c>ann drop</c> removed.</summary>
/// <param name="Index">Name of the index.</param>
internal sealed record DropReport(string Index);

/// <summary>What <c>ann attach</c> attached.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Generation">16 hex digits.</param>
/// <param name="Role">What it does now.</param>
/// <param name="Items">Items of it.</param>
/// <param name="LogPosition">The last write that is part of its files.</param>
/// <param name="AppliedPosition">The last write that it shows.</param>
/// <param name="MissedKeys">Items whose last write it could not take.</param>
/// <param name="Seconds">From the call to the answer.</param>
internal sealed record GenerationReport(
    string Index, string Generation, string Role, ulong Items, ulong LogPosition, ulong AppliedPosition, ulong MissedKeys, double Seconds);

/// <summary>What <c>ann detach</c> took away.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Generation">16 hex digits.</param>
internal sealed record DetachReport(string Index, string Generation);

/// <summary>What <c>ann promote</c> or <c>ann rollback</c> did.</summary>
internal sealed record PromoteReport
{
    /// <summary>Name of the index.</summary>
    public required string Index { get; init; }

    /// <summary>Whether the generation took over.</summary>
    public required bool Promoted { get; init; }

    /// <summary>The generation that serves now; null when the gate refused.</summary>
    public string? Serving { get; init; }

    /// <summary>The one that served before; null when the gate refused.</summary>
    public string? Replaced { get; init; }

    /// <summary>Recent real queries that were measured.</summary>
    public uint? Queries { get; init; }

    /// <summary>Rows used as queries for want of real ones.</summary>
    public uint? SampledRows { get; init; }

    /// <summary>Recall@10 against exact search; null when not measured.</summary>
    public double? Recall { get; init; }

    /// <summary>Share of the answers of the generation before; null when not measured.</summary>
    public double? Overlap { get; init; }

    /// <summary>99th percentile of the search time, milliseconds; null when not measured.</summary>
    public double? P99Ms { get; init; }

    /// <summary>Items whose last write it does not have; null when the gate refused.</summary>
    public ulong? MissedKeys { get; init; }

    /// <summary>True when the gate would have refused it.</summary>
    public bool? Forced { get; init; }

    /// <summary>Why the gate refused, with the figures; null when it did not.</summary>
    public string? Refusal { get; init; }

    /// <summary>The demands that were not met; null when none was.</summary>
    public IReadOnlyList<UnmetDemand>? Unmet { get; init; }
}

/// <summary>A demand of a promotion gate that was not met.</summary>
/// <param name="Demand">Its field, such as <c>min_recall</c>.</param>
/// <param name="Description">What was expected and what was found.</param>
internal sealed record UnmetDemand(string Demand, string Description);

/// <summary>What <c>ann compact</c> left.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Items">Items.</param>
/// <param name="Dead">Rows of deleted items that were written meanwhile.</param>
/// <param name="Segments">Segments that a search visits.</param>
/// <param name="FileBytes">Bytes of all generations' files.</param>
/// <param name="Seconds">From the call to the answer.</param>
internal sealed record CompactReport(string Index, ulong Items, ulong Dead, uint Segments, ulong FileBytes, double Seconds);

/// <summary>What <c>ann snapshot</c> copied.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Name">Directory of the copy, below the server's snapshot directory.</param>
/// <param name="LogPosition">The last write that it holds.</param>
/// <param name="Seconds">From the call to the answer.</param>
internal sealed record SnapshotReport(string Index, string Name, ulong LogPosition, double Seconds);

/// <summary>What <c>ann restore</c> made.</summary>
/// <param name="From">The copy.</param>
/// <param name="Directory">The live index's directory.</param>
/// <param name="Index">The name that a server will host it under.</param>
/// <param name="LogPosition">The last write that it holds.</param>
/// <param name="Seconds">From start to end.</param>
internal sealed record RestoreReport(string From, string Directory, string Index, long LogPosition, double Seconds);

/// <summary>What <c>ann export</c> wrote.</summary>
/// <param name="From">The file or the snapshot.</param>
/// <param name="Output">The file of vectors.</param>
/// <param name="Keys">Its sidecar; null when the vectors went to a device.</param>
/// <param name="Rows">Items.</param>
/// <param name="Dimension">Components of a vector.</param>
/// <param name="LogPosition">The last write that they know of; null when they come from no live index.</param>
/// <param name="Seconds">From start to end.</param>
internal sealed record ExportReport(
    string From, string Output, string? Keys, long Rows, int Dimension, long? LogPosition, double Seconds)
{
    /// <summary>Attributes of the items; null when they have none.</summary>
    public IReadOnlyList<AttributeColumnReport>? Attributes { get; init; }

    /// <summary>Their file; null when they are members of the lines, went to a device with the vectors, or there are none.</summary>
    public string? AttributesFile { get; init; }

    /// <summary>The file of the items' payloads; null when none has one.</summary>
    public string? PayloadsFile { get; init; }
}

/// <summary>What <c>ann set append</c> or <c>ann set drop</c> did.</summary>
/// <param name="Index">Name of the index.</param>
/// <param name="Set">Name of the set.</param>
/// <param name="Size">Keys in it now; of a dropped one keys that were in it.</param>
internal sealed record SetReport(string Index, string Set, ulong Size);
