using Ann.Core.Files;

namespace Ann.Core.Log;

/// <summary>Reads the records of one log file, from its beginning to a length.</summary>
internal sealed class WalFileReader : IDisposable
{
    private readonly Stream _stream;
    private readonly WalShape _shape;
    private readonly ulong _salt;
    private readonly byte[] _head = new byte[WalRecordHead.Size];
    private byte[] _body = [];
    private long _offset = WalFileHeader.Size;

    /// <summary>Opens a file whose header was read.</summary>
    /// <param name="files">Where it is.</param>
    /// <param name="path">The file.</param>
    /// <param name="header">Its header.</param>
    /// <param name="length">Bytes of it that count.</param>
    /// <exception cref="AnnException">NotFound: no such file. Unavailable: it cannot be read.</exception>
    public WalFileReader(IFileSystem files, string path, WalFileHeader header, long length)
    {
        Path = path;
        Length = length;
        _shape = header.Shape;
        _salt = header.Salt;
        _stream = files.OpenRead(path);
    }

    public string Path { get; }

    /// <summary>Bytes that count.</summary>
    public long Length { get; }

    /// <summary>Place of the next record.</summary>
    public long Offset => _offset;

    /// <summary>Reads the first bytes of a file, and its length.</summary>
    public static byte[] ReadStart(IFileSystem files, string path, out long length)
    {
        using Stream stream = files.OpenRead(path);
        try
        {
            length = stream.Length;
            byte[] bytes = new byte[Math.Min(WalFileHeader.Size, length)];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (IOException e)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Reads the head of the record at <see cref="Offset"/>; false when there is none that is whole. Does not advance.</summary>
    public bool TryReadHead(out WalRecordHead head)
    {
        head = default;
        if (Length - _offset < WalRecordHead.Size)
            return false;
        Fill(_offset, _head);
        return WalRecordHead.TryRead(_head, _salt, out head);
    }

    /// <summary>Reads the body after a head without fault; false when it is not whole. Does not advance.</summary>
    /// <param name="head">Of the record at <see cref="Offset"/>.</param>
    /// <param name="body">Valid until the next read.</param>
    public bool TryReadBody(in WalRecordHead head, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (Length - _offset < head.RecordBytes)
            return false; // before memory is made for it
        if (_body.Length < head.BodyBytes)
            _body = new byte[Math.Min(WalRecordHead.MaxBodyBytes, Math.Max(head.BodyBytes, 2L * _body.Length))];
        Fill(_offset + WalRecordHead.Size, _body.AsSpan(0, head.BodyBytes));
        body = _body.AsSpan(0, head.BodyBytes);
        return WalRecordHead.HashOf(body, _salt) == head.BodyHash;
    }

    /// <summary>Reads the head at <see cref="Offset"/> of a file that was checked when it was opened, or written since.</summary>
    /// <exception cref="AnnException">Corrupt: it was damaged meanwhile.</exception>
    public WalRecordHead ReadHead()
    {
        if (!TryReadHead(out WalRecordHead head))
            throw Corrupt(_offset, "no whole record begins here any more.");
        return Fault(head) is string fault ? throw Corrupt(_offset, fault) : head;
    }

    /// <summary>Reads the record of a head; the same holds.</summary>
    public WalRecord ReadRecord(in WalRecordHead head) =>
        TryReadBody(head, out ReadOnlySpan<byte> body) && WalRecordCodec.Decode(head, body, _shape) is { } record
            ? record
            : throw Corrupt(_offset, "the record does not have the hash that it says any more.");

    /// <summary>Goes on to the record behind.</summary>
    public void Advance(in WalRecordHead head) => _offset += head.RecordBytes;

    /// <summary>
    /// Looks behind damage for a record that was written when the damaged bytes had been flushed: true when they cannot be a torn tail.
    /// </summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="damage">First damaged byte.</param>
    /// <param name="proof">Place of that record.</param>
    public bool FindRecordThatProves(long from, long damage, out long proof)
    {
        byte[] piece = new byte[1 << 16];
        int kept = 0;
        for (long at = from; at < Length;)
        {
            int taken = (int)Math.Min(piece.Length - kept, Length - at);
            Fill(at, piece.AsSpan(kept, taken));
            at += taken;
            ReadOnlySpan<byte> bytes = piece.AsSpan(0, kept + taken);
            long start = at - bytes.Length;
            int next = 0;
            for (int found; (found = bytes[next..].IndexOf(WalRecordHead.Mark)) >= 0; next += found + 1)
            {
                proof = start + next + found;
                if (bytes.Length - next - found < WalRecordHead.Size)
                    break;
                if (WalRecordHead.TryRead(bytes[(next + found)..], _salt, out WalRecordHead head)
                    && head.FlushedBytes > damage && head.FlushedBytes <= proof)
                    return true;
            }
            // A head may lie across two pieces.
            kept = Math.Min(bytes.Length, WalRecordHead.Size - 1);
            bytes[^kept..].CopyTo(piece);
        }
        proof = 0;
        return false;
    }

    /// <summary>What is wrong with a head, or null; see <see cref="WalRecordHead.Fault"/>.</summary>
    public string? Fault(in WalRecordHead head) => head.Fault(_shape, _offset);

    /// <summary>The fault of this file at a byte.</summary>
    public AnnException Corrupt(long offset, string what) => AnnException.Corrupt(Path, "record", offset, what);

    public void Dispose() => _stream.Dispose();

    private static AnnException Unreadable(string path, IOException e) =>
        new(AnnError.Unavailable, $"{path}: the log cannot be read: {e.Message}", e);

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
            throw Unreadable(Path, e);
        }
    }
}
