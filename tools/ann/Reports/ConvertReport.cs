namespace Ann.Tool.Reports;

/// <summary>What <c>ann convert --from</c> did.</summary>
internal sealed record ConvertReport
{
    /// <summary>The file of the other engine.</summary>
    public required string Input { get; init; }

    /// <summary>Its format: <c>hnsw.net</c>, <c>hnswlib</c> or <c>usearch</c>.</summary>
    public required string From { get; init; }

    /// <summary>Version of that format; null where it has none.</summary>
    public int? FormatVersion { get; init; }

    /// <summary>Release of the library that wrote the file; null where it does not tell.</summary>
    public string? WrittenBy { get; init; }

    /// <summary>Nodes of that file, with the deleted ones.</summary>
    public required int Nodes { get; init; }

    /// <summary>Deleted nodes, which were left out.</summary>
    public required int DeletedSkipped { get; init; }

    /// <summary>Negative ids, to which 2^64 was added.</summary>
    public required int NegativeIds { get; init; }

    /// <summary>M of that index. What was taken stands in the new file.</summary>
    public required int SourceM { get; init; }

    /// <summary>Beam width of its builds; null where the file does not tell it, and the usual one was taken.</summary>
    public required int? SourceEfConstruction { get; init; }

    /// <summary>Beam width of its searches; searches here choose their own. Null where the file does not tell it.</summary>
    public required int? SourceEf { get; init; }

    /// <summary>The new file.</summary>
    public required BuildReport Build { get; init; }
}

/// <summary>What <c>ann convert IN OUT</c> did.</summary>
internal sealed record VectorsReport
{
    /// <summary>File of vectors.</summary>
    public required string Input { get; init; }

    /// <summary>Its format.</summary>
    public required string From { get; init; }

    /// <summary>File that was written.</summary>
    public required string Output { get; init; }

    /// <summary>Its format.</summary>
    public required string To { get; init; }

    /// <summary>Rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Components of a row.</summary>
    public required int Dimension { get; init; }

    /// <summary>Where the keys are: <c>inline</c>, or the sidecar; null where rows are only numbered.</summary>
    public required string? Keys { get; init; }

    /// <summary>Attributes that were taken, as <c>NAME:TYPE,…</c>; null for none.</summary>
    public required string? Attributes { get; init; }

    /// <summary>Their sidecar; null where they are in the file.</summary>
    public required string? AttributesFile { get; init; }

    /// <summary>Sidecar of payloads; null for none.</summary>
    public required string? PayloadsFile { get; init; }

    /// <summary>Components that are another number than before, by <c>--round</c>.</summary>
    public required long Rounded { get; init; }

    /// <summary>How long it took.</summary>
    public required double Seconds { get; init; }
}
