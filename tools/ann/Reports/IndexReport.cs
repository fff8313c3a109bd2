using Ann.Core;
using Ann.Core.Keys;
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

    /// <summary><c>int8</c> or <c>f32</c>.</summary>
    public required string Codes { get; init; }

    /// <summary><c>fast</c> or <c>lean</c>.</summary>
    public required string Layout { get; init; }

    /// <summary>Bytes of the file by what they are for.</summary>
    public required SegmentParts Parts { get; init; }

    /// <summary>Bytes that a server copies to memory of its own.</summary>
    public required long LoadedBytes { get; init; }

    /// <summary>Bytes that stay in the mapped file.</summary>
    public required long MappedBytes { get; init; }

    /// <summary>Attributes of its items; null when they have none.</summary>
    public IReadOnlyList<AttributeSummaryReport>? Attributes { get; init; }

    /// <summary>How it was made.</summary>
    public required BuildRecord Build { get; init; }

    /// <summary>What was measured when it was made.</summary>
    public required Certificate Certificate { get; init; }

    /// <summary>Describes an open file.</summary>
    /// <param name="segment">The file, opened in any way.</param>
    /// <param name="residence">How it would be served.</param>
    public static IndexReport Of(SealedSegment segment, SegmentResidence residence) => new()
    {
        File = segment.Path,
        Generation = segment.Generation,
        Metric = segment.Metric.Traits().Name,
        Rows = segment.Count,
        Dimension = segment.Dimension,
        KeyType = EnumNames<KeyKind>.Plain.Of(segment.Keys.Kind),
        Bytes = segment.SizeInBytes,
        Codes = EnumNames<CodesKind>.Plain.Of(segment.Codes),
        Layout = EnumNames<SegmentLayout>.Plain.Of(segment.Layout),
        Parts = segment.Parts,
        LoadedBytes = segment.Parts.LoadedBytes(segment.Layout, residence),
        MappedBytes = segment.SizeInBytes - segment.Parts.LoadedBytes(segment.Layout, residence),
        Attributes = segment.AttributeSchema.Count == 0
            ? null
            : [.. segment.SummarizeAttributes().Select(AttributeSummaryReport.Of)],
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

    /// <summary>What was measured when the file was made, in words; null when the file cannot be opened.</summary>
    public string? Measured { get; init; }

    /// <summary>The certificate's recall by k and beam width; null when the file cannot be opened.</summary>
    public IReadOnlyList<RecallAtBeam>? Recall { get; init; }

    /// <summary>What it was measured with: <c>rows</c>, <c>given</c> or <c>sampled</c>; null when the file cannot be opened.</summary>
    public string? QuerySource { get; init; }

    /// <summary>Queries that it was measured with; 0 in older files, null when the file cannot be opened.</summary>
    public int? Queries { get; init; }

    /// <summary>The recall that was demanded; null for none.</summary>
    public double? MinRecall { get; init; }

    /// <summary>That it is missed, in words with what was found; null when it is not.</summary>
    public string? BelowFloor { get; init; }

    /// <summary>That what was measured is poor, in words; null when it is not.</summary>
    public string? Shortfall { get; init; }

    /// <summary>Seconds that the check took.</summary>
    public required double Seconds { get; init; }
}
