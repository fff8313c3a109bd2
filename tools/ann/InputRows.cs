using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tool.Attributes;
using Ann.Tool.Formats;
using Ann.Tool.Verbs;

namespace Ann.Tool;

/// <summary>
/// The vectors of a build with what is known of them: keys, encoder, attributes and payloads, from the file itself or from the sidecars
/// beside it.
/// </summary>
internal sealed class InputRows : IDisposable
{
    private const int BatchFloats = 1 << 18;

    private readonly ToolContext _tool;
    private readonly VectorReader _reader;
    private readonly RowAttributes _attributes;
    private readonly KeySidecarHeader? _sidecar;
    private readonly KeyColumn? _sidecarKeys;
    private readonly string? _sidecarPath;
    private readonly PayloadSidecar? _payloads;
    private ZeroRows _leftOut = new();

    /// <summary>Opens the files and checks that they belong together, as far as that can be seen now.</summary>
    /// <param name="tool">Notices go to its standard error.</param>
    /// <param name="path">The file of vectors.</param>
    /// <param name="sidecarPath">The sidecar; null takes the one beside the file when there is one.</param>
    /// <param name="attributes">What is wanted of the attributes.</param>
    /// <param name="open">Opens the file of vectors; null where its extension names the format.</param>
    public InputRows(
        ToolContext tool, string path, string? sidecarPath, AttributeRequest attributes, Func<IFileSystem, VectorReader>? open = null)
    {
        _tool = tool;
        _attributes = RowAttributes.Open(tool, path, attributes);
        try
        {
            _reader = open is null ? VectorInput.Open(tool.Files, path, _attributes.Inline) : open(tool.Files);
        }
        catch
        {
            _attributes.Dispose();
            throw;
        }
        try
        {
            _attributes.RequireRows(_reader.Count);
            if (_reader.Notice is not null)
                tool.Notice(_reader.Notice);
            if (sidecarPath is null && tool.Files.FileExists(KeySidecar.PathOf(path)))
            {
                sidecarPath = KeySidecar.PathOf(path);
                tool.Notice($"Keys and encoder are taken from {sidecarPath}.");
            }
            if (sidecarPath is not null)
            {
                _sidecarPath = sidecarPath;
                (_sidecar, _sidecarKeys) = KeySidecar.Read(tool.Files, sidecarPath);
                CheckSidecar(_sidecar);
            }
            _payloads = OpenPayloads();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens what a build asks for.</summary>
    public InputRows(ToolContext tool, BuildRequest request)
        : this(tool, request.Input, request.Sidecar, request.Attributes, request.Open)
    {
    }

    /// <summary>Rows, without those that <see cref="LeaveOut"/> named.</summary>
    public int Count => _reader.Count <= int.MaxValue
        ? (int)_reader.Count - _leftOut.Count
        : throw AnnException.BadInput(_reader.Path, "", $"it holds {_reader.Count} rows; one index takes at most {int.MaxValue}.");

    /// <summary>Rows of the file, as many as it has.</summary>
    public long Rows => _reader.Count;

    /// <summary>Components of a row.</summary>
    public int Dimension => _reader.Dimension;

    /// <summary>The file, for messages.</summary>
    public string Path => _reader.Path;

    /// <summary>Where a row that was read is, for messages.</summary>
    public string Place(long row) => _reader.Place(row);

    /// <summary>Fingerprint of the encoder; empty when unknown.</summary>
    public string EncoderFingerprint => _sidecar?.EncoderFingerprint ?? "";

    /// <summary>Name of the encoder; empty when unknown.</summary>
    public string EncoderName => _sidecar?.EncoderName ?? "";

    /// <summary>Fingerprint of the encoder of the queries; empty when unknown, null when the encoder of the rows makes them.</summary>
    public string? QueryEncoderFingerprint => _sidecar?.QueryEncoderFingerprint;

    /// <summary>Name of that encoder; null with the fingerprint.</summary>
    public string? QueryEncoderName => _sidecar?.QueryEncoderName;

    /// <summary>Where keys come from, for people.</summary>
    public string KeySource => _sidecarKeys is not null ? _sidecarPath! : _reader.Keys is not null ? "inline" : "row numbers";

    /// <summary>Last write of a live index that the rows know of; null when they came from none.</summary>
    public long? LogPosition => _sidecar?.LogPosition;

    /// <summary>Attributes of the rows; empty when there are none.</summary>
    public AttributeSchema Attributes => _attributes.Schema;

    /// <summary>Where attributes come from, for people: a sidecar's path, <c>inline</c>, or <c>none</c>.</summary>
    public string AttributeSource => _attributes.Source;

    /// <summary>Keys of the rows; of a file that carries them, those of the rows read so far. Null when rows are only numbered.</summary>
    public KeyColumn? Keys => _sidecarKeys ?? _reader.Keys;

    /// <summary>Reads the next rows as they are, for who does not build.</summary>
    /// <param name="destination">Row-major; room for one row or more.</param>
    /// <returns>Rows read; 0 at the end.</returns>
    public int Read(Span<float> destination) => _reader.ReadRows(destination);

    /// <summary>Attributes of the rows that were read last; null when there are none.</summary>
    /// <param name="rows">How many those were.</param>
    public AttributeBatch? TakeAttributes(int rows) => _attributes.Take(_reader, rows);

    /// <summary>Where payloads come from, for people: a sidecar's path; null when there are none.</summary>
    public string? PayloadSource => _payloads?.Path;

    /// <summary>The payload of a row of the file; empty when it has none.</summary>
    public ReadOnlySpan<byte> PayloadOf(long row) => _payloads is null ? [] : _payloads[row];

    /// <summary>Ends the reading of attributes: checks that no more follow, and tells of those that no row has.</summary>
    public void EndAttributes() => _attributes.End(_tool);

    /// <summary>Ends the reading by who does not build: what lies beside the rows belongs to them, and keys differ.</summary>
    /// <param name="hash">Of all rows as they were read.</param>
    public void EndRows(XxHash3 hash)
    {
        RequireHash(hash);
        EndAttributes();
        _reader.RequireUniqueKeys();
    }

    /// <summary>What a sidecar says of the encoders and the log position of the rows, for the one of another file.</summary>
    public KeySidecarHeader SidecarHeader => _sidecar ?? new KeySidecarHeader();

    /// <summary>Reads the rows of a build once to find those that are the zero vector.</summary>
    public static ZeroRows FindZeroRows(ToolContext tool, BuildRequest request, CancellationToken cancellation)
    {
        using InputRows rows = new(tool with { Error = TextWriter.Null }, request);
        float[] batch = new float[Math.Max(1, BatchFloats / rows.Dimension) * rows.Dimension];
        ZeroRows found = new();
        for (long row = 0; rows.Read(batch) is int read and > 0; row += read)
        {
            cancellation.ThrowIfCancellationRequested();
            rows._reader.TakeAttributes(); // of its lines; nobody wants them here
            for (int i = 0; i < read; i++)
                if (IsZero(batch.AsSpan(i * rows.Dimension, rows.Dimension)))
                    found.Add(row + i, rows.NameOf(row + i));
        }
        return found;
    }

    /// <summary>Rows that <see cref="AddTo"/> passes over, with their keys and attributes. Rows without keys keep their numbers.</summary>
    /// <exception cref="AnnException">InvalidArgument: no row would be left.</exception>
    public void LeaveOut(ZeroRows rows)
    {
        if (rows.Count == 0)
            return;
        if (rows.Count == _reader.Count)
            throw AnnException.BadInput(_reader.Path, "", rows.Describe(_reader.Count) + " Nothing would be left.");
        _tool.Notice($"{_reader.Path}: {rows.Describe(_reader.Count)} They are left out.");
        _leftOut = rows;
    }

    /// <summary>Reads a file once to see whether its sidecars belong to its rows. For who cannot take back what was read before.</summary>
    /// <exception cref="AnnException">InvalidArgument: it belongs to others.</exception>
    public static void RequireSidecarFits(
        ToolContext tool, string path, string? sidecarPath, AttributeRequest attributes, CancellationToken cancellation)
    {
        using InputRows rows = new(tool with { Error = TextWriter.Null }, path, sidecarPath, attributes);
        if (rows._sidecar is not { RowsHash.Length: > 0 } && rows._attributes.RowsHash.Length == 0 && rows._payloads is null)
            return;
        float[] batch = new float[Math.Max(1, BatchFloats / rows.Dimension) * rows.Dimension];
        XxHash3 hash = new();
        while (rows.Read(batch) is int read and > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(MemoryMarshal.AsBytes(batch.AsSpan(0, read * rows.Dimension)));
        }
        rows.RequireHash(hash);
    }

    /// <summary>Gives every row to the builder.</summary>
    /// <param name="builder">Announced <see cref="Count"/> rows.</param>
    /// <param name="needsDirection">True where a row must not be the zero vector: all that are one are told of in one error.</param>
    /// <param name="progress">Told of rows read.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <returns>The keys of the rows, unique.</returns>
    public KeyColumn AddTo(SegmentBuilder builder, bool needsDirection, ProgressMeter progress, CancellationToken cancellation)
    {
        float[] batch = new float[Math.Max(1, BatchFloats / Dimension) * Dimension];
        XxHash3 hash = new();
        ZeroRows refused = new();
        long row = 0;
        while (_reader.ReadRows(batch) is int rows and > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(MemoryMarshal.AsBytes(batch.AsSpan(0, rows * Dimension)));
            for (int i = 0; i < rows; i++)
            {
                ReadOnlySpan<float> values = batch.AsSpan(i * Dimension, Dimension);
                if (_leftOut.Contains(row + i))
                    continue;
                if (needsDirection && IsZero(values))
                    refused.Add(row + i, NameOf(row + i));
                else
                    Add(builder, values, row + i);
            }
            if (TakeAttributes(rows) is { } batchAttributes)
                AddAttributes(builder, Others(batchAttributes, row));
            row += rows;
            progress.Report(row);
        }
        RequireHash(hash);
        if (refused.Count > 0)
        {
            throw AnnException.BadInput(
                _reader.Path, "", refused.Describe(_reader.Count) + " --zero-rows skip leaves them out.");
        }
        EndAttributes();
        GivePayloads(builder);
        _reader.RequireUniqueKeys();
        return _leftOut.Others(_sidecarKeys ?? _reader.Keys ?? KeyColumn.Ordinals((int)_reader.Count));
    }

    /// <summary>A hash over rows as a sidecar carries it.</summary>
    public static string RowsHash(XxHash3 hash) =>
        hash.GetCurrentHashAsUInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _attributes.Dispose();
        _payloads?.Dispose();
    }

    private static bool IsZero(ReadOnlySpan<float> values) => !values.ContainsAnyExcept(0f);

    private string NameOf(long row) =>
        Keys is { } keys ? $"{_reader.Place(row)} (key {PrintedText.Of(keys.Format((int)row))})" : _reader.Place(row);

    private PayloadSidecar? OpenPayloads()
    {
        string path = PayloadSidecar.PathOf(_reader.Path);
        if (!_tool.Files.FileExists(path))
            return null;
        PayloadSidecar payloads = PayloadSidecar.Open(_tool.Files, path);
        if (payloads.Rows == _reader.Count)
        {
            _tool.Notice($"Payloads are taken from {path}.");
            return payloads;
        }
        payloads.Dispose();
        throw AnnException.BadInput(path, "", $"it describes {payloads.Rows} rows; {_reader.Path} holds {_reader.Count}.");
    }

    /// <summary>Tells the builder where the payloads are, which it reads when it writes its file.</summary>
    private void GivePayloads(SegmentBuilder builder)
    {
        if (_payloads is not { } payloads)
            return;
        if (_leftOut.Count == 0)
        {
            builder.SetPayloads(row => payloads[row]);
            return;
        }
        long[] rows = new long[Count];
        int next = 0;
        for (long row = 0; next < rows.Length; row++)
            if (!_leftOut.Contains(row))
                rows[next++] = row;
        builder.SetPayloads(row => payloads[rows[row]]);
    }

    private AttributeBatch Others(AttributeBatch attributes, long first)
    {
        if (_leftOut.Count == 0)
            return attributes;
        AttributeBatch others = new(attributes.Schema);
        for (int item = 0; item < attributes.Count; item++)
            if (!_leftOut.Contains(first + item))
                others.AddFrom(attributes, item);
        return others;
    }

    private void RequireHash(XxHash3 hash)
    {
        if (_sidecar is { RowsHash.Length: > 0 } && _sidecar.RowsHash != RowsHash(hash))
        {
            throw AnnException.BadInput(_sidecarPath!, "",
                $"it belongs to other rows than {_reader.Path} holds now. Encode again, or remove it to number the rows from 0.");
        }
        if (_attributes.RowsHash.Length > 0 && _attributes.RowsHash != RowsHash(hash))
        {
            throw AnnException.BadInput(_attributes.Source, "",
                $"it belongs to other rows than {_reader.Path} holds now. Encode again, or remove it to have no attributes.");
        }
        if (_payloads is not null && _payloads.RowsHash != hash.GetCurrentHashAsUInt64())
        {
            throw AnnException.BadInput(
                _payloads.Path, "",
                $"it belongs to other rows than {_reader.Path} holds now. Export again, or remove it to have no payloads.");
        }
    }

    private void AddAttributes(SegmentBuilder builder, AttributeBatch attributes)
    {
        try
        {
            builder.AddAttributes(attributes);
        }
        catch (AnnException e)
        {
            throw AnnException.BadInput(_attributes.Source == "inline" ? _reader.Path : _attributes.Source, "", e.Message, e);
        }
    }

    private void Add(SegmentBuilder builder, ReadOnlySpan<float> values, long row)
    {
        try
        {
            builder.Add(values);
        }
        catch (AnnException e)
        {
            // The builder's message names the row; a line is worth adding.
            string place = _reader.Place(row);
            throw AnnException.BadInput(_reader.Path, place == $"row {row}" ? "" : place, e.Message, e);
        }
    }

    private void CheckSidecar(KeySidecarHeader header)
    {
        if (header.Rows != _reader.Count || header.Dimension != _reader.Dimension)
        {
            throw AnnException.BadInput(_sidecarPath!, "line 1",
                $"it describes {header.Rows} rows of dimension {header.Dimension}; "
                + $"{_reader.Path} holds {_reader.Count} of {_reader.Dimension}.");
        }
        if (header.KeysInline && _reader.Keys is null)
            throw AnnException.BadInput(_sidecarPath!, "line 1", $"it says that the keys are inline; {_reader.Path} has none.");
        if (_sidecarKeys is not null && _reader.Keys is not null)
        {
            throw AnnException.BadInput(
                _sidecarPath!, "", $"{_reader.Path} has keys of its own; a sidecar with keys cannot be used with it.");
        }
    }
}
