using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Attributes of the rows of a vector file. They lie beside it under the name <c>FILE.attributes.jsonl</c>: a header line, then a JSON
/// object a row, in row order, whose members are the row's values. Read by <see cref="AttributeSidecarReader"/>, written by
/// <see cref="AttributeSidecarWriter"/>.
/// </summary>
/// <remarks>
/// The header is <c>{"ann_attributes":1,"rows":2,"rows_hash":"…","attributes":{"price":"double","tags":"keywords"}}</c>; rows_hash, an
/// XxHash3 of the float32 rows, may be left out.
/// </remarks>
internal static class AttributeSidecar
{
    /// <summary>What is appended to the name of the vector file.</summary>
    public const string Suffix = ".attributes.jsonl";

    /// <summary>The only version of the format.</summary>
    internal const int Version = 1;

    /// <summary>Where the sidecar of a vector file lies.</summary>
    public static string PathOf(string vectorPath) => vectorPath + Suffix;

    /// <summary>A header line, without its end.</summary>
    /// <param name="rows">Rows of the vector file.</param>
    /// <param name="rowsHash">Hash of them; null leaves it out.</param>
    /// <param name="schema">Their attributes.</param>
    internal static byte[] HeaderLine(long rows, string? rowsHash, AttributeSchema schema)
    {
        ArrayBufferWriter<byte> line = new();
        using Utf8JsonWriter json = new(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteNumber("ann_attributes"u8, Version);
        json.WriteNumber("rows"u8, rows);
        if (rowsHash is not null)
            json.WriteString("rows_hash"u8, rowsHash);
        json.WriteStartObject("attributes"u8);
        foreach (AttributeField field in schema.Fields)
            json.WriteString(field.Name, field.Traits.Name);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return line.WrittenSpan.ToArray();
    }

    /// <summary>Reads a header line.</summary>
    /// <exception cref="FormatException">What was expected and found, as an end of a sentence that names the line.</exception>
    internal static AttributeSidecarHeader ParseHeader(ReadOnlySpan<byte> line)
    {
        const string Expected =
            "expected a header such as {\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"price\":\"double\"}}";
        try
        {
            Utf8JsonReader json = new(line);
            using JsonDocument document = JsonDocument.ParseValue(ref json);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("ann_attributes", out JsonElement version) || version.ValueKind != JsonValueKind.Number
                || !root.TryGetProperty("rows", out JsonElement rows) || rows.ValueKind != JsonValueKind.Number
                || !rows.TryGetInt64(out long count) || count < 1
                || !root.TryGetProperty("attributes", out JsonElement attributes) || attributes.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException(Expected + ".");
            }
            if (!version.TryGetInt32(out int number) || number != Version)
                throw new FormatException($"version {version} of the format is not known; expected {Version}.");
            string hash = root.TryGetProperty("rows_hash", out JsonElement text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()!
                : "";
            return new AttributeSidecarHeader(count, hash, ParseSchema(attributes));
        }
        catch (Exception e) when (JsonFinding.IsNoJson(e))
        {
            throw new FormatException(JsonFinding.Describe(e), e);
        }
    }

    /// <summary>Reads attributes as an object of names and types.</summary>
    /// <exception cref="FormatException">What was expected and found.</exception>
    internal static AttributeSchema ParseSchema(JsonElement attributes)
    {
        List<AttributeField> fields = [];
        foreach (JsonProperty property in attributes.EnumerateObject())
        {
            string name = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.ToString();
            fields.Add(AttributeTraits.TryParse(name, out AttributeType type)
                ? new AttributeField(property.Name, type)
                : throw new FormatException(
                    $"attribute '{property.Name}' has the type '{name}'; expected one of {AttributeTraits.AllNames}."));
        }
        try
        {
            return new AttributeSchema(fields);
        }
        catch (AnnException e)
        {
            throw new FormatException(e.Message, e);
        }
    }
}

/// <summary>The first line of an <see cref="AttributeSidecar"/>.</summary>
/// <param name="Rows">Rows of the vector file.</param>
/// <param name="RowsHash">
/// XxHash3 of its float32 rows, 16 hex digits; empty when unknown. It tells a sidecar left behind from an earlier file of the same name.
/// </param>
/// <param name="Schema">The attributes.</param>
internal sealed record AttributeSidecarHeader(long Rows, string RowsHash, AttributeSchema Schema);
