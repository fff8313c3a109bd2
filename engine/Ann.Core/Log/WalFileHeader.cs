using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Ann.Core.Attributes;
using Ann.Core.Records;

namespace Ann.Core.Log;

/// <summary>The first 48 bytes of a log file. <c>engine/docs/file-format.md</c> documents every byte.</summary>
/// <param name="Shape">What its records hold.</param>
/// <param name="First">Sequence of the first item that the file can hold.</param>
/// <param name="Salt">Seeds the hashes of the file's records.</param>
internal sealed record WalFileHeader(WalShape Shape, long First, ulong Salt)
{
    public const int Size = 48;

    private const string Prefix = "wal-";
    private const string Extension = ".log";

    /// <summary>What <c>ListFiles</c> finds log files with, and perhaps others: <see cref="TryParseName"/> tells.</summary>
    public const string Pattern = "wal-*.log";

    /// <summary>How the files of a log look.</summary>
    public static RecordFormat Format { get; } = new("ANNWAL\r\n", "WREC")
    {
        Name = "the log",
        Version = 1,
        HeaderBytes = Size,
        HeadBytes = WalRecordHead.Size,
        MaxBodyBytes = WalRecordHead.MaxBodyBytes,
    };

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
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Shape.Dimension);
        bytes[16] = (byte)Shape.KeyKind;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), SchemaHash(Shape.Attributes));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), First);
        Format.SealHeader(bytes, Salt);
        return bytes;
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="path">The file; its name says where it begins.</param>
    /// <param name="bytes">The beginning of the file.</param>
    /// <param name="shape">What the records must hold.</param>
    /// <exception cref="AnnException">Corrupt, or InvalidArgument: of another version.</exception>
    public static WalFileHeader Read(string path, ReadOnlySpan<byte> bytes, WalShape shape)
    {
        ulong salt = Format.CheckHeader(path, bytes);
        int dimension = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        if (dimension != shape.Dimension)
            throw RecordFormat.BadHeader(path, 12, $"rows of dimension {dimension}; the index has {shape.Dimension}.");
        if (bytes[16] != (byte)shape.KeyKind)
            throw RecordFormat.BadHeader(path, 16, $"key kind {bytes[16]}; the index has {(byte)shape.KeyKind} ({shape.KeyKind}).");
        if (bytes[17..20].ContainsAnyExcept((byte)0))
            throw RecordFormat.BadHeader(path, 17, "a reserved byte is not 0.");
        uint schema = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]);
        if (schema != SchemaHash(shape.Attributes))
            throw RecordFormat.BadHeader(
                path, 20, $"attributes of hash {schema:x8}; those of the index have {SchemaHash(shape.Attributes):x8}.");
        long first = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        if (!TryParseName(path, out long named) || first != named)
            throw RecordFormat.BadHeader(path, 24, $"the file begins at sequence {first}; its name says otherwise.");
        return new WalFileHeader(shape, first, salt);
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
}
