using System.Text.Json.Serialization;
using Ann.Core.Segments;

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

/// <summary>Compile-time generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FiguresReport))]
[JsonSerializable(typeof(SegmentsReport))]
[JsonSerializable(typeof(SetsReport))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
