using Ann.Core.Files;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>Reads the records of a file of item sets, and finds where a torn tail begins.</summary>
internal sealed class SetLogReader : IDisposable
{
    private readonly string _path;
    private readonly KeyKind _kind;
    private readonly Stream _stream;
    private readonly long _length;
    private readonly byte[] _head = new byte[SetRecordHead.Size];
    private byte[] _body = [];
    private SetLogHeader? _header;

    /// <exception cref="AnnException">NotFound: no such file. Unavailable: it cannot be read.</exception>
    public SetLogReader(IFileSystem files, string path, KeyKind kind)
    {
        _path = path;
        _kind = kind;
        _stream = files.OpenRead(path);
        _length = _stream.Length;
    }

    /// <summary>Reads everything.</summary>
    /// <param name="apply">Is given each record: its head, the name of the set, the keys.</param>
    /// <param name="length">Bytes that count: what is behind is a torn tail.</param>
    /// <returns>The header; null when the file never came to be: no record was ever in it.</returns>
    /// <exception cref="AnnException">Corrupt: names file and byte. InvalidArgument: of another version. Unavailable.</exception>
    public SetLogHeader? Read(Action<SetRecordHead, string, KeyColumn> apply, out long length)
    {
        byte[] start = new byte[Math.Min(SetLogHeader.Size, _length)];
        Fill(0, start);
        length = 0;
        // The header is on disk before the first record is written.
        if (_length <= SetLogHeader.Size && !SetLogHeader.IsWhole(start))
            return null;
        _header = SetLogHeader.Read(_path, start, _length, _kind);
        long offset = SetLogHeader.Size;
        while (offset < _length && TryReadRecord(offset, apply, out SetRecordHead head))
            offset += head.RecordBytes;
        length = offset;
        return _header;
    }

    public void Dispose() => _stream.Dispose();

    private bool TryReadRecord(long offset, Action<SetRecordHead, string, KeyColumn> apply, out SetRecordHead head)
    {
        head = default;
        if (_length - offset < SetRecordHead.Size)
            return RequireTornTail(offset, offset, "no whole record begins here");
        Fill(offset, _head);
        if (!SetRecordHead.TryRead(_head, _header!.Salt, out head))
            return RequireTornTail(offset, offset, "no whole record begins here");
        if (head.Fault(_kind, offset) is string fault)
            throw Corrupt(offset, fault);
        ReadOnlySpan<byte> body = [];
        if (_length - offset >= head.RecordBytes) // before memory is made for it
        {
            if (_body.Length < head.BodyBytes)
                _body = new byte[Math.Max(head.BodyBytes, 2 * _body.Length)];
            Fill(offset + SetRecordHead.Size, _body.AsSpan(0, head.BodyBytes));
            body = _body.AsSpan(0, head.BodyBytes);
        }
        if (body.IsEmpty || SetRecordHead.HashOf(body, _header.Salt) != head.BodyHash)
            return RequireTornTail(offset, offset + head.RecordBytes, "the record is not whole, or does not have the hash that it says");
        KeyColumn? keys = head.ReadKeys(body, _kind, out string name);
        apply(head, name, keys ?? throw Corrupt(offset, "the lengths of the keys do not fit the record."));
        return true;
    }

    /// <summary>False when the bytes from a place on are a torn tail.</summary>
    private bool RequireTornTail(long offset, long searchFrom, string what)
    {
        if (offset < _header!.WholeBytes)
            throw Corrupt(offset, $"{what}, and the file was whole up to byte {_header.WholeBytes} when it was made.");
        if (FindRecordThatProves(searchFrom, offset, out long proof))
            throw Corrupt(offset, $"{what}, and a later record, at byte {proof}, was written after this place was flushed.");
        return false;
    }

    /// <summary>Looks behind damage for a record that was written when the damaged bytes had been flushed.</summary>
    private bool FindRecordThatProves(long from, long damage, out long proof)
    {
        byte[] piece = new byte[1 << 16];
        int kept = 0;
        for (long at = from; at < _length;)
        {
            int taken = (int)Math.Min(piece.Length - kept, _length - at);
            Fill(at, piece.AsSpan(kept, taken));
            at += taken;
            ReadOnlySpan<byte> bytes = piece.AsSpan(0, kept + taken);
            int next = 0;
            for (int found; (found = bytes[next..].IndexOf(SetRecordHead.Mark)) >= 0; next += found + 1)
            {
                proof = at - bytes.Length + next + found;
                if (bytes.Length - next - found < SetRecordHead.Size)
                    break;
                if (SetRecordHead.TryRead(bytes[(next + found)..], _header!.Salt, out SetRecordHead head)
                    && head.FlushedBytes > damage && head.FlushedBytes <= proof)
                    return true;
            }
            // A head may lie across two pieces.
            kept = Math.Min(bytes.Length, SetRecordHead.Size - 1);
            bytes[^kept..].CopyTo(piece);
        }
        proof = 0;
        return false;
    }

    private AnnException Corrupt(long offset, string what) => AnnException.Corrupt(_path, "record", offset, what);

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
            throw new AnnException(AnnError.Unavailable, $"{_path}: the item sets cannot be read: {e.Message}", e);
        }
    }
}
