using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Ann.Core.Records;

/// <summary>
/// How the files of one kind of log look: a header, then records, each a head of fixed size and a body. What all kinds have at the same
/// places is read and written here; the bytes between are the kind's own.
/// </summary>
/// <remarks>
/// A header begins with 8 bytes that name the kind and a version (u32), and ends with a salt and its own hash (u64 each). A head begins
/// with a mark of 4 bytes, has the bytes of the body at byte 12 (i32) and the bytes of the file that had been flushed before it at byte 24
/// (i64), and ends with the hashes of the body and of itself (u64 each). The salt seeds both, so that neither an old block of the disk nor
/// what a caller stores can pass for a record; and a length that is damaged is told from a record that was cut off.
/// </remarks>
/// <param name="magic">The first 8 bytes of a file, in ASCII.</param>
/// <param name="mark">The first 4 bytes of a record, in ASCII.</param>
internal sealed class RecordFormat(string magic, string mark)
{
    private const int VersionOffset = 8;
    private const int BodyBytesOffset = 12;
    private const int FlushedBytesOffset = 24;
    private const int SaltFromEnd = 16;
    private const int BodyHashFromEnd = 16;
    private const int HashFromEnd = 8;

    private readonly byte[] _magic = Encoding.ASCII.GetBytes(magic);
    private readonly byte[] _mark = Encoding.ASCII.GetBytes(mark);

    /// <summary>What errors call it, such as "the log".</summary>
    public required string Name { get; init; }

    /// <summary>The only version that is read.</summary>
    public required uint Version { get; init; }

    /// <summary>Bytes of a file's header.</summary>
    public required int HeaderBytes { get; init; }

    /// <summary>Bytes of a record's head.</summary>
    public required int HeadBytes { get; init; }

    /// <summary>Largest body of a record, in bytes.</summary>
    public required int MaxBodyBytes { get; init; }

    /// <summary>The first four bytes of every record.</summary>
    public ReadOnlySpan<byte> Mark => _mark;

    /// <summary>A salt that nobody can guess.</summary>
    public static ulong DrawSalt()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Hash of a body, or of the bytes of a head before its hash.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> bytes, ulong salt) => XxHash3.HashToUInt64(bytes, unchecked((long)salt));

    /// <summary>Completes a header whose own bytes were written.</summary>
    public void SealHeader(Span<byte> header, ulong salt)
    {
        _magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[VersionOffset..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(header[^SaltFromEnd..], salt);
        BinaryPrimitives.WriteUInt64LittleEndian(header[^HashFromEnd..], XxHash3.HashToUInt64(header[..^HashFromEnd]));
    }

    /// <summary>True when the beginning of a file is a whole header, of whatever version.</summary>
    public bool IsWholeHeader(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderBytes && bytes.StartsWith(_magic)
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[(HeaderBytes - HashFromEnd)..])
            == XxHash3.HashToUInt64(bytes[..(HeaderBytes - HashFromEnd)]);

    /// <summary>Checks what all kinds have in a header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its first bytes, as many as a header has; fewer where the file has no more.</param>
    /// <returns>The salt.</returns>
    /// <exception cref="AnnException">Corrupt, or InvalidArgument: of another version.</exception>
    public ulong CheckHeader(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
            throw BadHeader(path, bytes.Length, $"a header takes {HeaderBytes} bytes; the file has {bytes.Length}.");
        if (!bytes.StartsWith(_magic))
            throw BadHeader(path, 0, $"no file of {Name}: its first 8 bytes are not \"{Printed(_magic)}\".");
        if (!IsWholeHeader(bytes))
            throw BadHeader(path, HeaderBytes - HashFromEnd, "the header does not have the hash that it says.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[VersionOffset..]);
        if (version != Version)
            throw AnnException.BadInput(path, $"byte {VersionOffset}", $"format version {version}; this build reads version {Version}.");
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes[^SaltFromEnd..]);
    }

    /// <summary>The fault of a header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Byte where the fault was seen.</param>
    /// <param name="what">What was expected and what was found.</param>
    public static AnnException BadHeader(string path, long offset, string what) => AnnException.Corrupt(path, "header", offset, what);

    /// <summary>Completes a record whose body and own bytes of the head were written.</summary>
    /// <param name="record">Head and body, and nothing behind.</param>
    /// <param name="flushedBytes">
    /// Bytes of the file that are flushed now: the record proves of damage before that byte that it is no torn tail.
    /// </param>
    /// <param name="salt">Of the file.</param>
    public void SealRecord(Span<byte> record, long flushedBytes, ulong salt)
    {
        Span<byte> head = record[..HeadBytes];
        _mark.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[BodyBytesOffset..], record.Length - HeadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(head[FlushedBytesOffset..], flushedBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head[^BodyHashFromEnd..], HashOf(record[HeadBytes..], salt));
        BinaryPrimitives.WriteUInt64LittleEndian(head[^HashFromEnd..], HashOf(head[..^HashFromEnd], salt));
    }

    /// <summary>Reads what all kinds have in a head; false when the bytes are none, or were damaged. Ranges are not checked yet.</summary>
    public bool TryReadFrame(ReadOnlySpan<byte> bytes, ulong salt, out RecordFrame frame)
    {
        ReadOnlySpan<byte> head = bytes[..HeadBytes];
        frame = new RecordFrame(
            BinaryPrimitives.ReadInt32LittleEndian(head[BodyBytesOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[FlushedBytesOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(head[^BodyHashFromEnd..]));
        return head.StartsWith(_mark)
            && BinaryPrimitives.ReadUInt64LittleEndian(head[^HashFromEnd..]) == HashOf(head[..^HashFromEnd], salt);
    }

    private static string Printed(byte[] magic) =>
        Encoding.ASCII.GetString(magic).Replace("\r", @"\r", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
}

/// <summary>What every record says of itself.</summary>
/// <param name="BodyBytes">Bytes behind the head.</param>
/// <param name="FlushedBytes">Bytes of the file that had been flushed when the record was written.</param>
/// <param name="BodyHash">Hash of the body.</param>
internal readonly record struct RecordFrame(int BodyBytes, long FlushedBytes, ulong BodyHash);
