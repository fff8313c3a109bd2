using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Ann.Core.Payloads;

namespace Ann.Core.Files.Formats;

/// <summary>
/// The payloads of the rows of a vector file, beside it under the name <c>FILE.payloads</c>: a header of 40 bytes (8 that name the kind,
/// version u32, 0 u32, rows i64, hash of the vectors u64, hash of all the rest u64), where each payload ends (i64 a row), then their bytes.
/// It is mapped when it is read, and never in memory all at once. Little-endian.
/// </summary>
internal sealed unsafe class PayloadSidecar : IDisposable
{
    /// <summary>What is appended to the name of the vector file.</summary>
    public const string Suffix = ".payloads";

    private const int HeaderBytes = 40;
    private const int RowsOffset = 16;
    private const int RowsHashOffset = 24;
    private const int HashOffset = 32;
    private const uint Version = 1;
    private const int PieceBytes = 1 << 16;

    private static readonly byte[] Magic = Encoding.ASCII.GetBytes("ANNPAYL\n");

    private readonly FileMapping _mapping;

    private PayloadSidecar(string path, FileMapping mapping)
    {
        Path = path;
        _mapping = mapping;
        ReadOnlySpan<byte> header = new(mapping.Start, HeaderBytes);
        Rows = BinaryPrimitives.ReadInt64LittleEndian(header[RowsOffset..]);
        RowsHash = BinaryPrimitives.ReadUInt64LittleEndian(header[RowsHashOffset..]);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Rows that it describes.</summary>
    public long Rows { get; }

    /// <summary>XxHash3 of the float32 rows that it belongs to.</summary>
    public ulong RowsHash { get; }

    /// <summary>The payload of a row; empty when it has none. Valid until the sidecar is disposed.</summary>
    public ReadOnlySpan<byte> this[long row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Rows, nameof(row));
            long start = row == 0 ? 0 : Ends[row - 1];
            return new ReadOnlySpan<byte>(_mapping.Start + HeaderBytes + Rows * sizeof(long) + start, (int)(Ends[row] - start));
        }
    }

    private long* Ends => (long*)(_mapping.Start + HeaderBytes);

    /// <summary>Where the sidecar of a vector file lies.</summary>
    public static string PathOf(string vectorPath) => vectorPath + Suffix;

    /// <summary>Writes a sidecar; it appears whole or not at all.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">The sidecar's own path.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="rowsHash">XxHash3 of the float32 rows.</param>
    /// <param name="read">Their payloads, asked for twice, in the order of the rows.</param>
    /// <exception cref="IOException">The device refused the bytes; the target is unchanged.</exception>
    public static void Write(IFileSystem files, string path, int rows, ulong rowsHash, RowPayload read)
    {
        using AtomicFile file = new(files, path);
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(RowsOffset), rows);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(RowsHashOffset), rowsHash);
        XxHash3 hash = new();
        hash.Append(header.AsSpan(0, HashOffset));
        file.Stream.Write(header);
        byte[] piece = new byte[PieceBytes];
        int filled = 0;
        long end = 0;
        for (int row = 0; row < rows; row++)
        {
            end += read(row).Length;
            BinaryPrimitives.WriteInt64LittleEndian(piece.AsSpan(filled), end);
            filled += sizeof(long);
            if (filled < piece.Length && row < rows - 1)
                continue;
            Append(piece.AsSpan(0, filled));
            filled = 0;
        }
        for (int row = 0; row < rows; row++)
            Append(read(row));
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(HashOffset), hash.GetCurrentHashAsUInt64());
        file.Stream.Position = HashOffset;
        file.Stream.Write(header.AsSpan(HashOffset));
        file.Commit();

        void Append(ReadOnlySpan<byte> bytes)
        {
            hash.Append(bytes);
            file.Stream.Write(bytes);
        }
    }

    /// <summary>Opens a sidecar, and checks all of it.</summary>
    /// <exception cref="AnnException">InvalidArgument: it is none, or damaged; names the file. NotFound: there is none.</exception>
    public static PayloadSidecar Open(IFileSystem files, string path)
    {
        FileMapping mapping = files.Map(path);
        try
        {
            if (FaultOf(mapping) is { } fault)
                throw AnnException.BadInput(path, "", fault);
            return new PayloadSidecar(path, mapping);
        }
        catch
        {
            mapping.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _mapping.Dispose();

    private static string? FaultOf(FileMapping mapping)
    {
        if (mapping.Length < HeaderBytes || !new ReadOnlySpan<byte>(mapping.Start, Magic.Length).SequenceEqual(Magic))
            return "it is no sidecar of payloads: it does not begin with \"ANNPAYL\".";
        ReadOnlySpan<byte> header = new(mapping.Start, HeaderBytes);
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != Version)
            return $"it is of version {version}; {Version} was expected.";
        long rows = BinaryPrimitives.ReadInt64LittleEndian(header[RowsOffset..]);
        long most = (mapping.Length - HeaderBytes) / sizeof(long);
        if (rows < 0 || rows > most)
            return $"it says that it has {rows} rows; there is room for {most}.";
        XxHash3 hash = new();
        hash.Append(header[..HashOffset]);
        for (long at = HeaderBytes; at < mapping.Length; at += PieceBytes)
            hash.Append(new ReadOnlySpan<byte>(mapping.Start + at, (int)Math.Min(PieceBytes, mapping.Length - at)));
        if (hash.GetCurrentHashAsUInt64() != BinaryPrimitives.ReadUInt64LittleEndian(header[HashOffset..]))
            return "it is damaged: its hash is another one than it says.";
        long* ends = (long*)(mapping.Start + HeaderBytes);
        long start = 0;
        for (long row = 0; row < rows; row++)
        {
            if (ends[row] < start || ends[row] - start > PayloadColumn.MaxBytes)
                return $"the payload of row {row} takes {ends[row] - start} bytes; 0 to {PayloadColumn.MaxBytes} were expected.";
            start = ends[row];
        }
        long expected = HeaderBytes + rows * sizeof(long) + start;
        return mapping.Length == expected ? null : $"it has {mapping.Length} bytes; {expected} were expected.";
    }
}
