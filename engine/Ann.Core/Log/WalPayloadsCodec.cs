using System.Buffers.Binary;
using Ann.Core.Payloads;

namespace Ann.Core.Log;

/// <summary>Payloads of a record's items as bytes: the length of each (u32), then all of them one after another.</summary>
internal static class WalPayloadsCodec
{
    /// <summary>Bytes of the lengths alone.</summary>
    public static long LengthBytes(int count) => count * (long)sizeof(uint);

    /// <summary>Bytes of the payloads of all items.</summary>
    public static long SizeOf(PayloadColumn items) => LengthBytes(items.Count) + items.TotalBytes;

    /// <summary>Writes the payloads of all items.</summary>
    /// <returns>The bytes behind.</returns>
    public static Span<byte> Write(PayloadColumn items, Span<byte> bytes)
    {
        for (int item = 0; item < items.Count; item++, bytes = bytes[sizeof(uint)..])
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)items[item].Length);
        items.All.CopyTo(bytes);
        return bytes[items.TotalBytes..];
    }

    /// <summary>Reads payloads that take all the bytes; null when they do not, or one is too long.</summary>
    /// <param name="bytes">All of them.</param>
    /// <param name="count">Items; null is told before memory is made when there are fewer bytes than their lengths take.</param>
    public static PayloadColumn? Read(ReadOnlySpan<byte> bytes, int count)
    {
        if (bytes.Length < LengthBytes(count))
            return null;
        ReadOnlySpan<byte> rest = bytes[(int)LengthBytes(count)..];
        PayloadColumn items = new();
        for (int item = 0; item < count; item++)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(item * sizeof(uint))..]);
            if (length > Math.Min(PayloadColumn.MaxBytes, rest.Length))
                return null;
            items.Add(rest[..(int)length]);
            rest = rest[(int)length..];
        }
        return rest.IsEmpty ? items : null;
    }
}
