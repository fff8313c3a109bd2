using System.Text.Json.Serialization;

namespace Ann.Server.Health;

/// <summary>Compile-time JSON of what the probes answer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServerReadiness))]
[JsonSerializable(typeof(IndexReadiness))]
internal sealed partial class ReadinessJson : JsonSerializerContext;
