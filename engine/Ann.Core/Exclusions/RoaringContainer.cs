using System.Buffers.Binary;
using System.Numerics;

namespace Ann.Core.Exclusions;

/// <summary>How a container holds its numbers.</summary>
internal enum RoaringKind : byte
{
    /// <summary>Numbers, ascending.</summary>
    Array,

    /// <summary>A bit for each of 65,536 numbers.</summary>
    Bitmap,

    /// <summary>Runs: first number, and how many follow it.</summary>
    Runs,
}

/// <summary>Numbers that share all but their low 16 bits, as they lie in a checked bitmap.</summary>
/// <param name="High">The number without its low 16 bits.</param>
/// <param name="Kind">How they are held.</param>
/// <param name="Count">Numbers of an array, or runs.</param>
/// <param name="Offset">Where they begin in the bitmap's bytes.</param>
internal readonly record struct RoaringContainer(ulong High, RoaringKind Kind, int Count, int Offset)
{
    /// <summary>Bytes of the bits of a bitmap container.</summary>
    public const int BitmapBytes = 8192;

    private const int RunBytes = 4;

    /// <summary>Bytes of the numbers.</summary>
    public int SizeInBytes => Kind switch
    {
        RoaringKind.Array => Count * sizeof(ushort),
        RoaringKind.Bitmap => BitmapBytes,
        _ => Count * RunBytes,
    };

    /// <summary>True when it has a number.</summary>
    /// <param name="bytes">Of the bitmap.</param>
    /// <param name="low">Low 16 bits of the number.</param>
    public bool Contains(ReadOnlySpan<byte> bytes, ushort low)
    {
        ReadOnlySpan<byte> own = bytes.Slice(Offset, SizeInBytes);
        if (Kind == RoaringKind.Bitmap)
            return (own[low >> 3] >> (low & 7) & 1) != 0;
        int width = Kind == RoaringKind.Array ? sizeof(ushort) : RunBytes;
        // The last number, or first number of a run, that is not larger.
        int from = 0;
        int to = Count;
        while (from < to)
        {
            int middle = (from + to) >> 1;
            if (U16(own, middle * width) <= low)
                from = middle + 1;
            else
                to = middle;
        }
        if (from == 0)
            return false;
        int place = (from - 1) * width;
        int first = U16(own, place);
        return Kind == RoaringKind.Array ? first == low : low <= first + U16(own, place + sizeof(ushort));
    }

    /// <summary>Writes its numbers, ascending.</summary>
    /// <param name="bytes">Of the bitmap.</param>
    /// <param name="numbers">Room for 65,536.</param>
    /// <returns>Numbers written.</returns>
    public int CopyTo(ReadOnlySpan<byte> bytes, Span<ulong> numbers)
    {
        ReadOnlySpan<byte> own = bytes.Slice(Offset, SizeInBytes);
        ulong high = High << 16;
        int count = 0;
        switch (Kind)
        {
            case RoaringKind.Array:
                for (; count < Count; count++)
                    numbers[count] = high | U16(own, count * sizeof(ushort));
                break;
            case RoaringKind.Bitmap:
                for (int word = 0; word < BitmapBytes / sizeof(ulong); word++)
                    for (ulong left = BinaryPrimitives.ReadUInt64LittleEndian(own[(word * 8)..]); left != 0; left &= left - 1)
                        numbers[count++] = high | (uint)(word * 64 + BitOperations.TrailingZeroCount(left));
                break;
            default:
                for (int run = 0; run < Count; run++)
                {
                    uint first = U16(own, run * RunBytes);
                    uint last = first + U16(own, run * RunBytes + sizeof(ushort));
                    for (uint low = first; low <= last; low++)
                        numbers[count++] = high | low;
                }
                break;
        }
        return count;
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int place) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[place..]);
}
