using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Ann.Core.Attributes;
using Ann.Core.Payloads;
using Ann.Core.Records;

namespace Ann.Core.Log;

/// <summary>
/// Records as bytes: the head, then the producer's name, the keys, the rows, the attributes and the payloads. Text keys are the length of
/// each (u16), then the texts.
/// </summary>
internal static class WalRecordCodec
{
    /// <summary>Bytes of an item with the shortest key.</summary>
    public static long FewestBytesPerItem(WalShape shape, WalRecordKind kind) =>
        RecordKeys.SizeOf(shape.KeyKind, count: 1, textBytes: 1) + RowBytes(shape, kind);

    /// <summary>Bytes of a record.</summary>
    /// <exception cref="AnnException">InvalidArgument: more than a record can hold.</exception>
    public static int SizeOf(WalRecord record, WalShape shape)
    {
        int producer = Encoding.UTF8.GetByteCount(record.Producer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(producer, WalRecordHead.MaxProducerBytes, nameof(record));
        long attributes = record.Attributes is not { } given ? 0
            : record.Kind == WalRecordKind.Update ? WalAttributesCodec.SizeOfGiven(given)
            : WalAttributesCodec.SizeOf(given);
        long payloads = record.Payloads is null ? 0 : WalPayloadsCodec.SizeOf(record.Payloads);
        long body = producer + RecordKeys.SizeOf(record.Keys.Span) + record.Count * RowBytes(shape, record.Kind) + attributes + payloads;
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
        bool isUpdate = record.Kind == WalRecordKind.Update;
        Debug.Assert(record.Attributes is null || isUpdate || record.Attributes.Schema.Equals(shape.Attributes));
        Debug.Assert(record.Attributes is null || record.Attributes.Count == record.Count);
        Debug.Assert(record.Payloads is null || record.Payloads.Count == record.Count);
        Debug.Assert(record.Rows.Length == (record.Kind == WalRecordKind.Upsert ? record.Count * (long)shape.Dimension : 0));

        Span<byte> body = bytes[WalRecordHead.Size..];
        int producer = Encoding.UTF8.GetBytes(record.Producer, body);
        Span<byte> rest = RecordKeys.Write(record.Keys.Span, body[producer..]);
        rest = RecordKeys.Put(rest, MemoryMarshal.AsBytes(record.Rows.AsSpan()));
        if (record.Attributes is { } attributes)
            rest = isUpdate
                ? WalAttributesCodec.WriteGiven(attributes, shape.Attributes, rest)
                : WalAttributesCodec.Write(attributes, rest);
        if (record.Payloads is not null)
            rest = WalPayloadsCodec.Write(record.Payloads, rest);
        Debug.Assert(rest.IsEmpty);

        WalRecordHead head = new()
        {
            Kind = (byte)record.Kind,
            Flags = (byte)((record.Attributes is null ? 0 : WalRecordHead.AttributesFlag)
                | (record.Payloads is null ? 0 : WalRecordHead.PayloadsFlag)),
            EncoderFingerprint = record.EncoderFingerprint,
            ProducerBytes = producer,
            Count = record.Count,
            FirstSequence = record.FirstSequence,
            ProducerSequence = record.ProducerSequence,
        };
        head.Write(bytes);
        WalFileHeader.Format.SealRecord(bytes, flushedBytes, salt);
    }

    /// <summary>Reads the record of the head that a reader is at; null where the tail is torn.</summary>
    /// <exception cref="AnnException">Corrupt: its hashes are right, and its lengths are not. As the reader.</exception>
    public static WalRecord? Read(RecordReader reader, in WalRecordHead head, WalShape shape) =>
        !reader.TryReadBody(out ReadOnlySpan<byte> body)
            ? null
            : Decode(head, body, shape)
                ?? throw reader.Corrupt("the lengths of the keys, the attributes or the payloads do not fit the record.");

    private static WalRecord? Decode(in WalRecordHead head, ReadOnlySpan<byte> body, WalShape shape)
    {
        WalRecordKind kind = (WalRecordKind)head.Kind;
        string producer = Encoding.UTF8.GetString(body[..head.ProducerBytes]);
        ReadOnlySpan<byte> rest = body[head.ProducerBytes..];
        long rows = head.Count * RowBytes(shape, kind);
        if (RecordKeys.Read(ref rest, shape.KeyKind, head.Count) is not { } keys || rest.Length < rows)
            return null;
        ReadOnlySpan<byte> behind = rest[(int)rows..];
        AttributeBatch? attributes = !head.HasAttributes ? null
            : kind == WalRecordKind.Update ? WalAttributesCodec.ReadGiven(ref behind, shape.Attributes, head.Count)
            : WalAttributesCodec.Read(ref behind, shape.Attributes, head.Count);
        if (head.HasAttributes && attributes is null)
            return null;
        PayloadColumn? payloads = head.HasPayloads ? WalPayloadsCodec.Read(behind, head.Count) : null;
        if (head.HasPayloads ? payloads is null : !behind.IsEmpty)
            return null;

        float[] values = rows == 0 ? [] : new float[rows / sizeof(float)];
        rest[..(int)rows].CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return new WalRecord(
            kind, head.FirstSequence, head.EncoderFingerprint, producer, head.ProducerSequence, keys, values, attributes, payloads);
    }

    private static long RowBytes(WalShape shape, WalRecordKind kind) =>
        kind == WalRecordKind.Upsert ? shape.Dimension * (long)sizeof(float) : 0;
}
