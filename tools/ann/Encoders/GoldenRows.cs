using System.Text.Encodings.Web;
using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;

namespace Ann.Tool.Encoders;

/// <summary>One row that is known.</summary>
/// <param name="Text">The text; null for features.</param>
/// <param name="Role">query or document; null for document.</param>
/// <param name="TokenIds">Its tokens, special ones included; null where they are not told.</param>
/// <param name="Features">The features; null for texts, and for named ones.</param>
/// <param name="Fields">The features by name; null for texts, and for those without names.</param>
/// <param name="Embedding">The row.</param>
internal sealed record GoldenRow(string? Text, string? Role, long[]? TokenIds, double[]? Features, JsonElement? Fields, float[] Embedding)
{
    /// <summary>Keys of the items that are nearest to it, nearest first; null where they are not told.</summary>
    public string[]? Nearest { get; init; }
}

/// <summary>
/// Reads a file of golden rows: a JSON list of objects with <c>text</c> (and <c>role</c>, <c>input_ids</c>) or <c>features</c>, and
/// <c>embedding</c>; in a release <c>nearest</c> too. Other fields are left alone.
/// </summary>
internal static class GoldenRows
{
    /// <summary>Its usual name, beside the model.</summary>
    public const string FileName = "golden.json";

    private const int MaxBytes = 64 << 20;

    /// <exception cref="AnnException">NotFound, or InvalidArgument: it is no such file; names row and field.</exception>
    public static IReadOnlyList<GoldenRow> Read(IFileSystem files, string path)
    {
        using Stream stream = files.OpenRead(path);
        if (stream.Length > MaxBytes)
            throw AnnException.BadInput(path, "", $"expected at most {MaxBytes} bytes; found {stream.Length}.");
        using JsonDocument document = Parse(path, stream);
        if (document.RootElement.ValueKind != JsonValueKind.Array || document.RootElement.GetArrayLength() == 0)
            throw AnnException.BadInput(path, "", "expected a list of rows; found none.");
        return [.. document.RootElement.EnumerateArray().Select((element, row) => Row(path, element, row))];
    }

    /// <summary>Writes such a file.</summary>
    public static void Write(IFileSystem files, string path, IReadOnlyList<GoldenRow> rows)
    {
        using AtomicFile file = new(files, path);
        using (Utf8JsonWriter json = new(file.Stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (GoldenRow row in rows)
            {
                json.WriteStartObject();
                if (row.Text is not null)
                    json.WriteString("text", row.Text);
                if (row.Role is not null)
                    json.WriteString("role", row.Role);
                if (row.Fields is { } fields)
                {
                    json.WritePropertyName("features");
                    fields.WriteTo(json);
                }
                List("features", row.Features, json.WriteNumberValue);
                List("embedding", row.Embedding, json.WriteNumberValue);
                List("nearest", row.Nearest, json.WriteStringValue);
                json.WriteEndObject();
                json.Flush();
                file.Stream.WriteByte((byte)'\n');
            }
            json.WriteEndArray();

            void List<T>(string name, T[]? values, Action<T> write)
            {
                if (values is null)
                    return;
                json.WriteStartArray(name);
                foreach (T value in values)
                    write(value);
                json.WriteEndArray();
            }
        }
        file.Commit();
    }

    private static JsonDocument Parse(string path, Stream stream)
    {
        try
        {
            return JsonDocument.Parse(stream);
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, $"line {e.LineNumber + 1}", "is not JSON: " + e.Message, e);
        }
    }

    private static GoldenRow Row(string path, JsonElement element, int row)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw AnnException.BadInput(path, $"row {row}", "expected an object.");
        bool isNamed = element.TryGetProperty("features", out JsonElement features) && features.ValueKind == JsonValueKind.Object;
        GoldenRow read = new(
            Text("text"), Text("role"), Numbers<long>("input_ids", static number => number.TryGetInt64(out long id) ? id : null),
            isNamed ? null : Numbers<double>("features", static number => number.TryGetDouble(out double value) ? value : null),
            isNamed ? features.Clone() : null,
            Numbers<float>("embedding", static number => number.TryGetSingle(out float value) ? value : null)
                ?? throw Wrong("embedding", "a list of numbers"))
        {
            Nearest = Texts("nearest"),
        };
        if (read.Text is null == (read.Features is null && read.Fields is null))
            throw Wrong("text", "either text or features");
        if (read.Role is not (null or "query" or "document"))
            throw Wrong("role", "query or document");
        return read;

        string? Text(string name) => !element.TryGetProperty(name, out JsonElement value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a string");

        string[]? Texts(string name)
        {
            if (!element.TryGetProperty(name, out JsonElement value))
                return null;
            if (value.ValueKind != JsonValueKind.Array
                || value.EnumerateArray().Any(static text => text.ValueKind != JsonValueKind.String))
                throw Wrong(name, "a list of strings");
            return [.. value.EnumerateArray().Select(static text => text.GetString()!)];
        }

        T[]? Numbers<T>(string name, Func<JsonElement, T?> read)
            where T : struct
        {
            if (!element.TryGetProperty(name, out JsonElement value))
                return null;
            if (value.ValueKind != JsonValueKind.Array)
                throw Wrong(name, "a list of numbers");
            return [.. value.EnumerateArray().Select(number =>
                (number.ValueKind == JsonValueKind.Number ? read(number) : null) ?? throw Wrong(name, "a list of numbers"))];
        }

        AnnException Wrong(string field, string expected) =>
            AnnException.BadInput(path, $"row {row}, field '{field}'", $"expected {expected}.");
    }
}
