using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Encoding;

namespace Ann.Tool;

/// <summary>
/// The vectors that an encoder makes, and the sidecars with their keys and attributes. All appear at <see cref="Commit"/>, or none.
/// </summary>
internal sealed class EncodedFile : IDisposable
{
    private readonly ToolContext _tool;
    private readonly string _path;
    private readonly long _rows;
    private readonly EncoderInfo _encoder;
    private readonly KeyColumn _keys;
    private readonly VectorWriter _writer;
    private readonly AttributeSidecarWriter? _attributes;
    private readonly XxHash3 _hash = new();

    /// <param name="tool">Whose files.</param>
    /// <param name="path">The file of vectors.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="encoder">Who makes them.</param>
    /// <param name="keys">Keys of the rows; may grow as rows are written.</param>
    /// <param name="attributes">Attributes of the rows; null for none.</param>
    public EncodedFile(ToolContext tool, string path, long rows, EncoderInfo encoder, KeyColumn keys, AttributeSchema? attributes)
    {
        _tool = tool;
        _path = path;
        _rows = rows;
        _encoder = encoder;
        _keys = keys;
        _writer = VectorFile.CreateWriter(tool.Files, path, rows, encoder.Dimension, keys);
        if (attributes is null || IsJsonl || tool.Files.IsDevice(path))
            return;
        try
        {
            _attributes = new AttributeSidecarWriter(tool.Files, AttributeSidecar.PathOf(path), rows, attributes);
        }
        catch
        {
            _writer.Dispose();
            throw;
        }
    }

    /// <summary>Rows written so far.</summary>
    public long Written => _writer.Written;

    private bool IsJsonl => _path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase);

    /// <summary>Appends rows, and their attributes where there are some.</summary>
    public void Write(ReadOnlySpan<float> rows, AttributeBatch? attributes = null)
    {
        _hash.Append(MemoryMarshal.AsBytes(rows));
        _writer.Write(rows, attributes);
        if (attributes is not null)
            _attributes?.Write(attributes);
    }

    /// <summary>Makes all files appear.</summary>
    /// <returns>The sidecar with the keys; null when the vectors go to a device.</returns>
    public string? Commit()
    {
        // Sidecars come first: left alone one is recognised as another file's, while vectors without keys would be numbered silently.
        string? sidecar = _tool.Files.IsDevice(_path) ? null : KeySidecar.PathOf(_path);
        _writer.Flush();
        _attributes?.Commit(InputRows.RowsHash(_hash));
        if (sidecar is not null)
        {
            KeySidecarHeader header = new()
            {
                KeyType = EnumNames<KeyKind>.Plain.Of(_keys.Kind),
                Rows = _rows,
                Dimension = _encoder.Dimension,
                EncoderFingerprint = _encoder.FingerprintText,
                EncoderName = _encoder.Name,
                RowsHash = InputRows.RowsHash(_hash),
                KeysInline = IsJsonl,
            };
            KeySidecar.Write(_tool.Files, sidecar, header, _keys);
        }
        _writer.Commit();
        return sidecar;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer.Dispose();
        _attributes?.Dispose();
    }
}
