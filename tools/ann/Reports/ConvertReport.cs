namespace Ann.Tool.Reports;

/// <summary>What <c>ann convert</c> did.</summary>
internal sealed record ConvertReport
{
    /// <summary>The file of the other engine.</summary>
    public required string Input { get; init; }

    /// <summary>Its format: <c>hnsw.net</c>.</summary>
    public required string From { get; init; }

    /// <summary>Version of that format.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Nodes of that file, with the deleted ones.</summary>
    public required int Nodes { get; init; }

    /// <summary>Deleted nodes, which were left out.</summary>
    public required int DeletedSkipped { get; init; }

    /// <summary>Negative ids, to which 2^64 was added.</summary>
    public required int NegativeIds { get; init; }

    /// <summary>M of that index. What was taken stands in the new file.</summary>
    public required int SourceM { get; init; }

    /// <summary>Beam width of its builds.</summary>
    public required int SourceEfConstruction { get; init; }

    /// <summary>Beam width of its searches; searches here choose their own.</summary>
    public required int SourceEf { get; init; }

    /// <summary>The new file.</summary>
    public required BuildReport Build { get; init; }
}
