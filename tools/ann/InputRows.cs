using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;

namespace Ann.Tool;

/// <summary>
/// The vectors of a build with what is known of them: keys and encoder, from the file itself or from the sidecar beside it.
/// </summary>
internal sealed class InputRows : IDisposable
{
    private const int BatchFloats = 1 << 18;

    private readonly VectorReader _reader;
    private readonly KeySidecarHeader? _sidecar;
    private readonly KeyColumn? _sidecarKeys;
    private readonly string? _sidecarPath;

    /// <summary>Opens both files and checks that they belong together, as far as that can be seen now.</summary>
    /// <param name="tool">Notices go to its standard error.</param>
    /// <param name="path">The file of vectors.</param>
    /// <param name="sidecarPath">The sidecar; null takes the one beside the file when there is one.</param>
    public InputRows(ToolContext tool, string path, string? sidecarPath)
    {
        _reader = VectorFile.OpenReader(tool.Files, path);
        try
        {
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
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>Rows.</summary>
    public int Count => _reader.Count <= int.MaxValue
        ? (int)_reader.Count
        : throw AnnException.BadInput(_reader.Path, "", $"it holds {_reader.Count} rows; one index takes at most {int.MaxValue}.");

    /// <summary>Components of a row.</summary>
    public int Dimension => _reader.Dimension;

    /// <summary>Fingerprint of the encoder; empty when unknown.</summary>
    public string EncoderFingerprint => _sidecar?.EncoderFingerprint ?? "";

    /// <summary>Name of the encoder; empty when unknown.</summary>
    public string EncoderName => _sidecar?.EncoderName ?? "";

    /// <summary>Where keys come from, for people.</summary>
    public string KeySource => _sidecarKeys is not null ? _sidecarPath! : _reader.Keys is not null ? "inline" : "row numbers";

    /// <summary>Last write of a live index that the rows know of; null when they came from none.</summary>
    public long? LogPosition => _sidecar?.LogPosition;

    /// <summary>Keys of the rows; of a file that carries them, those of the rows read so far. Null when rows are only numbered.</summary>
    public KeyColumn? Keys => _sidecarKeys ?? _reader.Keys;

    /// <summary>Reads the next rows as they are, for who does not build.</summary>
    /// <param name="destination">Row-major; room for one row or more.</param>
    /// <returns>Rows read; 0 at the end.</returns>
    public int Read(Span<float> destination) => _reader.ReadRows(destination);

    /// <summary>Reads a file once to see whether its sidecar belongs to its rows. For who cannot take back what was read before.</summary>
    /// <exception cref="AnnException">InvalidArgument: it belongs to others.</exception>
    public static void RequireSidecarFits(ToolContext tool, string path, string? sidecarPath, CancellationToken cancellation)
    {
        using InputRows rows = new(tool with { Error = TextWriter.Null }, path, sidecarPath);
        if (rows._sidecar is not { RowsHash.Length: > 0 })
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
    /// <returns>The keys of the rows, unique.</returns>
    public KeyColumn AddTo(SegmentBuilder builder, ProgressMeter progress, CancellationToken cancellation)
    {
        float[] batch = new float[Math.Max(1, BatchFloats / Dimension) * Dimension];
        XxHash3 hash = new();
        long row = 0;
        while (_reader.ReadRows(batch) is int rows and > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.Append(MemoryMarshal.AsBytes(batch.AsSpan(0, rows * Dimension)));
            for (int i = 0; i < rows; i++)
                Add(builder, batch.AsSpan(i * Dimension, Dimension), row + i);
            row += rows;
            progress.Report(row);
        }
        RequireHash(hash);
        _reader.RequireUniqueKeys();
        return _sidecarKeys ?? _reader.Keys ?? KeyColumn.Ordinals(Count);
    }

    /// <summary>A hash over rows as a sidecar carries it.</summary>
    public static string RowsHash(XxHash3 hash) =>
        hash.GetCurrentHashAsUInt64().ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private void RequireHash(XxHash3 hash)
    {
        if (_sidecar is { RowsHash.Length: > 0 } && _sidecar.RowsHash != RowsHash(hash))
        {
            throw AnnException.BadInput(_sidecarPath!, "",
                $"it belongs to other rows than {_reader.Path} holds now. Encode again, or remove it to number the rows from 0.");
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
