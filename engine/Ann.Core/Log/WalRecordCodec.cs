using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Log;

/// <summary>
/// Records as bytes: the head, then the producer's name, the keys, the rows and the attributes. Text keys are the length of each (u16),
/// then the texts.
/// </summary>
internal static class WalRecordCodec
{
    /// <summary>Bytes of an item with the shortest key.</summary>
    public static long FewestBytesPerItem(WalShape shape, WalRecordKind kind) =>
        (shape.KeyKind == KeyKind.UInt64 ? sizeof(ulong) : sizeof(ushort) + 1L) + RowBytes(shape, kind);

    /// <summary>Bytes of a record.</summary>
    /// <exception cref="AnnException">InvalidArgument: more than a record can hold.</exception>
    public static int SizeOf(WalRecord record, WalShape shape)
    {
        int producer = Encoding.UTF8.GetByteCount(record.Producer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(producer, WriteBatch.MaxProducerBytes, nameof(record));
        long keys = shape.KeyKind == KeyKind.UInt64
            ? record.Count * (long)sizeof(ulong)
            : record.Count * (long)sizeof(ushort) + record.Keys.Text.Length;
        long attributes = record.Attributes is null ? 0 : WalAttributesCodec.SizeOf(record.Attributes);
        long body = producer + keys + record.Count * RowBytes(shape, record.Kind) + attributes;
        if (body > WalRecordHead.MaxBodyBytes)
            throw AnnException.Invalid("rows", $"{record.Count} items take {body} bytes; a batch takes at most "
                + $"{WalRecordHead.MaxBodyBytes}.");
        return WalRecordHead.Size + (int)body;
    }

    /// <summary>Writes a record to bytes of its <see cref="SizeOf"/>.</summary>
    /// <param name="record">The record.</param>
    /// <param name="shape">Of the log.</param>
    /// <param name="flushedBytes">Bytes of the file that are flushed now.</param>
    /// <param name="salt">Of the file.</param>
    /// <param name="bytes">Where to.</param>
    public static void Encode(WalRecord record, WalShape shape, long flushedBytes, ulong salt, Span<byte> bytes)
    {
        Debug.Assert(record.Keys.Kind == shape.KeyKind);
        Debug.Assert(record.Attributes is null || record.Attributes.Schema.Equals(shape.Attributes));
        Debug.Assert(record.Attributes is null || record.Attributes.Count == record.Count);
        Debug.Assert(record.Rows.Length == (record.Kind == WalRecordKind.Upsert ? record.Count * (long)shape.Dimension : 0));

        Span<byte> body = bytes[WalRecordHead.Size..];
        int producer = Encoding.UTF8.GetBytes(record.Producer, body);
        Span<byte> rest = body[producer..];
        if (shape.KeyKind == KeyKind.UInt64)
        {
            rest = Put(rest, MemoryMarshal.AsBytes(record.Keys.Numbers));
        }
        else
        {
            for (int i = 0; i < record.Count; i++, rest = rest[sizeof(ushort)..])
                BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)record.Keys.Utf8(i).Length);
            rest = Put(rest, record.Keys.Text);
        }
        rest = Put(rest, MemoryMarshal.AsBytes(record.Rows.AsSpan()));
        if (record.Attributes is not null)
            rest = WalAttributesCodec.Write(record.Attributes, rest);
        Debug.Assert(rest.IsEmpty);

        WalRecordHead head = new()
        {
            Kind = (byte)record.Kind,
            Flags = record.Attributes is null ? (byte)0 : WalRecordHead.AttributesFlag,
            EncoderFingerprint = record.EncoderFingerprint,
            ProducerBytes = producer,
            Count = record.Count,
            BodyBytes = body.Length,
            FirstSequence = record.FirstSequence,
            FlushedBytes = flushedBytes,
            ProducerSequence = record.ProducerSequence,
        };
        head.Write(bytes, body, salt);
    }

    /// <summary>
    /// Makes a record of a head without fault and a body whose hash is right; null when the lengths of its keys or its attributes are not.
    /// </summary>
    public static WalRecord? Decode(in WalRecordHead head, ReadOnlySpan<byte> body, WalShape shape)
    {
        WalRecordKind kind = (WalRecordKind)head.Kind;
        string producer = Encoding.UTF8.GetString(body[..head.ProducerBytes]);
        ReadOnlySpan<byte> rest = body[head.ProducerBytes..];
        long rows = head.Count * RowBytes(shape, kind);
        KeyColumn keys = new(shape.KeyKind);
        int keyBytes = shape.KeyKind == KeyKind.UInt64 ? ReadNumbers(rest, head.Count, keys) : ReadTexts(rest, head.Count, keys);
        if (keyBytes < 0 || (head.HasAttributes ? rest.Length - keyBytes < rows : rest.Length - keyBytes != rows))
            return null;
        ReadOnlySpan<byte> behind = rest[(keyBytes + (int)rows)..];
        AttributeBatch? attributes = head.HasAttributes ? WalAttributesCodec.Read(behind, shape.Attributes, head.Count) : null;
        if (head.HasAttributes && attributes is null)
            return null;

        float[] values = rows == 0 ? [] : new float[rows / sizeof(float)];
        rest.Slice(keyBytes, (int)rows).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return new WalRecord(kind, head.FirstSequence, head.EncoderFingerprint, producer, head.ProducerSequence, keys, values, attributes);
    }

    private static int ReadNumbers(ReadOnlySpan<byte> bytes, int count, KeyColumn keys)
    {
        for (int i = 0; i < count; i++)
            keys.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]));
        return count * sizeof(ulong);
    }

    private static int ReadTexts(ReadOnlySpan<byte> bytes, int count, KeyColumn keys)
    {
        int end = count * sizeof(ushort);
        for (int i = 0; i < count; i++)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..]);
            if (length is 0 or > KeyColumn.MaxKeyBytes || length > bytes.Length - end)
                return -1;
            keys.AddUtf8(bytes.Slice(end, length));
            end += length;
        }
        return end;
    }

    private static long RowBytes(WalShape shape, WalRecordKind kind) =>
        kind == WalRecordKind.Upsert ? shape.Dimension * (long)sizeof(float) : 0;

    private static Span<byte> Put(Span<byte> into, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(into);
        return into[bytes.Length..];
    }
}
