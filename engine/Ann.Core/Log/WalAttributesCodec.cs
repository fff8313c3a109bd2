using System.Buffers.Binary;
using System.Diagnostics;
using Ann.Core.Attributes;

namespace Ann.Core.Log;

/// <summary>
/// Attributes of a record's items as bytes, column by column: one bit an item that has a value, then the values of those that have one.
/// Every length is checked when they are read.
/// </summary>
internal static class WalAttributesCodec
{
    /// <summary>Bytes that tell which attributes an update gives.</summary>
    private const int MaskBytes = sizeof(ulong);

    /// <summary>Bytes of the attributes of all items.</summary>
    public static long SizeOf(AttributeBatch items)
    {
        long bytes = 0;
        foreach (AttributeColumn column in items.Columns)
            bytes += SizeOf(column);
        return bytes;
    }

    /// <summary>Writes the attributes of all items.</summary>
    /// <returns>The bytes behind.</returns>
    public static Span<byte> Write(AttributeBatch items, Span<byte> bytes)
    {
        foreach (AttributeColumn column in items.Columns)
            bytes = Write(column, bytes);
        return bytes;
    }

    /// <summary>Reads attributes; null when there are too few bytes, or a length or value is out of its range.</summary>
    /// <param name="bytes">They and what follows; afterwards the bytes behind them.</param>
    /// <param name="schema">Those that are there.</param>
    /// <param name="count">Items; there are as many bits as this in the bytes, or null is told before memory is made.</param>
    public static AttributeBatch? Read(ref ReadOnlySpan<byte> bytes, AttributeSchema schema, int count)
    {
        AttributeBatch items = new(schema);
        foreach (AttributeColumn column in items.Columns)
            if (!TryRead(ref bytes, column, count))
                return null;
        return items;
    }

    /// <summary>Bytes of the attributes that an update gives: which they are, then their values.</summary>
    public static long SizeOfGiven(AttributeBatch items) => MaskBytes + SizeOf(items);

