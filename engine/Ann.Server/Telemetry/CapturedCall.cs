using System.Text.Json.Serialization;

namespace Ann.Server.Telemetry;

/// <summary>A search as it came: a line of a capture. It has what was asked and when, and nothing of who asked.</summary>
internal sealed record CapturedCall
{
    /// <summary>When it came, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Service and method, as <c>ann.v1.Retrieval/Search</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The index that was asked.</summary>
    public string? Index { get; init; }

    /// <summary>Time that its caller gave it, milliseconds; null for any.</summary>
    public double? DeadlineMs { get; init; }

    /// <summary>The request as it goes over the wire, with vectors in the place of texts and without its caller's mark.</summary>
    public required byte[] Request { get; init; }
}

/// <summary>Compile-time JSON of captures, a call a line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CapturedCall))]
internal sealed partial class CapturedCallJson : JsonSerializerContext;
