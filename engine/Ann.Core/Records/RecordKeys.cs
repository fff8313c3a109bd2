using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ann.Core.Keys;

namespace Ann.Core.Records;

/// <summary>Keys in the body of a record: 8 bytes a number; of texts the length of each (u16), then the bytes of all.</summary>
internal static class RecordKeys
{
    /// <summary>Bytes that keys take.</summary>
    public static long SizeOf(KeySpan keys) => SizeOf(keys.Kind, keys.Count, keys.TextBytes);

    /// <summary>Bytes that keys take.</summary>
    /// <param name="kind">Number or text.</param>
    /// <param name="count">Keys.</param>
    /// <param name="textBytes">UTF-8 bytes of all texts; not looked at for numbers.</param>
    public static long SizeOf(KeyKind kind, long count, long textBytes) =>
        kind == KeyKind.UInt64 ? count * sizeof(ulong) : count * sizeof(ushort) + textBytes;

    /// <summary>Writes keys.</summary>
    /// <returns>The bytes behind.</returns>
    public static Span<byte> Write(KeySpan keys, Span<byte> bytes)
    {
        if (keys.Kind == KeyKind.UInt64)
            return Put(bytes, MemoryMarshal.AsBytes(keys.Numbers));
        for (int i = 0; i < keys.Count; i++, bytes = bytes[sizeof(ushort)..])
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)keys[i].Utf8.Length);
        return Put(bytes, keys.Texts);
    }

    /// <summary>Reads keys; null when a length is out of its range, or there are too few bytes.</summary>
    /// <param name="bytes">At least what the shortest keys take; afterwards the bytes behind the keys.</param>
    /// <param name="kind">Number or text.</param>
    /// <param name="count">Keys.</param>
    public static KeyColumn? Read(ref ReadOnlySpan<byte> bytes, KeyKind kind, int count)
    {
        KeyColumn keys = new(kind);
        int end = (int)SizeOf(kind, count, textBytes: 0);
        for (int i = 0; i < count; i++)
        {
            if (kind == KeyKind.UInt64)
            {
                keys.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]));
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..]);
            if (length is 0 or > KeyColumn.MaxKeyBytes || length > bytes.Length - end)
                return null;
            keys.AddUtf8(bytes.Slice(end, length));
            end += length;
        }
        bytes = bytes[end..];
        return keys;
    }

    /// <summary>Copies bytes.</summary>
    /// <returns>The bytes behind.</returns>
    public static Span<byte> Put(Span<byte> into, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(into);
        return into[bytes.Length..];
    }
}
