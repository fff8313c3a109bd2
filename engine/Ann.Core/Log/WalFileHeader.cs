using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Ann.Core.Attributes;

namespace Ann.Core.Log;

/// <summary>The first 48 bytes of a log file. <c>engine/docs/file-format.md</c> documents every byte.</summary>
/// <param name="Shape">What its records hold.</param>
/// <param name="First">Sequence of the first item that the file can hold.</param>
/// <param name="Salt">
/// Seeds the hashes of the file's records, so that neither old blocks of the disk nor a row can pass for a record.
/// </param>
internal sealed record WalFileHeader(WalShape Shape, long First, ulong Salt)
{
    public const int Size = 48;
    public const uint Version = 1;

    private const int HashOffset = 40;
    private const string Prefix = "wal-";
    private const string Extension = ".log";

    /// <summary>What <c>ListFiles</c> finds log files with, and perhaps others: <see cref="TryParseName"/> tells.</summary>
    public const string Pattern = "wal-*.log";

    private static ReadOnlySpan<byte> Magic => "ANNWAL\r\n"u8;

    /// <summary>Name of the file that begins at a sequence.</summary>
    public static string NameOf(long first) => $"{Prefix}{first:x16}{Extension}";

    /// <summary>The sequence that a file begins at, by its name; false when it is no file of a log.</summary>
    public static bool TryParseName(string path, out long first)
    {
        string name = Path.GetFileName(path);
        first = 0;
        return name.Length == Prefix.Length + 16 + Extension.Length
            && long.TryParse(name.AsSpan(Prefix.Length, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out first)
            && first > 0 && name == NameOf(first);
    }

    /// <summary>The header as bytes.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Shape.Dimension);
        bytes[16] = (byte)Shape.KeyKind;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), SchemaHash(Shape.Attributes));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), First);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(HashOffset), XxHash3.HashToUInt64(bytes.AsSpan(0, HashOffset)));
        return bytes;
    }

    /// <summary>True when the bytes are a whole header, of whatever version.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Size && bytes[..Magic.Length].SequenceEqual(Magic)
        && BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashOffset..]) == XxHash3.HashToUInt64(bytes[..HashOffset]);

    /// <summary>Reads and checks a header.</summary>
    /// <param name="path">The file; its name says where it begins.</param>
    /// <param name="bytes">The beginning of the file.</param>
    /// <param name="shape">What the records must hold.</param>
    /// <exception cref="AnnException">Corrupt, or InvalidArgument: of another version.</exception>
    public static WalFileHeader Read(string path, ReadOnlySpan<byte> bytes, WalShape shape)
    {
        if (bytes.Length < Size)
            throw Bad(path, bytes.Length, $"a header takes {Size} bytes; the file has {bytes.Length}.");
        if (!bytes[..Magic.Length].SequenceEqual(Magic))
            throw Bad(path, 0, "not a log: its first 8 bytes are not \"ANNWAL\\r\\n\".");
        if (!IsWhole(bytes))
            throw Bad(path, HashOffset, "the header does not have the hash that it says.");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
            throw AnnException.BadInput(path, "byte 8", $"format version {version}; this build reads version {Version}.");

        int dimension = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        if (dimension != shape.Dimension)
            throw Bad(path, 12, $"rows of dimension {dimension}; the index has {shape.Dimension}.");
        if (bytes[16] != (byte)shape.KeyKind)
            throw Bad(path, 16, $"key kind {bytes[16]}; the index has {(byte)shape.KeyKind} ({shape.KeyKind}).");
        if (bytes[17..20].ContainsAnyExcept((byte)0))
            throw Bad(path, 17, "a reserved byte is not 0.");
        uint schema = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]);
        if (schema != SchemaHash(shape.Attributes))
            throw Bad(path, 20, $"attributes of hash {schema:x8}; those of the index have {SchemaHash(shape.Attributes):x8}.");
        long first = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        if (!TryParseName(path, out long named) || first != named)
            throw Bad(path, 24, $"the file begins at sequence {first}; its name says otherwise.");
        return new WalFileHeader(shape, first, BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
    }

    /// <summary>What tells the attributes of one index from another's; 0 where there are none.</summary>
    private static uint SchemaHash(AttributeSchema schema)
    {
        if (schema.Count == 0)
            return 0;
        XxHash3 hash = new();
        foreach (AttributeField field in schema.Fields)
        {
            hash.Append([(byte)field.Type, (byte)field.Name.Length]);
            hash.Append(Encoding.ASCII.GetBytes(field.Name));
        }
        return (uint)hash.GetCurrentHashAsUInt64();
    }

    private static AnnException Bad(string path, long offset, string what) => AnnException.Corrupt(path, "header", offset, what);
}
