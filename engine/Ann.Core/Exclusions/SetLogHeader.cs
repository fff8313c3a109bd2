using System.Buffers.Binary;
using Ann.Core.Keys;
using Ann.Core.Records;

namespace Ann.Core.Exclusions;

/// <summary>The first 40 bytes of a file of item sets. <c>engine/docs/file-format.md</c> documents every byte.</summary>
/// <param name="KeyKind">Number or text.</param>
/// <param name="WholeBytes">Bytes that were there when the file got its name: damage to them is no torn tail.</param>
/// <param name="Salt">Seeds the hashes of the records.</param>
internal sealed record SetLogHeader(KeyKind KeyKind, long WholeBytes, ulong Salt)
{
    public const int Size = 40;

    /// <summary>How a file of item sets looks.</summary>
    public static RecordFormat Format { get; } = new("ANNSETS\n", "SREC")
    {
        Name = "the item sets",
        Version = 1,
        HeaderBytes = Size,
        HeadBytes = SetRecordHead.Size,
        MaxBodyBytes = SetRecordHead.MaxBodyBytes,
    };

    /// <summary>The header as bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        bytes[12] = (byte)KeyKind;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), WholeBytes);
        Format.SealHeader(bytes, Salt);
        return bytes;
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">Its beginning.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="kind">What the index has as keys.</param>
    /// <exception cref="AnnException">Corrupt, or InvalidArgument: of another version.</exception>
    public static SetLogHeader Read(string path, ReadOnlySpan<byte> bytes, long length, KeyKind kind)
    {
        ulong salt = Format.CheckHeader(path, bytes);
        if (bytes[12] != (byte)kind)
            throw RecordFormat.BadHeader(path, 12, $"key kind {bytes[12]}; the index has {(byte)kind} ({kind}).");
        if (bytes[13..16].ContainsAnyExcept((byte)0))
            throw RecordFormat.BadHeader(path, 13, "a reserved byte is not 0.");
        long whole = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        if (whole < Size || whole > length)
            throw RecordFormat.BadHeader(path, 16, $"it says that {whole} bytes were written at once; the file has {length}.");
        return new SetLogHeader(kind, whole, salt);
    }
}
