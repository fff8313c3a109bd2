using Ann.Core;
using Ann.Core.Segments;

namespace Ann.Tool.Reports;

/// <summary>What an <c>.ann</c> file is: <c>ann info</c>.</summary>
internal sealed record IndexReport
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>Build name: 16 hex digits that follow from the content.</summary>
    public required string Generation { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Items.</summary>
    public required int Rows { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary><c>uint64</c> or <c>string</c>.</summary>
    public required string KeyType { get; init; }

    /// <summary>Size of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>How it was made.</summary>
    public required BuildRecord Build { get; init; }

    /// <summary>What was measured when it was made.</summary>
    public required Certificate Certificate { get; init; }

    /// <summary>Describes an open file.</summary>
    public static IndexReport Of(SealedSegment segment) => new()
    {
        File = segment.Path,
        Generation = segment.Generation,
        Metric = segment.Metric.ToName(),
        Rows = segment.Count,
        Dimension = segment.Dimension,
        KeyType = segment.Keys.Kind == KeyKind.UInt64 ? "uint64" : "string",
        Bytes = segment.SizeInBytes,
        Build = segment.BuildRecord,
        Certificate = segment.Certificate,
    };
}

/// <summary>Whether an <c>.ann</c> file is sound: <c>ann verify</c>.</summary>
internal sealed record VerifyReport
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>True when every hash, link and key is right and every item can be reached.</summary>
    public required bool Sound { get; init; }

    /// <summary>What is wrong, with section and byte; null when nothing is.</summary>
    public string? Fault { get; init; }

    /// <summary>Build name; null when the file cannot be opened.</summary>
    public string? Generation { get; init; }

    /// <summary>Items; null when the file cannot be opened.</summary>
    public int? Rows { get; init; }

    /// <summary>Size of the file; null when the file cannot be opened.</summary>
    public long? Bytes { get; init; }

    /// <summary>Seconds that the check took.</summary>
    public required double Seconds { get; init; }
}
