using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Tool.Reports;

/// <summary>What an index would take: <c>ann info --estimate</c>. Sizes in bytes.</summary>
internal sealed record FootprintReport
{
    /// <summary>Items.</summary>
    public required long Rows { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary><c>int8</c>, <c>int4</c> or <c>f32</c>.</summary>
    public required string Codes { get; init; }

    /// <summary><c>fast</c>, <c>lean</c> or <c>compact</c>: what the file would have; with codes <c>f32</c> always lean.</summary>
    public required string Layout { get; init; }

    /// <summary>Neighbours a node on upper levels.</summary>
    public required int M { get; init; }

    /// <summary><c>uint64</c> or <c>string</c>.</summary>
    public required string KeyType { get; init; }

    /// <summary>Average bytes of a key: 8 for numbers.</summary>
    public required double KeyBytes { get; init; }

    /// <summary>Length of the file.</summary>
    public required long Bytes { get; init; }

    /// <summary>The same an item.</summary>
    public required double BytesPerItem { get; init; }

    /// <summary>The file by what its bytes are for.</summary>
    public required SegmentParts Parts { get; init; }

    /// <summary>Copied to memory when the file is opened.</summary>
    public required long LoadedBytes { get; init; }

    /// <summary>Left in the mapped file.</summary>
    public required long MappedBytes { get; init; }

    /// <summary>Beam width that <see cref="SearchBytes"/> is for.</summary>
    public required int Ef { get; init; }

    /// <summary>Scratch of one search.</summary>
    public required long SearchBytes { get; init; }

    /// <summary>Threads that <see cref="BuildPeakBytes"/> is for.</summary>
    public required int Threads { get; init; }

    /// <summary>Most that a build holds at once.</summary>
    public required long BuildPeakBytes { get; init; }

    /// <summary>Reports a footprint.</summary>
    public static FootprintReport Of(
        SegmentFootprint footprint, int dimension, SegmentBuildOptions options, KeyKind keys, double keyBytes, int ef,
        SegmentResidence residence)
    {
        long loaded = footprint.Parts.LoadedBytes(footprint.Layout, residence);
        return new FootprintReport
        {
            Rows = footprint.Rows,
            Dimension = dimension,
            Metric = options.Metric.Traits().Name,
            Codes = EnumNames<CodesKind>.Plain.Of(footprint.Codes),
            Layout = EnumNames<SegmentLayout>.Plain.Of(footprint.Layout),
            M = options.M,
            KeyType = EnumNames<KeyKind>.Plain.Of(keys),
            KeyBytes = keys == KeyKind.String ? keyBytes : sizeof(ulong),
            Bytes = footprint.Parts.Total,
            BytesPerItem = (double)footprint.Parts.Total / footprint.Rows,
            Parts = footprint.Parts,
            LoadedBytes = loaded,
            MappedBytes = footprint.Parts.Total - loaded,
            Ef = ef,
            SearchBytes = footprint.SearchBytes,
            Threads = options.Threads,
            BuildPeakBytes = footprint.BuildPeakBytes,
        };
    }
}