    /// <summary>Writes the attributes that an update gives: one bit for each of the log's, then those columns in their order.</summary>
    /// <returns>The bytes behind.</returns>
    public static Span<byte> WriteGiven(AttributeBatch items, AttributeSchema schema, Span<byte> bytes)
    {
        ulong given = 0;
        Span<byte> rest = bytes[MaskBytes..];
        for (int column = 0; column < schema.Count; column++)
        {
            int place = items.Schema.Find(schema.Fields[column].Name);
            if (place < 0)
                continue;
            given |= 1UL << column;
            rest = Write(items.Columns[place], rest);
        }
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, given);
        return rest;
    }

    /// <summary>
    /// Reads what <see cref="WriteGiven"/> writes; null as <see cref="Read"/>, and when none is given or one that is not there.
    /// </summary>
    public static AttributeBatch? ReadGiven(ref ReadOnlySpan<byte> bytes, AttributeSchema schema, int count)
    {
        Debug.Assert(AttributeSchema.MaxFields <= 64);
        if (!BinaryPrimitives.TryReadUInt64LittleEndian(bytes, out ulong given)
            || given == 0 || 64 - System.Numerics.BitOperations.LeadingZeroCount(given) > schema.Count)
            return null;
        bytes = bytes[MaskBytes..];
        return Read(ref bytes, new AttributeSchema(schema.Fields.Where((_, column) => (given >> column & 1) != 0)), count);
    }

    private static int BitBytes(int count) => (int)((count + 7L) / 8);

    private static long SizeOf(AttributeColumn column)
    {
        AttributeForm form = column.Field.Traits.Form;
        bool hasText = column.Field.Traits.HasText;
        long bytes = BitBytes(column.Count) * (form == AttributeForm.Bit ? 2L : 1);
        if (form == AttributeForm.Bit)
            return bytes;
        for (int item = 0; item < column.Count; item++)
        {
            if (!column.Has(item))
                continue;
            if (!hasText)
            {
                bytes += sizeof(long);
                continue;
            }
            bytes += form == AttributeForm.TextSet ? sizeof(ushort) : 0;
            for (int i = 0; i < column.TextCount(item); i++)
                bytes += sizeof(ushort) + column.TextAt(item, i).Length;
        }
        return bytes;
    }

    private static Span<byte> Write(AttributeColumn column, Span<byte> bytes)
    {
        AttributeForm form = column.Field.Traits.Form;
        bool hasText = column.Field.Traits.HasText;
        int bits = BitBytes(column.Count);
        bytes[..(form == AttributeForm.Bit ? 2 * bits : bits)].Clear();
        for (int item = 0; item < column.Count; item++)
        {
            if (column.Has(item))
                bytes[item / 8] |= (byte)(1 << item % 8);
            if (form == AttributeForm.Bit && column.BoolAt(item))
                bytes[bits + item / 8] |= (byte)(1 << item % 8);
        }
        bytes = bytes[(form == AttributeForm.Bit ? 2 * bits : bits)..];
        for (int item = 0; item < column.Count && form != AttributeForm.Bit; item++)
        {
            if (!column.Has(item))
                continue;
            if (!hasText)
            {
                BinaryPrimitives.WriteInt64LittleEndian(bytes, column.Int64At(item));
                bytes = bytes[sizeof(long)..];
                continue;
            }
            if (form == AttributeForm.TextSet)
                bytes = Put(bytes, column.TextCount(item));
            for (int i = 0; i < column.TextCount(item); i++)
            {
                ReadOnlySpan<byte> text = column.TextAt(item, i);
                bytes = Put(bytes, text.Length);
                text.CopyTo(bytes);
                bytes = bytes[text.Length..];
            }
        }
        return bytes;
    }

    private static Span<byte> Put(Span<byte> bytes, int value)
    {
        Debug.Assert(value is >= 0 and <= ushort.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes[sizeof(ushort)..];
    }

    private static bool TryRead(ref ReadOnlySpan<byte> bytes, AttributeColumn column, int count)
    {
        AttributeForm form = column.Field.Traits.Form;
        bool hasText = column.Field.Traits.HasText;
        int bitBytes = BitBytes(count);
        if (bytes.Length < (form == AttributeForm.Bit ? 2L : 1) * bitBytes)
            return false;
        ReadOnlySpan<byte> present = bytes[..bitBytes];
        bytes = bytes[bitBytes..];
        if (HasBitBehind(present, count))
            return false;
        ReadOnlySpan<byte> bools = default;
        if (form == AttributeForm.Bit)
        {
            bools = bytes[..bitBytes];
            bytes = bytes[bitBytes..];
            for (int i = 0; i < bitBytes; i++)
                if ((bools[i] & ~present[i]) != 0)
                    return false;
        }
        for (int item = 0; item < count; item++)
        {
            if (!IsSet(present, item))
                column.AddMissing();
            else if (form == AttributeForm.Bit)
                column.Add(IsSet(bools, item));
            else if (!(hasText ? TryReadTexts(ref bytes, column) : TryReadNumber(ref bytes, column)))
                return false;
        }
        return true;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, AttributeColumn column)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(bytes, out long value)
            || (column.Field.Traits.Form == AttributeForm.Real && double.IsNaN(BitConverter.Int64BitsToDouble(value))))
            return false;
        bytes = bytes[sizeof(long)..];
        column.AddBits(value);
        return true;
    }

    private static bool TryReadTexts(ref ReadOnlySpan<byte> bytes, AttributeColumn column)
    {
        bool isSet = column.Field.Traits.Form == AttributeForm.TextSet;
        int texts = 1;
        if (isSet && (!TryTake(ref bytes, out texts) || texts > AttributeSchema.MaxSetSize))
            return false;
        for (int i = 0; i < texts; i++)
        {
            if (!TryTake(ref bytes, out int length) || length > Math.Min(AttributeSchema.MaxKeywordBytes, bytes.Length))
                return false;
            if (isSet)
                column.AddToSet(bytes[..length]);
            else
                column.Add(bytes[..length]);
            bytes = bytes[length..];
        }
        if (isSet)
            column.EndSet();
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> bytes, out int value)
    {
        bool taken = BinaryPrimitives.TryReadUInt16LittleEndian(bytes, out ushort found);
        value = found;
        bytes = taken ? bytes[sizeof(ushort)..] : bytes;
        return taken;
    }

    private static bool IsSet(ReadOnlySpan<byte> bits, int item) => (bits[item / 8] >> item % 8 & 1) != 0;

    private static bool HasBitBehind(ReadOnlySpan<byte> bits, int count) => count % 8 != 0 && bits[^1] >> count % 8 != 0;
}
