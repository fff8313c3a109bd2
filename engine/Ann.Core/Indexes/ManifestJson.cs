using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>The manifest as JSON. A member that is unknown, missing or there twice is refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    MaxDepth = 8, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(MetricNames), typeof(KeyKindNames), typeof(CodesNames), typeof(LayoutNames), typeof(FingerprintText)])]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary>A value of an enum as the word that the command line has for it.</summary>
internal abstract class EnumNames<T>(params (T Value, string Name)[] names) : JsonConverter<T>
    where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            foreach ((T value, string name) in names)
                if (reader.ValueTextEquals(name))
                    return value;
        throw new JsonException($"one of {string.Join(", ", names.Select(pair => pair.Name))} was expected.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(names.Single(pair => pair.Value.Equals(value)).Name);
}

internal sealed class MetricNames() : EnumNames<Metric>(
    [.. new[] { Metric.Cosine, Metric.L2, Metric.InnerProduct }.Select(metric => (metric, metric.ToName()))]);

internal sealed class KeyKindNames() : EnumNames<KeyKind>((KeyKind.UInt64, "uint64"), (KeyKind.String, "string"));

internal sealed class CodesNames() : EnumNames<CodesKind>((CodesKind.F32, "f32"), (CodesKind.Int8, "int8"));

internal sealed class LayoutNames() : EnumNames<SegmentLayout>((SegmentLayout.Lean, "lean"), (SegmentLayout.Fast, "fast"));

/// <summary>A fingerprint as 16 hex digits; null as nothing.</summary>
internal sealed class FingerprintText : JsonConverter<ulong?>
{
    public override ulong? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.GetString() is string text && Manifest.IsHex(text)
            ? ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : throw new JsonException("16 hex digits were expected.");

    public override void Write(Utf8JsonWriter writer, ulong? value, JsonSerializerOptions options)
    {
        if (value is ulong fingerprint)
            writer.WriteStringValue(fingerprint.ToString("x16", CultureInfo.InvariantCulture));
        else
            writer.WriteNullValue();
    }
}
