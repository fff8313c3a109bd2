using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>Writes an <see cref="AttributeSidecar"/> row by row. It appears whole at <see cref="Commit"/>, or not at all.</summary>
internal sealed class AttributeSidecarWriter : IDisposable
{
    private const string NoHash = "0000000000000000";

    private readonly AtomicFile _file;
    private readonly AttributeSchema _schema;
    private readonly long _rows;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;
    private readonly long _hashAt = -1;
    private long _written;

    /// <summary>Writes the header.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">The sidecar itself.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="schema">Their attributes.</param>
    /// <exception cref="AnnException">InvalidArgument: the directory is missing or may not be written.</exception>
    public AttributeSidecarWriter(IFileSystem files, string path, long rows, AttributeSchema schema)
    {
        _schema = schema;
        _rows = rows;
        _json = new Utf8JsonWriter(_line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _file = new AtomicFile(files, path);
        try
        {
            // The hash is known when all rows are: its place is kept, and filled at the end.
            _hashAt = WriteHeader(_file.Stream.CanSeek);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Appends the attributes of rows.</summary>
    /// <param name="items">Of the same schema.</param>
    /// <exception cref="IOException">The device refused the bytes.</exception>
    public void Write(AttributeBatch items)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(items.Schema.Equals(_schema), true, nameof(items));
        for (int item = 0; item < items.Count; item++)
        {
            Begin();
            AttributeJson.WriteMembers(_json, items, item);
            End();
        }
        _written += items.Count;
    }

    /// <summary>Makes the sidecar appear under its name.</summary>
    /// <param name="rowsHash">XxHash3 of the float32 rows, 16 hex digits.</param>
    /// <exception cref="IOException">The device refused the bytes; the target is unchanged.</exception>
    public void Commit(string rowsHash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rowsHash.Length, NoHash.Length, nameof(rowsHash));
        if (_written != _rows)
            throw new InvalidOperationException($"{_file.Path}: {_rows} rows were promised and {_written} written.");
        if (_hashAt >= 0)
        {
            _file.Stream.Position = _hashAt;
            _file.Stream.Write(Encoding.ASCII.GetBytes(rowsHash));
        }
        _file.Commit();
    }

    /// <summary>Removes what was written, unless it was committed.</summary>
    public void Dispose()
    {
        _json.Dispose();
        _file.Dispose();
    }

    private long WriteHeader(bool withHash)
    {
        Begin();
        _json.WriteNumber("ann_attributes"u8, AttributeSidecar.Version);
        _json.WriteNumber("rows"u8, _rows);
        long hashAt = -1;
        if (withHash)
        {
            _json.WriteString("rows_hash"u8, NoHash);
            _json.Flush();
            hashAt = _line.WrittenCount - NoHash.Length - 1;
        }
        _json.WriteStartObject("attributes"u8);
        foreach (AttributeField field in _schema.Fields)
            _json.WriteString(field.Name, field.Type.ToName());
        _json.WriteEndObject();
        End();
        return hashAt;
    }

    private void Begin()
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
    }

    private void End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _file.Stream.Write(_line.WrittenSpan);
        _file.Stream.WriteByte((byte)'\n');
    }
}
