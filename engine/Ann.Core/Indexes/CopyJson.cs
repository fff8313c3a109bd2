using System.Text.Json.Serialization;

namespace Ann.Core.Indexes;

/// <summary>Serialisers made at compile time.</summary>
[JsonSerializable(typeof(CopyList))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
internal sealed partial class CopyJson : JsonSerializerContext;
