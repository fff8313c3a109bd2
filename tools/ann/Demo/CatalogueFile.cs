using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ann.Core.Files;

namespace Ann.Tool.Demo;

/// <summary>
/// The catalogue as a user's own items would be: JSONL with <c>id</c> and <c>title</c>, and members that the encoder skips.
/// </summary>
internal static class CatalogueFile
{
    /// <summary>Writes it; it appears whole or not at all.</summary>
    public static void Write(IFileSystem files, string path, IReadOnlyList<Product> products)
    {
        using AtomicFile file = new(files, path);
        ArrayBufferWriter<byte> line = new();
        using Utf8JsonWriter json = new(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        foreach (Product product in products)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, product.Key);
            json.WriteString("title"u8, product.Title);
            json.WriteString("brand"u8, product.Brand);
            json.WriteString("category"u8, product.Category);
            json.WriteNumber("price"u8, product.PriceInCents / 100m);
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
