using System.Buffers.Binary;
using Ann.Core.Keys;
using Ann.Core.Records;

namespace Ann.Core.Log;

/// <summary>What the fixed 64 bytes before the body of a record say of a write.</summary>
internal readonly record struct WalRecordHead
{
    public const int Size = 64;

    /// <summary>Largest body, in bytes.</summary>
    public const int MaxBodyBytes = 1 << 30;

    /// <summary>Longest name of a producer, in UTF-8 bytes.</summary>
    public const int MaxProducerBytes = 128;

    /// <summary>Of <see cref="Flags"/>: attributes follow the rows.</summary>
    public const byte AttributesFlag = 2;

    /// <summary>Of <see cref="Flags"/>: payloads follow the attributes.</summary>
    public const byte PayloadsFlag = 4;

    private const byte FingerprintFlag = 1;

    public required byte Kind { get; init; }

    /// <summary>
    /// Bit 0: the encoder of the rows is known. Bit 1: attributes follow the rows. Bit 2: payloads follow those. The others are 0.
    /// </summary>
    public byte Flags { get; init; }

    /// <summary>True for the record that ends a file: see <see cref="WalEnd"/>.</summary>
    public bool IsEnd => Kind == WalEnd.Kind;

    /// <summary>True when attributes follow the rows.</summary>
    public bool HasAttributes => (Flags & AttributesFlag) != 0;

    /// <summary>True when payloads follow the attributes.</summary>
    public bool HasPayloads => (Flags & PayloadsFlag) != 0;

    /// <summary>Null when unknown. Of a record that ends a file: the salt of the next one.</summary>
    public required ulong? EncoderFingerprint { get; init; }

    /// <summary>UTF-8 bytes of the producer's name.</summary>
    public required int ProducerBytes { get; init; }

    /// <summary>Items.</summary>
    public required int Count { get; init; }

    public required long FirstSequence { get; init; }

    public required ulong ProducerSequence { get; init; }

    /// <summary>Sequence of the item after the last one.</summary>
    public long NextSequence => FirstSequence + Count;

    /// <summary>Writes a head, but for what the records of all logs have in common.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[4] = Kind;
        bytes[5] = (byte)((Flags & (AttributesFlag | PayloadsFlag)) | (EncoderFingerprint is null ? 0 : FingerprintFlag));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)ProducerBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Count);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], EncoderFingerprint ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], ProducerSequence);
    }

    /// <summary>The head that a reader is at.</summary>
    /// <exception cref="AnnException">Corrupt: a field is out of its range, as only a hostile writer makes it.</exception>
    public static WalRecordHead Of(RecordReader reader, WalShape shape)
    {
        ReadOnlySpan<byte> bytes = reader.Head;
        WalRecordHead head = new()
        {
            Kind = bytes[4],
            Flags = bytes[5],
            EncoderFingerprint = (bytes[5] & FingerprintFlag) != 0 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]) : null,
            ProducerBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            FirstSequence = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            ProducerSequence = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
        };
        return head.Fault(shape, reader.BodyBytes) is string fault ? throw reader.Corrupt(fault) : head;
    }

    private string? Fault(WalShape shape, int bodyBytes)
    {
        if (IsEnd)
        {
            bool isSound = Flags == FingerprintFlag && ProducerBytes == 0 && Count == 0 && ProducerSequence == 0 && FirstSequence >= 1
                && bodyBytes == 0;
            return isSound ? null : $"a record that ends the file has {Count} items and a body of {bodyBytes} bytes; none were expected.";
        }
        if (!Enum.IsDefined((WalRecordKind)Kind))
            return $"record kind {Kind} is unknown.";
        if (Flags > (FingerprintFlag | AttributesFlag | PayloadsFlag))
            return $"flags {Flags} are unknown.";
        bool isDelete = Kind == (byte)WalRecordKind.Delete;
        bool isUpdate = Kind == (byte)WalRecordKind.Update;
        if (HasAttributes && (isDelete || Count == 0 || shape.Attributes.Count == 0))
            return $"attributes of {Count} items in a record of kind {Kind}; the index has {shape.Attributes.Count} attributes.";
        if (HasPayloads && (isDelete || Count == 0))
            return $"payloads of {Count} items in a record of kind {Kind}.";
        if (isUpdate && !HasAttributes && !HasPayloads)
            return "an update that changes neither attributes nor payloads.";
        if (ProducerBytes > MaxProducerBytes)
            return $"a producer's name of {ProducerBytes} bytes; at most {MaxProducerBytes} were expected.";
        if (Count < 0 || FirstSequence < 1 || FirstSequence > long.MaxValue - Count)
            return $"{Count} items from sequence {FirstSequence} on.";
        if (Count == 0 && ProducerBytes == 0)
            return "neither items nor a producer.";
        long fewest = ProducerBytes + Count * WalRecordCodec.FewestBytesPerItem(shape, (WalRecordKind)Kind)
            + (HasPayloads ? WalPayloadsCodec.LengthBytes(Count) : 0);
        bool isFixed = shape.KeyKind == KeyKind.UInt64 && !HasAttributes && !HasPayloads;
        if (bodyBytes < fewest || (isFixed && bodyBytes != fewest))
            return $"{Count} items do not fit a body of {bodyBytes} bytes.";
        return null;
    }
}
