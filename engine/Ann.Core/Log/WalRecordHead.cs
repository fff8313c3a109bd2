using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core.Segments;

namespace Ann.Core.Log;

/// <summary>
/// The fixed 64 bytes before the body of a record. They have a hash of their own: a length that is damaged is told from a record that
/// was cut off.
/// </summary>
internal readonly record struct WalRecordHead
{
    public const int Size = 64;

    /// <summary>Largest body, in bytes.</summary>
    public const int MaxBodyBytes = 1 << 30;

    /// <summary>Of <see cref="Flags"/>: attributes follow the rows.</summary>
    public const byte AttributesFlag = 2;

    private const int BodyHashOffset = 48;
    private const int HashOffset = 56;
    private const byte FingerprintFlag = 1;

    public required byte Kind { get; init; }

    /// <summary>Bit 0: the encoder of the rows is known. Bit 1: attributes follow the rows. The others are 0.</summary>
    public byte Flags { get; init; }

    /// <summary>True when attributes follow the rows.</summary>
    public bool HasAttributes => (Flags & AttributesFlag) != 0;

    /// <summary>Null when unknown.</summary>
    public required ulong? EncoderFingerprint { get; init; }

    /// <summary>UTF-8 bytes of the producer's name.</summary>
    public required int ProducerBytes { get; init; }

    /// <summary>Items.</summary>
    public required int Count { get; init; }

    public required int BodyBytes { get; init; }

    public required long FirstSequence { get; init; }

    /// <summary>
    /// Bytes of the file that had been flushed when this record was written. It proves of damage before that byte that it is no torn tail.
    /// </summary>
    public required long FlushedBytes { get; init; }

    public required ulong ProducerSequence { get; init; }

    public ulong BodyHash { get; init; }

    /// <summary>Bytes of head and body.</summary>
    public long RecordBytes => Size + (long)BodyBytes;

    /// <summary>Sequence of the item after the last one.</summary>
    public long NextSequence => FirstSequence + Count;

    /// <summary>The first four bytes of every record.</summary>
    public static ReadOnlySpan<byte> Mark => "WREC"u8;

    /// <summary>Hash of a body.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> body, ulong salt) => XxHash3.HashToUInt64(body, unchecked((long)salt));

    /// <summary>Writes the head of a body.</summary>
    public void Write(Span<byte> bytes, ReadOnlySpan<byte> body, ulong salt)
    {
        Mark.CopyTo(bytes);
        bytes[4] = Kind;
        bytes[5] = (byte)((Flags & AttributesFlag) | (EncoderFingerprint is null ? 0 : FingerprintFlag));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)ProducerBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], BodyBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], FlushedBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], EncoderFingerprint ?? 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], ProducerSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[BodyHashOffset..], HashOf(body, salt));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[HashOffset..], HashOf(bytes[..HashOffset], salt));
    }

    /// <summary>Reads a head; false when the bytes are none, or were damaged. Ranges are not checked yet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong salt, out WalRecordHead head)
    {
        head = default;
        if (!bytes[..Mark.Length].SequenceEqual(Mark)
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashOffset..]) != HashOf(bytes[..HashOffset], salt))
            return false;
        head = new WalRecordHead
        {
            Kind = bytes[4],
            Flags = bytes[5],
            EncoderFingerprint = (bytes[5] & FingerprintFlag) != 0 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]) : null,
            ProducerBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BodyBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            FirstSequence = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            FlushedBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            ProducerSequence = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
            BodyHash = BinaryPrimitives.ReadUInt64LittleEndian(bytes[BodyHashOffset..]),
        };
        return true;
    }

    /// <summary>What is wrong with a head whose hash is right, as only a hostile writer makes it; null when nothing is.</summary>
    /// <param name="shape">Of the log.</param>
    /// <param name="offset">Place of the record in its file.</param>
    public string? Fault(WalShape shape, long offset)
    {
        if (Kind is not ((byte)WalRecordKind.Upsert or (byte)WalRecordKind.Delete))
            return $"record kind {Kind} is unknown.";
        if (Flags > (FingerprintFlag | AttributesFlag))
            return $"flags {Flags} are unknown.";
        if (HasAttributes && (Kind != (byte)WalRecordKind.Upsert || Count == 0 || shape.Attributes.Count == 0))
            return $"attributes of {Count} items in a record of kind {Kind}; the index has {shape.Attributes.Count} attributes.";
        if (ProducerBytes > Indexes.WriteBatch.MaxProducerBytes)
            return $"a producer's name of {ProducerBytes} bytes; at most {Indexes.WriteBatch.MaxProducerBytes} were expected.";
        if (BodyBytes is < 0 or > MaxBodyBytes)
            return $"a body of {BodyBytes} bytes; 0 to {MaxBodyBytes} were expected.";
        if (FlushedBytes < WalFileHeader.Size || FlushedBytes > offset)
            return $"it says that {FlushedBytes} bytes were flushed before it.";
        if (Count < 0 || FirstSequence < 1 || FirstSequence > long.MaxValue - Count)
            return $"{Count} items from sequence {FirstSequence} on.";
        if (Count == 0 && ProducerBytes == 0)
            return "neither items nor a producer.";
        long fewest = ProducerBytes + Count * WalRecordCodec.FewestBytesPerItem(shape, (WalRecordKind)Kind);
        if (BodyBytes < fewest || (shape.KeyKind == KeyKind.UInt64 && !HasAttributes && BodyBytes != fewest))
            return $"{Count} items do not fit a body of {BodyBytes} bytes.";
        return null;
    }
}
