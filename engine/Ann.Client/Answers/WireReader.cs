using System.Buffers.Binary;

namespace Ann.Client.Answers;

/// <summary>
/// Walks over the fields of a protocol buffer message without making objects of them (protobuf.dev, "Encoding"). What it is given may be
/// anything: a length is checked before it is used.
/// </summary>
internal ref struct WireReader
{
    private const int Varint = 0;
    private const int EightBytes = 1;
    private const int Bytes = 2;
    private const int FourBytes = 5;

    private readonly ReadOnlySpan<byte> _message;
    private int _wire;

    /// <param name="message">The message, or a part of it.</param>
    /// <param name="start">Where that begins in the payload, for <see cref="ReadPart"/>.</param>
    public WireReader(ReadOnlySpan<byte> message, int start = 0)
    {
        _message = message;
        Start = start;
    }

    /// <summary>Where the message begins in the payload.</summary>
    public int Start { get; }

    /// <summary>Bytes of the message that were read.</summary>
    public int Position { get; private set; }

    /// <summary>Whether all of them were.</summary>
    public readonly bool IsAtEnd => Position == _message.Length;

    /// <summary>Number of the field that was moved to.</summary>
    public int Field { get; private set; }

    /// <summary>Whether the field's value is a message, a text or packed numbers.</summary>
    public readonly bool IsPart => _wire == Bytes;

    /// <summary>Whether the field's value is one whole number.</summary>
    public readonly bool IsNumber => _wire == Varint;

    /// <summary>Moves to the next field. False at the end.</summary>
    /// <exception cref="InvalidDataException">No field begins there.</exception>
    public bool MoveNext()
    {
        if (Position == _message.Length)
            return false;
        ulong tag = ReadNumber();
        Field = tag <= uint.MaxValue ? (int)(tag >> 3) : 0;
        _wire = (int)(tag & 7);
        return Field > 0 ? true : throw Bad("a field has no number");
    }

    /// <summary>A whole number.</summary>
    public ulong ReadNumber()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (Position == _message.Length)
                throw Bad("a number is cut off");
            byte next = _message[Position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        throw Bad("a number has more than ten bytes");
    }

    /// <summary>Where the value of the field lies in the payload.</summary>
    public WirePart ReadPart()
    {
        ulong length = ReadNumber();
        if (length > (ulong)(_message.Length - Position))
            throw Bad($"a part says that it has {length} bytes, and {_message.Length - Position} are left");
        WirePart part = new(Start + Position, (int)length);
        Position += (int)length;
        return part;
    }

    /// <summary>Four bytes, as of a fixed32 or a float.</summary>
    public uint ReadFourBytes() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>Eight bytes, as of a fixed64 or a double.</summary>
    public ulong ReadEightBytes() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Passes over the value of the field.</summary>
    public void Skip()
    {
        switch (_wire)
        {
            case Varint:
                ReadNumber();
                break;
            case EightBytes:
                Take(sizeof(ulong));
                break;
            case Bytes:
                ReadPart();
                break;
            case FourBytes:
                Take(sizeof(uint));
                break;
            default:
                throw Bad($"field {Field} is of kind {_wire}, which is none");
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _message.Length - Position)
            throw Bad("a number is cut off");
        Position += length;
        return _message.Slice(Position - length, length);
    }

    private readonly InvalidDataException Bad(string what) => new($"The answer cannot be read at byte {Start + Position}: {what}.");
}

/// <summary>A part of a payload.</summary>
/// <param name="Start">First byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct WirePart(int Start, int Length)
{
    /// <summary>Byte after the last.</summary>
    public int End => Start + Length;
}
