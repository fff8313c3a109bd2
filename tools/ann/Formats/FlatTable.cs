using System.Buffers.Binary;

namespace Ann.Tool.Formats;

/// <summary>
/// A table of a FlatBuffers message, as far as Arrow's messages are looked at before a library believes them: every offset is held to the
/// bytes that there are.
/// </summary>
internal readonly ref struct FlatTable
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _at;
    private readonly int _fields;
    private readonly int _fieldsEnd;

    private FlatTable(ReadOnlySpan<byte> bytes, long at)
    {
        _bytes = bytes;
        _at = Within(at, sizeof(int));
        _fields = Within((long)_at - BinaryPrimitives.ReadInt32LittleEndian(bytes[_at..]), 2 * sizeof(ushort));
        _fieldsEnd = _fields + BinaryPrimitives.ReadUInt16LittleEndian(bytes[_fields..]);
        Within(_fields, _fieldsEnd - _fields);
    }

    /// <summary>The table of a message.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static FlatTable Root(ReadOnlySpan<byte> bytes) => bytes.Length >= sizeof(int)
        ? new FlatTable(bytes, BinaryPrimitives.ReadUInt32LittleEndian(bytes))
        : throw Damaged();

    /// <summary>A byte; 0 where it is left out.</summary>
    public byte Byte(int field) => At(field, 1) is int at and > 0 ? _bytes[at] : (byte)0;

    /// <summary>A number of 64 bits; 0 where it is left out.</summary>
    public long Int64(int field) => At(field, sizeof(long)) is int at and > 0 ? BinaryPrimitives.ReadInt64LittleEndian(_bytes[at..]) : 0;

    /// <summary>True where a field is there.</summary>
    public bool Has(int field) => At(field, 1) > 0;

    /// <summary>A table; it must be there.</summary>
    public FlatTable Table(int field) => At(field, sizeof(uint)) is int at and > 0 ? new FlatTable(_bytes, Follow(at)) : throw Damaged();

    /// <summary>The elements of a vector of structs, one after another; empty where it is left out.</summary>
    /// <param name="field">Which one.</param>
    /// <param name="size">Bytes of an element.</param>
    public ReadOnlySpan<byte> Structs(int field, int size)
    {
        int at = At(field, sizeof(uint));
        if (at == 0)
            return default;
        int vector = Within(Follow(at), sizeof(uint));
        long length = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[vector..]) * (long)size;
        return _bytes.Slice(Within((long)vector + sizeof(uint), length), (int)length);
    }

    /// <summary>How many tables a vector has.</summary>
    public int CountOf(int field) => Structs(field, sizeof(uint)).Length / sizeof(uint);

    /// <summary>A table of a vector.</summary>
    public FlatTable TableOf(int field, int element)
    {
        int vector = (int)Follow(At(field, sizeof(uint)));
        int at = Within((long)vector + sizeof(uint) + (long)element * sizeof(uint), sizeof(uint));
        return new FlatTable(_bytes, Follow(at));
    }

    private long Follow(int at) => at + (long)BinaryPrimitives.ReadUInt32LittleEndian(_bytes[at..]);

    private int At(int field, int size)
    {
        int entry = _fields + 2 * sizeof(ushort) + field * sizeof(ushort);
        if (entry + sizeof(ushort) > _fieldsEnd)
            return 0;
        int offset = BinaryPrimitives.ReadUInt16LittleEndian(_bytes[entry..]);
        return offset == 0 ? 0 : Within((long)_at + offset, size);
    }

    private int Within(long at, long size) => at >= 0 && size >= 0 && at + size <= _bytes.Length ? (int)at : throw Damaged();

    private static InvalidDataException Damaged() => new("its description points beyond its end.");
}
