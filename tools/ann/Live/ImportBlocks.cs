using System.Globalization;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Protocol.V1;
using Ann.Tool.Attributes;
using Ann.Tool.Remote;
using Google.Protobuf;
using AttributeSchema = Ann.Core.Attributes.AttributeSchema;
using KeyKind = Ann.Core.Keys.KeyKind;
using Keys = Ann.Core.Keys.KeyColumn;

namespace Ann.Tool.Live;

/// <summary>
/// A file as the blocks of a Write stream. A block's sequence is the number of rows up to its end, whatever the blocks' sizes.
/// </summary>
internal sealed class ImportBlocks : IDisposable
{
    /// <summary>Bytes of vectors in a block: large enough for throughput, several of them within the credit of a stream.</summary>
    private const int BlockBytes = 512 << 10;

    private const int MaxBlockRows = 8192;

    /// <summary>Bytes of payloads in a block, and one row's beyond: likewise.</summary>
    private const int PayloadBytes = 4 << 20;

    /// <summary>Rows with attributes in a block: even long ones stay far below the longest message that a server takes.</summary>
    private const int MaxAttributedRows = 1024;

    private readonly InputRows? _rows;
    private readonly Keys? _keys;
    private readonly bool _withVectors;
    private readonly float[] _batch = [];
    private readonly int _blockRows = MaxBlockRows;
    private long _done;

    /// <summary>Opens a file of vectors, or a sidecar alone where only keys are wanted.</summary>
    /// <param name="tool">Notices go to its standard error.</param>
    /// <param name="path">The file.</param>
    /// <param name="sidecar">Its sidecar; null takes the one beside it when there is one.</param>
    /// <param name="attributes">What is wanted of the attributes.</param>
    /// <param name="withVectors">False when deleting: blocks carry keys only.</param>
    /// <param name="cancellation">Ends the check of the sidecar.</param>
    /// <exception cref="AnnException">InvalidArgument: the file or its sidecar.</exception>
    public ImportBlocks(
        ToolContext tool, string path, string? sidecar, AttributeRequest attributes, bool withVectors, CancellationToken cancellation)
    {
        _withVectors = withVectors;
        if (!withVectors && path.EndsWith(KeySidecar.Suffix, StringComparison.Ordinal))
        {
            (_, _keys) = KeySidecar.Read(tool.Files, path);
            if (_keys is null)
                throw AnnException.BadInput(path, "", "its keys are in the .jsonl file that it belongs to; name that file.");
            Count = _keys.Count;
            KeySource = path;
            return;
        }
        InputRows.RequireSidecarFits(tool, path, sidecar, attributes, cancellation);
        _rows = new InputRows(tool, path, sidecar, attributes);
        int mostRows = _rows.Attributes.Count > 0 ? MaxAttributedRows : MaxBlockRows;
        _blockRows = Math.Clamp(BlockBytes / (_rows.Dimension * sizeof(float)), 1, mostRows);
        _batch = new float[_blockRows * _rows.Dimension];
        Count = _rows.Count;
        KeySource = _rows.KeySource;
    }

    /// <summary>Rows of the file.</summary>
    public long Count { get; }

    /// <summary>Where keys come from, for people.</summary>
    public string KeySource { get; }

    /// <summary>Attributes that the blocks carry; empty for none.</summary>
    public AttributeSchema Attributes => _withVectors && _rows is not null ? _rows.Attributes : AttributeSchema.Empty;

    /// <summary>Fingerprint of the encoder of the rows; null when unknown.</summary>
    public ulong? EncoderFingerprint => _rows is { EncoderFingerprint.Length: > 0 }
        ? ulong.Parse(_rows.EncoderFingerprint, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : null;

    /// <summary>The next block; null at the end.</summary>
    public WriteBlock? Next()
    {
        int rows = _rows?.Read(_batch.AsSpan(0, RowsNow() * _rows.Dimension)) ?? (int)Math.Min(_blockRows, Count - _done);
        if (rows == 0)
        {
            if (_withVectors)
                _rows!.EndAttributes();
            return null;
        }
        WriteBlock block = new() { Keys = KeysOf(_done, rows) };
        if (_withVectors)
        {
            int dimension = _rows!.Dimension;
            block.Vectors = new VectorBatch
            {
                Dtype = Dtype.F32,
                Dim = (uint)dimension,
                Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(_batch.AsSpan(0, rows * dimension))),
            };
            if (_rows.TakeAttributes(rows) is { } attributes)
                block.Attributes.AddRange(RemoteAttributes.Columns(attributes));
            for (int i = 0; i < rows && _rows.PayloadSource is not null; i++)
                block.Payloads.Add(ByteString.CopyFrom(_rows.PayloadOf(_done + i)));
        }
        _done += rows;
        block.Sequence = (ulong)_done;
        return block;
    }

    /// <inheritdoc/>
    public void Dispose() => _rows?.Dispose();

    /// <summary>Rows of the next block at most: as many as have room with their payloads.</summary>
    private int RowsNow()
    {
        if (_rows is not { PayloadSource: not null })
            return _blockRows;
        int rows = 0;
        for (long bytes = 0; rows < _blockRows && _done + rows < Count && bytes < PayloadBytes; rows++)
            bytes += _rows.PayloadOf(_done + rows).Length;
        return Math.Max(rows, 1);
    }

    private KeyColumn KeysOf(long first, int rows)
    {
        Keys? keys = _keys ?? _rows?.Keys;
        KeyColumn column = new();
        for (int i = 0; i < rows; i++)
        {
            int row = (int)first + i;
            if (keys is null)
                column.Numbers.Add((ulong)row);
            else if (keys.Kind == KeyKind.UInt64)
                column.Numbers.Add(keys.Numbers[row]);
            else
                column.Texts.Add(keys.Format(row));
        }
        return column;
    }
}
