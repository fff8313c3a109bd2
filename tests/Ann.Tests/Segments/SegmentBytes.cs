using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>The bytes of a segment file in the hands of a sender who damages them and mends the hashes.</summary>
internal static class SegmentBytes
{
    /// <summary>Where the table of sections begins.</summary>
    public const int TableOffset = 64;

    /// <summary>Sections that the header tells of.</summary>
    public static int SectionCount(byte[] bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(56));

    /// <summary>Place of a section in the table.</summary>
    public static int Index(byte[] bytes, SectionKind kind) => Enumerable.Range(0, SectionCount(bytes))
        .Single(i => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(TableOffset + i * 32)) == (int)kind);

    /// <summary>Where a section lies.</summary>
    public static (long Offset, long Length) Section(byte[] bytes, int index)
    {
        ReadOnlySpan<byte> entry = bytes.AsSpan(TableOffset + index * 32);
        return (BinaryPrimitives.ReadInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
    }

    /// <summary>Makes every hash that of what is there now.</summary>
    public static void Mend(byte[] bytes)
    {
        for (int i = 0; i < SectionCount(bytes); i++)
        {
            (long offset, long length) = Section(bytes, i);
            BinaryPrimitives.WriteUInt64LittleEndian(
                bytes.AsSpan(TableOffset + i * 32 + 24), XxHash3.HashToUInt64(bytes.AsSpan((int)offset, (int)length)));
        }
        bytes.AsSpan(16, 8).Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), XxHash3.HashToUInt64(bytes.AsSpan(0, 4096)));
    }
}
