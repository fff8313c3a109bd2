using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ann.Core.Files.Formats;

/// <summary>Writes a JSON object a line. Strings stay readable: the file is not HTML.</summary>
internal sealed class JsonLines : IDisposable
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;

    public JsonLines() =>
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Begins a line.</summary>
    /// <returns>For its members.</returns>
    public Utf8JsonWriter Begin()
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        return _json;
    }

    /// <summary>Ends the line.</summary>
    public void End(Stream stream)
    {
        _json.WriteEndObject();
        _json.Flush();
        stream.Write(_line.WrittenSpan);
        stream.WriteByte((byte)'\n');
    }

    public void Dispose() => _json.Dispose();
}
