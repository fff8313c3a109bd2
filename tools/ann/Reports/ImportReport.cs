namespace Ann.Tool.Reports;

/// <summary>What <c>ann import</c> did.</summary>
internal sealed record ImportReport
{
    /// <summary>Name of the index.</summary>
    public required string Index { get; init; }

    /// <summary>File of vectors, or of keys.</summary>
    public required string Input { get; init; }

    /// <summary>Where keys came from: a sidecar's path, <c>inline</c>, or <c>row numbers</c>.</summary>
    public required string Keys { get; init; }

    /// <summary>Attributes that were sent; null for none.</summary>
    public IReadOnlyList<AttributeColumnReport>? Attributes { get; init; }

    /// <summary><c>upsert</c>, <c>insert</c> or <c>delete</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Rows sent; all are on disk and visible.</summary>
    public required long Rows { get; init; }

    /// <summary>Blocks that carried them.</summary>
    public required long Blocks { get; init; }

    /// <summary>Items added, replaced or removed.</summary>
    public required ulong Applied { get; init; }

    /// <summary>Items that existed already (insert) or did not exist (delete).</summary>
    public required ulong Skipped { get; init; }

    /// <summary>Blocks that had been written before, by the same producer.</summary>
    public required ulong RetriedBlocks { get; init; }

    /// <summary>Position of the index's log at which all of it is seen.</summary>
    public required ulong LogPosition { get; init; }

    /// <summary>From the first block to the last acknowledgement: everything durable and visible.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rows over <see cref="Seconds"/>.</summary>
    public required double RowsPerS { get; init; }

    /// <summary>From the last block sent to its acknowledgement.</summary>
    public required double LastAckSeconds { get; init; }

    /// <summary>From the first block until the index was compacted; null when that was not waited for.</summary>
    public double? CompactedSeconds { get; init; }
}
