using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ann.Core.Attributes;
using Ann.Core.Files;

namespace Ann.Tool.Demo;

/// <summary>
/// The catalogue and its queries as a user's own would be: JSONL with <c>id</c> and <c>title</c> or <c>text</c>, and members that the
/// encoder skips. Files appear whole or not at all.
/// </summary>
internal static class CatalogueFile
{
    /// <summary>What of the catalogue goes on into an index.</summary>
    public static AttributeSchema Attributes { get; } = new(
        [new("brand", AttributeType.Keyword), new("category", AttributeType.Keyword), new("price", AttributeType.Double)]);

    /// <summary>Writes the products.</summary>
    public static void Write(IFileSystem files, string path, IReadOnlyList<Product> products) =>
        Write(files, path, products, static (json, product, _) =>
        {
            json.WriteString("id"u8, product.Key);
            json.WriteString("title"u8, product.Title);
            json.WriteString("brand"u8, product.Brand);
            json.WriteString("category"u8, product.Category);
            json.WriteNumber("price"u8, product.PriceInCents / 100m);
        });

    /// <summary>Writes queries, <c>q-0</c> and so on.</summary>
    public static void WriteQueries(IFileSystem files, string path, IReadOnlyList<string> queries) =>
        Write(files, path, queries, static (json, query, place) =>
        {
            json.WriteString("id"u8, string.Create(CultureInfo.InvariantCulture, $"q-{place}"));
            json.WriteString("text"u8, query);
        });

    private static void Write<T>(IFileSystem files, string path, IReadOnlyList<T> items, Action<Utf8JsonWriter, T, int> members)
    {
        using AtomicFile file = new(files, path);
        ArrayBufferWriter<byte> line = new();
        using Utf8JsonWriter json = new(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        for (int i = 0; i < items.Count; i++)
        {
            json.WriteStartObject();
            members(json, items[i], i);
            json.WriteEndObject();
            json.Flush();
            file.Stream.Write(line.WrittenSpan);
            file.Stream.WriteByte((byte)'\n');
            json.Reset();
            line.ResetWrittenCount();
        }
        file.Commit();
    }
}
