using Ann.Core.Files;

namespace Ann.Core.Records;

/// <summary>The part of a file that was on disk for certain: damage to it is no torn tail.</summary>
/// <param name="Bytes">Bytes of the file; 0 for none.</param>
/// <param name="Why">How that is known, as an error says it behind "and".</param>
internal readonly record struct WholePart(long Bytes, string Why);

/// <summary>
/// Reads the records of one file, from its beginning to a length, and tells a torn tail from damage: where no sound record begins the tail
/// is torn, unless the place lies in the part that was whole, or a later record says that the place had been flushed before.
/// </summary>
internal sealed class RecordReader : IDisposable
{
    private const int PieceBytes = 1 << 16;

    private readonly RecordFormat _format;
    private readonly Stream _stream;
    private readonly byte[] _head;
    private byte[] _body = [];
    private RecordFrame _frame;
    private ulong _salt;
    private WholePart _whole;

    /// <summary>Opens a file.</summary>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: no regular file. Unavailable: it cannot be read.</exception>
    public RecordReader(IFileSystem files, string path, RecordFormat format)
    {
        Path = path;
        _format = format;
        _head = new byte[format.HeadBytes];
        _stream = RegularFile.OpenRead(files, path);
        Length = _stream.Length;
        Offset = format.HeaderBytes;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Bytes that count. Default: all.</summary>
    public long Length { get; init; }

    /// <summary>Place of the next record.</summary>
    public long Offset { get; private set; }

    /// <summary>The head that was read last.</summary>
    public ReadOnlySpan<byte> Head => _head;

    /// <summary>Bytes of the body behind it.</summary>
    public int BodyBytes => _frame.BodyBytes;

    /// <summary>True when no record was ever in the file: its header is on disk before the first one is written.</summary>
    public bool NeverHadRecord => Length <= _format.HeaderBytes;

    private long BodyOffset => Offset + _head.Length;

    /// <summary>The first bytes of the file: its header, or less where it has less.</summary>
    /// <exception cref="AnnException">Unavailable: it cannot be read.</exception>
    public byte[] ReadHeader()
    {
        byte[] bytes = new byte[Math.Min(_format.HeaderBytes, Length)];
        Fill(0, bytes);
        return bytes;
    }

    /// <summary>Must be called before the first record is read.</summary>
    /// <param name="salt">Of the file.</param>
    /// <param name="whole">What cannot be torn.</param>
    public void Begin(ulong salt, WholePart whole)
    {
        _salt = salt;
        _whole = whole;
    }

    /// <summary>Reads the head of the record at <see cref="Offset"/>; false at the end, and where a torn tail begins.</summary>
    /// <exception cref="AnnException">Corrupt: names file and byte. Unavailable: the file cannot be read.</exception>
    public bool TryReadHead()
    {
        if (Offset >= Length)
            return false;
        if (!TryReadFrame())
        {
            RequireTornTail(Offset, "no whole record begins here");
            return false;
        }
        if (BodyBytes < 0 || BodyBytes > _format.MaxBodyBytes)
            throw Corrupt($"a body of {BodyBytes} bytes; 0 to {_format.MaxBodyBytes} were expected.");
        if (_frame.FlushedBytes < _format.HeaderBytes || _frame.FlushedBytes > Offset)
            throw Corrupt($"it says that {_frame.FlushedBytes} bytes were flushed before it.");
        return true;
    }

    /// <summary>Reads the body behind the head; false where the tail is torn. Does not advance.</summary>
    /// <param name="body">Valid until the next read.</param>
    /// <exception cref="AnnException">Corrupt: names file and byte. Unavailable: the file cannot be read.</exception>
    public bool TryReadBody(out ReadOnlySpan<byte> body)
    {
        body = default;
        if (Length - BodyOffset >= BodyBytes) // before memory is made for it
        {
            if (_body.Length < BodyBytes)
                _body = new byte[Math.Min(_format.MaxBodyBytes, Math.Max(BodyBytes, 2L * _body.Length))];
            Fill(BodyOffset, _body.AsSpan(0, BodyBytes));
            body = _body.AsSpan(0, BodyBytes);
            if (RecordFormat.HashOf(body, _salt) == _frame.BodyHash)
                return true;
        }
        // What a body looks like is up to who wrote it: the search begins behind.
        RequireTornTail(BodyOffset + BodyBytes, "the record is not whole, or does not have the hash that it says");
        return false;
    }

    /// <summary>Goes on to the record behind.</summary>
    public void Advance() => Offset = BodyOffset + BodyBytes;

    /// <summary>Returns when the bytes from <see cref="Offset"/> on are a torn tail.</summary>
    /// <param name="from">Where a record that proves otherwise is looked for.</param>
    /// <param name="what">What is wrong with them, for the error.</param>
    /// <exception cref="AnnException">Corrupt: they had been on disk. Names file and byte.</exception>
    public void RequireTornTail(long from, string what)
    {
        if (Offset < _whole.Bytes)
            throw Corrupt($"{what}, and {_whole.Why}.");
        if (FindRecordThatProves(from, out long proof))
            throw Corrupt($"{what}, and a later record, at byte {proof}, was written after this place was flushed.");
    }

    /// <summary>The fault of the record at <see cref="Offset"/>.</summary>
    public AnnException Corrupt(string what) => AnnException.Corrupt(Path, "record", Offset, what);

    public void Dispose() => _stream.Dispose();

    private bool TryReadFrame()
    {
        if (Length - Offset < _head.Length)
            return false;
        Fill(Offset, _head);
        return _format.TryReadFrame(_head, _salt, out _frame);
    }

    /// <summary>Looks for a record that was written when the bytes at <see cref="Offset"/> had been flushed.</summary>
    private bool FindRecordThatProves(long from, out long proof)
    {
        byte[] piece = new byte[PieceBytes];
        int kept = 0;
        for (long at = from; at < Length;)
        {
            int taken = (int)Math.Min(piece.Length - kept, Length - at);
            Fill(at, piece.AsSpan(kept, taken));
            at += taken;
            ReadOnlySpan<byte> bytes = piece.AsSpan(0, kept + taken);
            int next = 0;
            for (int found; (found = bytes[next..].IndexOf(_format.Mark)) >= 0; next += found + 1)
            {
                proof = at - bytes.Length + next + found;
                if (bytes.Length - next - found < _head.Length)
                    break;
                if (_format.TryReadFrame(bytes[(next + found)..], _salt, out RecordFrame frame)
                    && frame.FlushedBytes > Offset && frame.FlushedBytes <= proof)
                    return true;
            }
            // A head may lie across two pieces.
            kept = Math.Min(bytes.Length, _head.Length - 1);
            bytes[^kept..].CopyTo(piece);
        }
        proof = 0;
        return false;
    }

    private void Fill(long offset, Span<byte> bytes)
    {
        try
        {
            if (_stream.Position != offset)
                _stream.Position = offset;
            _stream.ReadExactly(bytes);
        }
        catch (IOException e)
        {
            throw new AnnException(AnnError.Unavailable, $"{Path}: {_format.Name} cannot be read: {e.Message}", e);
        }
    }
}
