using System.Buffers.Binary;
using Ann.Core;

namespace Ann.Tool.Items;

/// <summary>
/// A first look at the directory of a Parquet file, which is Thrift in its compact form: that every length in it is within it. The library
/// believes them, and goes on for minutes over elements that are not there.
/// </summary>
internal ref struct ParquetDirectory
{
    private const int MaxDepth = 32;
    private const int MaxSizeInBytes = 256 << 20;

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    private ParquetDirectory(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    private readonly int Left => _bytes.Length - _at;

    /// <summary>Refuses a file whose directory is none.</summary>
    /// <param name="path">What it is called.</param>
    /// <param name="stream">The file; left at its beginning.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file and what is wrong.</exception>
    public static void Require(string path, Stream stream)
    {
        const int Magic = 4, Tail = sizeof(int) + Magic;
        Span<byte> tail = stackalloc byte[Tail];
        if (stream.Length < Magic + Tail)
            throw Bad(path, $"it has {stream.Length} bytes; a Parquet file has more.");
        stream.Position = stream.Length - Tail;
        stream.ReadExactly(tail);
        if (!tail[sizeof(int)..].SequenceEqual("PAR1"u8))
            throw Bad(path, "it does not end with the magic PAR1.");
        int size = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (size < 0 || size > stream.Length - Magic - Tail)
            throw Bad(path, $"its directory takes {size} bytes; the file has {stream.Length}.");
        if (size > MaxSizeInBytes)
            throw Bad(path, $"its directory takes {size} bytes; at most {MaxSizeInBytes} are read.");
        byte[] bytes = new byte[size];
        stream.Position = stream.Length - Tail - size;
        stream.ReadExactly(bytes);
        stream.Position = 0;
        try
        {
            new ParquetDirectory(bytes).SkipStruct(0);
        }
        catch (InvalidDataException e)
        {
            throw Bad(path, $"its directory is damaged: {e.Message}", e);
        }
    }

    private static AnnException Bad(string path, string what, Exception? inner = null) =>
        AnnException.BadInput(path, "", "it cannot be read as Parquet: " + what, inner);

    private void SkipStruct(int depth)
    {
        while (Take() is byte field and not 0)
        {
            if (field >> 4 == 0)
                Varint(); // the number of the field, where it is not near the one before
            Skip(field & 15, depth, isInList: false);
        }
    }

    private void Skip(int type, int depth, bool isInList)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException($"byte {_at}: values are nested deeper than {MaxDepth}.");
        switch (type)
        {
            case 1 or 2: // a truth: of a field it is the type itself
                if (isInList)
                    Take();
                break;
            case 3:
                Take();
                break;
            case 4 or 5 or 6:
                Varint();
                break;
            case 7:
                Forward(sizeof(double));
                break;
            case 8:
                Forward(Varint());
                break;
            case 9 or 10:
                SkipList(depth);
                break;
            case 12:
                SkipStruct(depth + 1);
                break;
            default: // maps are not in the directory's schema
                throw new InvalidDataException($"byte {_at}: there is no type {type}.");
        }
    }

    private void SkipList(int depth)
    {
        byte head = Take();
        ulong count = head >> 4 == 15 ? Varint() : (ulong)head >> 4;
        if (count > (ulong)Left)
            throw new InvalidDataException($"byte {_at}: a list has {count} elements; {Left} bytes are left.");
        for (ulong i = 0; i < count; i++)
            Skip(head & 15, depth + 1, isInList: true);
    }

    private byte Take() => Left > 0 ? _bytes[_at++] : throw new InvalidDataException("it ends within a value.");

    private void Forward(ulong count) =>
        _at += count <= (ulong)Left ? (int)count : throw new InvalidDataException($"byte {_at}: {count} bytes; {Left} are left.");

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = Take();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }
        throw new InvalidDataException($"byte {_at}: a number has more than 64 bits.");
    }
}
