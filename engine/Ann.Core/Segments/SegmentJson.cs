using System.Text.Json.Serialization;

namespace Ann.Core.Segments;

/// <summary>The JSON sections of an <c>.ann</c> file.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false)]
[JsonSerializable(typeof(BuildRecord))]
[JsonSerializable(typeof(Certificate))]
internal sealed partial class SegmentJson : JsonSerializerContext
{
    /// <summary>Largest JSON section that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;
}
