using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Segments;

namespace Ann.Core.Indexes;

/// <summary>The manifest as JSON. A member that is unknown, missing or there twice is refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    MaxDepth = 8, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(MetricText), typeof(KeyKindText), typeof(CodesText), typeof(LayoutText), typeof(FingerprintText),
        typeof(AttributeSchemaText)])]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;

/// <summary>A value of an enum as the word that the command line has for it.</summary>
internal abstract class EnumText<T>(EnumNames<T> names) : JsonConverter<T>
    where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && names.TryParse(reader.GetString(), out T value)
            ? value
            : throw new JsonException($"one of {string.Join(", ", names.All)} was expected.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(names.Of(value));
}

internal sealed class MetricText() : EnumText<Metric>(MetricTraits.Names);

internal sealed class KeyKindText() : EnumText<KeyKind>(EnumNames<KeyKind>.Plain);

internal sealed class CodesText() : EnumText<CodesKind>(EnumNames<CodesKind>.Plain);

internal sealed class LayoutText() : EnumText<SegmentLayout>(EnumNames<SegmentLayout>.Plain);

/// <summary>Attributes as an array of objects, each with a name and a type.</summary>
internal sealed class AttributeSchemaText : JsonConverter<AttributeSchema>
{
    public override AttributeSchema Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("an array of attributes was expected.");
        List<AttributeField> fields = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            fields.Add(ReadField(ref reader));
        try
        {
            return new AttributeSchema(fields);
        }
        catch (AnnException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, AttributeSchema value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (AttributeField field in value.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name", field.Name);
            writer.WriteString("type", field.Traits.ManifestName);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static AttributeField ReadField(ref Utf8JsonReader reader)
    {
        string? name = null;
        AttributeType? type = null;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("an attribute is an object.");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            bool isName = reader.ValueTextEquals("name"u8) && name is null;
            if (!isName && (!reader.ValueTextEquals("type"u8) || type is not null))
                throw new JsonException("an attribute has one name and one type, and nothing else.");
            reader.Read();
            string text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("a text was expected.");
            if (isName)
                name = text;
            else
                type = AttributeTraits.ManifestNames.TryParse(text, out AttributeType known) ? known : default(AttributeType);
        }
        return name is not null && type is not null
            ? new AttributeField(name, type.Value)
            : throw new JsonException("an attribute has a name and a type.");
    }
}

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
