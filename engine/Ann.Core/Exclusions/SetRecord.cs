using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Ann.Core.Segments;

namespace Ann.Core.Exclusions;

/// <summary>What a record does. Stored in files: values never change.</summary>
internal enum SetRecordKind : byte
{
    /// <summary>Adds keys to a set, or sets when it is forgotten.</summary>
    Append = 1,

    /// <summary>Removes a set.</summary>
    Drop = 2,
}

/// <summary>The fixed 48 bytes before the name and the keys of a record. They have a hash of their own.</summary>
internal readonly record struct SetRecordHead
{
    public const int Size = 48;

    /// <summary>Most keys of a record: of an append, and more than compaction writes in one.</summary>
    public const int MaxKeys = Exclusion.MaxKeys;

    private const int BodyHashOffset = 32;
    private const int HashOffset = 40;
    private const byte BeginsFlag = 1;

    public required SetRecordKind Kind { get; init; }

    /// <summary>True when the set is empty before the keys are added: it is new, or had been forgotten.</summary>
    public bool Begins { get; init; }

    /// <summary>UTF-8 bytes of the set's name.</summary>
    public required int NameBytes { get; init; }

    /// <summary>Keys.</summary>
    public required int Count { get; init; }

    public required int BodyBytes { get; init; }

    /// <summary>When the set is forgotten, milliseconds since 1970 UTC; 0 for never.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>Bytes of the file that had been flushed when this record was written.</summary>
    public required long FlushedBytes { get; init; }

    public ulong BodyHash { get; init; }

    /// <summary>Bytes of head and body.</summary>
    public long RecordBytes => Size + (long)BodyBytes;

    /// <summary>The first four bytes of every record.</summary>
    public static ReadOnlySpan<byte> Mark => "SREC"u8;

    /// <summary>Largest body of an index's records.</summary>
    private static long MostBytes(KeyKind kind) =>
        ItemSets.MaxNameBytes + MaxKeys * (kind == KeyKind.UInt64 ? sizeof(ulong) : sizeof(ushort) + (long)KeyColumn.MaxKeyBytes);

    /// <summary>Hash of a body.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> body, ulong salt) => XxHash3.HashToUInt64(body, unchecked((long)salt));

    /// <summary>Bytes of a record.</summary>
    /// <param name="nameBytes">UTF-8 bytes of the set's name.</param>
    /// <param name="keys">Its keys.</param>
    public static long SizeOf(int nameBytes, KeySpan keys) => Size + nameBytes + KeyBytes(keys.Kind, keys.Count, keys.TextBytes);

    /// <summary>Bytes of keys in a record.</summary>
    public static long KeyBytes(KeyKind kind, long count, long textBytes) =>
        kind == KeyKind.UInt64 ? count * sizeof(ulong) : count * sizeof(ushort) + textBytes;

    /// <summary>Writes the head and the body of a record to bytes of its <see cref="SizeOf"/>.</summary>
    public void Write(Span<byte> bytes, string name, KeySpan keys, ulong salt)
    {
        Span<byte> body = bytes.Slice(Size, BodyBytes);
        Span<byte> rest = body[Encoding.UTF8.GetBytes(name, body)..];
        if (keys.Kind == KeyKind.String)
        {
            for (int i = 0; i < keys.Count; i++, rest = rest[sizeof(ushort)..])
                BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)keys[i].Utf8.Length);
        }
        for (int i = 0; i < keys.Count; i++)
        {
            ItemKey key = keys[i];
            if (keys.Kind == KeyKind.UInt64)
                BinaryPrimitives.WriteUInt64LittleEndian(rest, key.Number);
            else
                key.Utf8.CopyTo(rest);
            rest = rest[(keys.Kind == KeyKind.UInt64 ? sizeof(ulong) : key.Utf8.Length)..];
        }

        bytes[..Size].Clear();
        Mark.CopyTo(bytes);
        bytes[4] = (byte)Kind;
        bytes[5] = Begins ? BeginsFlag : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], (ushort)NameBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], BodyBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], ExpiresAt);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], FlushedBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[BodyHashOffset..], HashOf(body, salt));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[HashOffset..], HashOf(bytes[..HashOffset], salt));
    }

    /// <summary>Reads a head; false when the bytes are none, or were damaged. Ranges are not checked yet.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong salt, out SetRecordHead head)
    {
        head = default;
        if (!bytes[..Mark.Length].SequenceEqual(Mark)
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[HashOffset..]) != HashOf(bytes[..HashOffset], salt))
            return false;
        head = new SetRecordHead
        {
            // A flag that is unknown makes the kind unknown.
            Kind = bytes[5] <= BeginsFlag ? (SetRecordKind)bytes[4] : 0,
            Begins = bytes[5] == BeginsFlag,
            NameBytes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
            Count = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BodyBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            ExpiresAt = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            FlushedBytes = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BodyHash = BinaryPrimitives.ReadUInt64LittleEndian(bytes[BodyHashOffset..]),
        };
        return true;
    }

    /// <summary>What is wrong with a head whose hash is right, as only a hostile writer makes it; null when nothing is.</summary>
    /// <param name="kind">What the index has as keys.</param>
    /// <param name="offset">Place of the record in its file.</param>
    public string? Fault(KeyKind kind, long offset)
    {
        if (Kind is not (SetRecordKind.Append or SetRecordKind.Drop))
            return "its kind or a flag is unknown.";
        if (NameBytes is 0 or > ItemSets.MaxNameBytes)
            return $"a name of {NameBytes} bytes; 1 to {ItemSets.MaxNameBytes} were expected.";
        if (Count is < 0 or > MaxKeys || (Kind == SetRecordKind.Drop && Count > 0))
            return $"{Count} keys.";
        long fewest = NameBytes + KeyBytes(kind, Count, textBytes: Count);
        if (BodyBytes < fewest || BodyBytes > MostBytes(kind) || ((kind == KeyKind.UInt64 || Count == 0) && BodyBytes != fewest))
            return $"{Count} keys do not fit a body of {BodyBytes} bytes.";
        if (ExpiresAt < 0)
            return $"a set is to be forgotten at {ExpiresAt}.";
        if (FlushedBytes < SetLogHeader.Size || FlushedBytes > offset)
            return $"it says that {FlushedBytes} bytes were flushed before it.";
        return null;
    }

    /// <summary>Reads a body whose hash is right; null when the lengths of its keys are not.</summary>
    public KeyColumn? ReadKeys(ReadOnlySpan<byte> body, KeyKind kind, out string name)
    {
        name = Encoding.UTF8.GetString(body[..NameBytes]);
        ReadOnlySpan<byte> rest = body[NameBytes..];
        KeyColumn keys = new(kind);
        if (kind == KeyKind.UInt64)
        {
            for (int i = 0; i < Count; i++)
                keys.Add(BinaryPrimitives.ReadUInt64LittleEndian(rest[(i * sizeof(ulong))..]));
            return keys;
        }
        int end = Count * sizeof(ushort);
        for (int i = 0; i < Count; i++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[(i * sizeof(ushort))..]);
            if (length is 0 or > KeyColumn.MaxKeyBytes || length > rest.Length - end)
                return null;
            keys.AddUtf8(rest.Slice(end, length));
            end += length;
        }
        return end == rest.Length ? keys : null;
    }
}
