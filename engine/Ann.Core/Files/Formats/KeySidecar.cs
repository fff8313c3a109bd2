using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>
/// What a vector file cannot say of its rows: their keys and their encoder. It lies beside the file under the name
/// <c>FILE.keys.jsonl</c>: a line with a <see cref="KeySidecarHeader"/>, then a JSON key a line, in row order. A <c>.jsonl</c> file
/// carries its keys itself, so its sidecar ends after the header (<c>keys_inline</c>).
/// </summary>
internal static class KeySidecar
{
    /// <summary>What is appended to the name of the vector file.</summary>
    public const string Suffix = ".keys.jsonl";

    /// <summary>Where the sidecar of a vector file lies.</summary>
    public static string PathOf(string vectorPath) => vectorPath + Suffix;

    /// <summary>Writes a sidecar; it appears whole or not at all.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">The sidecar's own path.</param>
    /// <param name="header">Its first line.</param>
    /// <param name="keys">One key a row; not written when <see cref="KeySidecarHeader.KeysInline"/> is set.</param>
    public static void Write(IFileSystem files, string path, KeySidecarHeader header, KeyColumn keys)
    {
        using AtomicFile file = new(files, path);
        file.Stream.Write(HeaderLine(header));
        file.Stream.WriteByte((byte)'\n');
        if (!header.KeysInline)
            WriteKeys(file.Stream, keys);
        file.Commit();
    }

    /// <summary>Writes keys as they stand behind the header.</summary>
    internal static void WriteKeys(Stream stream, KeyColumn keys)
    {
        for (int row = 0; row < keys.Count; row++)
        {
            if (keys.Kind == KeyKind.UInt64)
                stream.Write(Encoding.UTF8.GetBytes(keys.Format(row)));
            else
                WriteString(stream, keys.Utf8(row));
            stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Reads a sidecar.</summary>
    /// <returns>The header, and the keys; no keys when they are inline.</returns>
    /// <exception cref="AnnException">InvalidArgument: names the file, the line and what is wrong.</exception>
    public static (KeySidecarHeader Header, KeyColumn? Keys) Read(IFileSystem files, string path)
    {
        using LineReader lines = new(files.OpenRead(path), path);
        KeySidecarHeader header = ReadHeader(lines, path);
        if (header.KeysInline)
            return (header, null);

        KeyColumn keys = new(EnumNames<KeyKind>.Plain.Parse(header.KeyType));
        while (lines.TryReadFilled(out ReadOnlySpan<byte> line))
            ReadKey(line, keys, path, lines.Line);
        if (keys.Count != header.Rows)
            throw AnnException.BadInput(path, "", $"its header says {header.Rows} keys; found {keys.Count}.");
        keys.RequireUnique(path, static row => $"row {row}");
        return (header, keys);
    }

    /// <summary>A header line, without its end.</summary>
    internal static byte[] HeaderLine(KeySidecarHeader header) =>
        JsonSerializer.SerializeToUtf8Bytes(header, SidecarJson.Default.KeySidecarHeader);

    private static KeySidecarHeader ReadHeader(LineReader lines, string path)
    {
        if (!lines.TryReadFilled(out ReadOnlySpan<byte> line))
            throw AnnException.BadInput(path, "", "it is empty; expected a header line.");
        try
        {
            KeySidecarHeader? header = JsonSerializer.Deserialize(line, SidecarJson.Default.KeySidecarHeader);
            if (header is { Rows: > 0, Dimension: > 0 } && EnumNames<KeyKind>.Plain.TryParse(header.KeyType, out _))
                return header;
            throw AnnException.BadInput(
                path, $"line {lines.Line}", "expected a header with key_type (uint64 or string), rows and dimension.");
        }
        catch (JsonException e)
        {
            throw AnnException.BadInput(path, $"line {lines.Line}", "the header is not JSON: " + e.Message, e);
        }
    }

    /// <summary>Appends the key of a line behind the header.</summary>
    /// <exception cref="AnnException">InvalidArgument: names the file, the line and what is wrong.</exception>
    internal static void ReadKey(ReadOnlySpan<byte> line, KeyColumn keys, string path, long lineNumber)
    {
        try
        {
            Utf8JsonReader json = new(line);
            json.Read();
            if (json.TokenType == JsonTokenType.String)
                keys.Add(json.GetString()!);
            else if (json.TokenType == JsonTokenType.Number && json.TryGetUInt64(out ulong number))
                keys.Add(number);
            else
                throw AnnException.Invalid("key", "expected a string or a whole number of 0 to 2^64 − 1.");
            json.Read();
        }
        catch (Exception e) when (JsonFinding.IsNoJson(e))
        {
            throw AnnException.BadInput(path, $"line {lineNumber}", "not a JSON key.", e);
        }
        catch (AnnException e)
        {
            throw AnnException.BadInput(path, $"line {lineNumber}", e.Message, e);
        }
    }

    private static void WriteString(Stream stream, ReadOnlySpan<byte> text)
    {
        stream.WriteByte((byte)'"');
        stream.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        stream.WriteByte((byte)'"');
    }
}

/// <summary>The first line of a <see cref="KeySidecar"/>.</summary>
internal sealed record KeySidecarHeader
{
    /// <summary><c>uint64</c> or <c>string</c>.</summary>
    public string KeyType { get; init; } = "";

    /// <summary>Rows of the vector file.</summary>
    public long Rows { get; init; }

    /// <summary>Components of a row.</summary>
    public int Dimension { get; init; }

    /// <summary>Fingerprint of the encoder that made the rows, 16 hex digits; empty when unknown.</summary>
    public string EncoderFingerprint { get; init; } = "";

    /// <summary>Name of that encoder, for people.</summary>
    public string EncoderName { get; init; } = "";

    /// <summary>
    /// Fingerprint of the encoder of the queries that are asked of the rows, 16 hex digits, or empty when unknown; null where the encoder
    /// of the rows makes them too.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QueryEncoderFingerprint { get; init; }

    /// <summary>Name of that encoder, for people; null with the fingerprint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QueryEncoderName { get; init; }

    /// <summary>
    /// XxHash3 of the float32 rows, 16 hex digits; empty when unknown. It tells a sidecar left behind from an earlier file of the same
    /// name: its keys would be wrong without anybody noticing.
    /// </summary>
    public string RowsHash { get; init; } = "";

    /// <summary>
    /// The last write of a live index's log that the rows know of, where they were exported from one; null otherwise. A build notes it in
    /// the file, so that attaching it replays what came after.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LogPosition { get; init; }

    /// <summary>True when the vector file carries the keys itself and none follow.</summary>
    public bool KeysInline { get; init; }
}

/// <summary>Compile-time JSON of the sidecar's header.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(KeySidecarHeader))]
internal sealed partial class SidecarJson : JsonSerializerContext;
