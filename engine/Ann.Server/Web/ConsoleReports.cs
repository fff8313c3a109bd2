using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core.Segments;
using Ann.Server.Telemetry;

namespace Ann.Server.Web;

/// <summary>Points of the board.</summary>
internal sealed record FiguresReport(
    long IndexLimitBytes, long RequestLimitBytes, long ReplyLimitBytes, IReadOnlyList<FiguresPoint> Points);

/// <summary>The segments of one generation.</summary>
internal sealed record SegmentsReport(string Index, string Generation, IReadOnlyList<SegmentReport> Segments);

/// <summary>One segment.</summary>
/// <param name="Sealed">False for the head.</param>
/// <param name="Rows">The deleted ones too.</param>
/// <param name="Dead">Deleted ones.</param>
/// <param name="MemoryBytes">Memory of its own.</param>
/// <param name="Codes">What the walk reads.</param>
/// <param name="Layout">Of its file.</param>
/// <param name="Certificate">What was measured when it was sealed; null of a head.</param>
internal sealed record SegmentReport(
    bool Sealed, long Rows, long Dead, long MemoryBytes, string? Codes, string? Layout, Certificate? Certificate);

/// <summary>Named sets of an index.</summary>
/// <param name="Total">As many there are.</param>
/// <param name="Sets">The first of those that were asked for, in the order of their names.</param>
internal sealed record SetsReport(int Total, IReadOnlyList<NamedSetReport> Sets);

/// <summary>A named set.</summary>
internal sealed record NamedSetReport(string Name, int Size, DateTimeOffset? Expires);

/// <summary>The latest slow queries.</summary>
/// <param name="IsOn">False where no file is set for them.</param>
/// <param name="ThresholdMs">Time from which a call is slow.</param>
/// <param name="File">Name of the file, without its directory.</param>
/// <param name="Most">As many are kept at most.</param>
/// <param name="Queries">Those that the caller may see, the latest first.</param>
internal sealed record SlowQueriesReport(
    bool IsOn, double? ThresholdMs, string? File, int Most, IReadOnlyList<SlowQueryRow> Queries);

/// <summary>A slow query.</summary>
/// <param name="Number">Its own.</param>
/// <param name="HasRequest">True where its request is kept.</param>
/// <param name="Query">Without its request.</param>
internal sealed record SlowQueryRow(long Number, bool HasRequest, SlowQuery Query);

/// <summary>A slow query with what was asked.</summary>
/// <param name="Number">Its own.</param>
/// <param name="File">Name of the file that it is written to, without its directory.</param>
/// <param name="Query">Without its request.</param>
/// <param name="Request">As REST takes it; null where it is not kept.</param>
/// <param name="FilterText">The filter of a search as people write it; null without one.</param>
internal sealed record SlowQueryDetail(long Number, string? File, SlowQuery Query, JsonElement? Request, string? FilterText);

/// <summary>Compile-time generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FiguresReport))]
[JsonSerializable(typeof(SegmentsReport))]
[JsonSerializable(typeof(SetsReport))]
[JsonSerializable(typeof(SlowQueriesReport))]
[JsonSerializable(typeof(SlowQueryDetail))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
