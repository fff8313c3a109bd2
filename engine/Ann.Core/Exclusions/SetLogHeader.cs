using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>The first 40 bytes of a file of item sets. <c>engine/docs/file-format.md</c> documents every byte.</summary>
/// <param name="KeyKind">Number or text.</param>
/// <param name="WholeBytes">Bytes that were there when the file got its name: damage to them is no torn tail.</param>
/// <param name="Salt">Seeds the hashes of the records, so that neither old blocks of the disk nor a key can pass for a record.</param>
internal sealed record SetLogHeader(KeyKind KeyKind, long WholeBytes, ulong Salt)
{
    public const int Size = 40;
    public const uint Version = 1;

    private const int HashOffset = 32;

    private static ReadOnlySpan<byte> Magic => "ANNSETS\n"u8;

    /// <summary>The header as bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        bytes[12] = (byte)KeyKind;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), WholeBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(HashOffset), XxHash3.HashToUInt64(bytes.AsSpan(0, HashOffset)));
        return bytes;
    }

    /// <summary>True when the bytes are a whole header, of whatever version.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Size && bytes[..Magic.Length].SequenceEqual(Magic)
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashOffset..]) == XxHash3.HashToUInt64(bytes[..HashOffset]);

    /// <summary>Reads and checks a header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its beginning.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="kind">What the index has as keys.</param>
    /// <exception cref="AnnException">Corrupt, or InvalidArgument: of another version.</exception>
    public static SetLogHeader Read(string path, ReadOnlySpan<byte> bytes, long length, KeyKind kind)
    {
        if (bytes.Length < Size)
            throw Bad(path, bytes.Length, $"a header takes {Size} bytes; the file has {bytes.Length}.");
        if (!bytes[..Magic.Length].SequenceEqual(Magic))
            throw Bad(path, 0, "no item sets: its first 8 bytes are not \"ANNSETS\\n\".");
        if (!IsWhole(bytes))
            throw Bad(path, HashOffset, "the header does not have the hash that it says.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
            throw AnnException.BadInput(path, "byte 8", $"format version {version}; this build reads version {Version}.");
        if (bytes[12] != (byte)kind)
            throw Bad(path, 12, $"key kind {bytes[12]}; the index has {(byte)kind} ({kind}).");
        if (bytes[13..16].ContainsAnyExcept((byte)0))
            throw Bad(path, 13, "a reserved byte is not 0.");
        long whole = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        if (whole < Size || whole > length)
            throw Bad(path, 16, $"it says that {whole} bytes were written at once; the file has {length}.");
        return new SetLogHeader(kind, whole, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));
    }

    private static AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, "header", offset, what);
}
