using System.Text.Json.Serialization;

namespace Ann.Server.Telemetry;

/// <summary>
/// A read call that was slow: a line of the file of slow queries. It has what is needed to send the call again, and nothing of who sent it
/// but the name that its credential has, and the mark that the request itself carries.
/// </summary>
internal sealed record SlowQuery
{
    /// <summary>When the call ended, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Service and method, as <c>ann.v1.Retrieval/Search</c>.</summary>
    public required string Method { get; init; }

    /// <summary>gRPC's name of the status.</summary>
    public required string Status { get; init; }

    /// <summary>Time of the call in the server, waiting included, milliseconds.</summary>
    public required double DurationMs { get; init; }

    /// <summary>Time that the caller gave it, milliseconds; null for any.</summary>
    public double? DeadlineMs { get; init; }

    /// <summary>The index that was asked; null where no answer tells it.</summary>
    public string? Index { get; init; }

    /// <summary>The generation that answered; null as well.</summary>
    public string? Generation { get; init; }

    /// <summary>Results wanted of each row; null where the call wants none so. Of several searches that of the first.</summary>
    public long? K { get; init; }

    /// <summary>How it was found.</summary>
    public string? Plan { get; init; }

    /// <summary>What became of the answer.</summary>
    public string? Completeness { get; init; }

    /// <summary>Times and costs of the search, as the answer has them; of several the first.</summary>
    public SlowQueryCosts? Costs { get; init; }

    /// <summary>Who asked, as the audit log names callers; null where the server asks nobody for a credential.</summary>
    public string? Caller { get; init; }

    /// <summary>The caller's own mark of the request.</summary>
    public string? RequestTag { get; init; }

    /// <summary>Trace of the call, where it was sampled.</summary>
    public string? TraceId { get; init; }

    /// <summary>Keys of the answer, list by list, the first of each; null where the answer has none.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Keys { get; init; }

    /// <summary>Bytes of the request.</summary>
    public required int RequestBytes { get; init; }

    /// <summary>The request as it goes over the wire, with vectors in the place of texts; null where it is too large to be kept.</summary>
    public byte[]? Request { get; init; }
}

/// <summary>What a search cost.</summary>
/// <param name="QueueMs">Time that it waited for its place.</param>
/// <param name="EncodeMs">Time until its texts were vectors.</param>
/// <param name="FilterMs">Time until it was known what may be returned.</param>
/// <param name="SearchMs">Time of the search, that of the filter included.</param>
/// <param name="EfSearch">Beam width.</param>
/// <param name="Visited">Distances computed.</param>
/// <param name="BrownOut">Step of the brown-out ladder.</param>
internal sealed record SlowQueryCosts(
    double QueueMs, double EncodeMs, double FilterMs, double SearchMs, long EfSearch, long Visited, long BrownOut);

/// <summary>Compile-time JSON of slow queries, a line each.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SlowQuery))]
internal sealed partial class SlowQueryJson : JsonSerializerContext;
