using System.Buffers.Binary;
using System.Text;
using Ann.Core.Keys;
using Ann.Core.Records;

namespace Ann.Core.Exclusions;

/// <summary>What a record does. Stored in files: values never change.</summary>
internal enum SetRecordKind : byte
{
    /// <summary>Adds keys to a set, or sets when it is forgotten.</summary>
    Append = 1,

    /// <summary>Removes a set.</summary>
    Drop = 2,
}

/// <summary>What the fixed 48 bytes before the name and the keys of a record say of a change.</summary>
internal readonly record struct SetRecordHead
{
    public const int Size = 48;

    /// <summary>Most keys of a record: of an append, and more than compaction writes in one.</summary>
    public const int MaxKeys = Exclusion.MaxKeys;

    /// <summary>Largest body, in bytes: the longest name, and as many of the longest keys as there may be.</summary>
    public const int MaxBodyBytes = ItemSets.MaxNameBytes + MaxKeys * (sizeof(ushort) + KeyColumn.MaxKeyBytes);

    private const byte BeginsFlag = 1;

    public required SetRecordKind Kind { get; init; }

    /// <summary>True when the set is empty before the keys are added: it is new, or had been forgotten.</summary>
    public bool Begins { get; init; }

    /// <summary>UTF-8 bytes of the set's name.</summary>
    public required int NameBytes { get; init; }

    /// <summary>Keys.</summary>
    public required int Count { get; init; }

    /// <summary>When the set is forgotten, milliseconds since 1970 UTC; 0 for never.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>Bytes of a record.</summary>
    /// <param name="nameBytes">UTF-8 bytes of the set's name.</param>
    /// <param name="keys">Its keys.</param>
    public static long SizeOf(int nameBytes, KeySpan keys) => Size + nameBytes + RecordKeys.SizeOf(keys);

    /// <summary>Writes a record to bytes of its <see cref="SizeOf"/>.</summary>
    /// <param name="bytes">Where to.</param>
    /// <param name="name">Name of the set.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="flushedBytes">Bytes of the file that are flushed now.</param>
    /// <param name="salt">Of the file.</param>
    public void Write(Span<byte> bytes, string name, KeySpan keys, long flushedBytes, ulong salt)
    {
        Span<byte> body = bytes[Size..];
        RecordKeys.Write(keys, body[Encoding.UTF8.GetBytes(name, body)..]);
        bytes[4] = (byte)Kind;
        bytes[5] = Begins ? BeginsFlag : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)NameBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Count);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], ExpiresAt);
        SetLogHeader.Format.SealRecord(bytes, flushedBytes, salt);
    }

    /// <summary>The head that a reader is at.</summary>
    /// <param name="reader">Has read it.</param>
    /// <param name="kind">What the index has as keys.</param>
    /// <exception cref="AnnException">Corrupt: a field is out of its range, as only a hostile writer makes it.</exception>
    public static SetRecordHead Of(RecordReader reader, KeyKind kind)
    {
        ReadOnlySpan<byte> bytes = reader.Head;
        SetRecordHead head = new()
        {
            // A flag that is unknown makes the kind unknown.
            Kind = bytes[5] <= BeginsFlag ? (SetRecordKind)bytes[4] : 0,
            Begins = bytes[5] == BeginsFlag,
            NameBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            ExpiresAt = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
        };
        return head.Fault(kind, reader.BodyBytes) is string fault ? throw reader.Corrupt(fault) : head;
    }

    /// <summary>Reads a body whose hash is right; null when the lengths of its keys are not.</summary>
    public KeyColumn? ReadKeys(ReadOnlySpan<byte> body, KeyKind kind, out string name)
    {
        name = Encoding.UTF8.GetString(body[..NameBytes]);
        ReadOnlySpan<byte> rest = body[NameBytes..];
        KeyColumn? keys = RecordKeys.Read(ref rest, kind, Count);
        return rest.IsEmpty ? keys : null;
    }

    private string? Fault(KeyKind kind, int bodyBytes)
    {
        if (Kind is not (SetRecordKind.Append or SetRecordKind.Drop))
            return "its kind or a flag is unknown.";
        if (NameBytes is 0 or > ItemSets.MaxNameBytes)
            return $"a name of {NameBytes} bytes; 1 to {ItemSets.MaxNameBytes} were expected.";
        if (Count is < 0 or > MaxKeys || (Kind == SetRecordKind.Drop && Count > 0))
            return $"{Count} keys.";
        long fewest = NameBytes + RecordKeys.SizeOf(kind, Count, textBytes: Count);
        if (bodyBytes < fewest || ((kind == KeyKind.UInt64 || Count == 0) && bodyBytes != fewest))
            return $"{Count} keys do not fit a body of {bodyBytes} bytes.";
        if (ExpiresAt < 0)
            return $"a set is to be forgotten at {ExpiresAt}.";
        return null;
    }
}
