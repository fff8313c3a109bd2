using System.Buffers.Binary;
using System.Numerics;

namespace Ann.Core.Exclusions;

/// <summary>
/// Reads the table of a serialised Roaring bitmap (RoaringFormatSpec) and checks every byte of it. Makes memory only for containers whose
/// bytes are there.
/// </summary>
internal ref struct RoaringReader
{
    /// <summary>Field of the errors.</summary>
    public const string Field = "bitmap";

    private const uint PlainCookie = 12346;
    private const uint RunCookie = 12347;
    private const int MaxContainers = 1 << 16;
    private const int MaxArray = 4096;

    /// <summary>Fewer containers than this have no offsets where there are runs.</summary>
    private const int OffsetsFrom = 4;

    /// <summary>A part of a 64-bit bitmap takes this at least: its high 32 bits and an empty bitmap.</summary>
    private const int FewestBytesPerPart = 12;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<RoaringContainer> _containers = [];
    private int _at;

    private RoaringReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Numbers, of all containers.</summary>
    public ulong Cardinality { get; private set; }

    /// <summary>Reads all containers, ascending.</summary>
    /// <param name="bytes">The whole bitmap.</param>
    /// <param name="is64">True for the portable 64-bit format.</param>
    /// <param name="cardinality">Numbers in it.</param>
    /// <exception cref="AnnException">InvalidArgument: names the byte.</exception>
    public static RoaringContainer[] Read(ReadOnlySpan<byte> bytes, bool is64, out ulong cardinality)
    {
        RoaringReader reader = new(bytes);
        if (is64)
            reader.ReadParts();
        else
            reader.ReadPart(0, 0);
        if (reader._at != bytes.Length)
            throw Bad(reader._at, $"{bytes.Length - reader._at} bytes follow the bitmap; it must end here");
        cardinality = reader.Cardinality;
        return [.. reader._containers];
    }

    private void ReadParts()
    {
        ulong parts = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), "the number of 32-bit bitmaps"));
        if (parts > (ulong)(_bytes.Length - _at) / FewestBytesPerPart)
            throw Bad(0, $"it says {parts} 32-bit bitmaps; {_bytes.Length - _at} bytes follow: {FewestBytesPerPart} at least for each");
        long before = -1;
        for (ulong i = 0; i < parts; i++)
        {
            int place = _at;
            uint high = TakeU32("the high 32 bits of a bitmap");
            if (high <= before)
                throw Bad(place, $"high 32 bits {high} after {before}; they must ascend");
            before = high;
            ReadPart(_at, high);
        }
    }

    /// <summary>Reads a 32-bit bitmap.</summary>
    /// <param name="start">Its first byte: offsets count from there.</param>
    /// <param name="high32">High 32 bits of its numbers.</param>
    private void ReadPart(int start, ulong high32)
    {
        uint cookie = TakeU32("a cookie");
        bool mayHaveRuns = (cookie & 0xFFFF) == RunCookie;
        if (!mayHaveRuns && cookie != PlainCookie)
            throw Bad(start, $"cookie {cookie}; {PlainCookie}, or {RunCookie} in the low 16 bits, was expected");
        uint count = mayHaveRuns ? (cookie >> 16) + 1 : TakeU32("the number of containers");
        if (count > MaxContainers)
            throw Bad(start + sizeof(uint), $"{count} containers; there may be at most {MaxContainers}");
        ReadOnlySpan<byte> hasRuns = mayHaveRuns ? Take(((int)count + 7) / 8, "the flags of run containers") : default;
        int headers = _at;
        Take((int)count * 4, "the keys and counts of containers");
        int offsets = _at;
        bool hasOffsets = !mayHaveRuns || count >= OffsetsFrom;
        if (hasOffsets)
            Take((int)count * 4, "the offsets of containers");

        int before = -1;
        for (int i = 0; i < (int)count; i++)
        {
            int header = headers + i * 4;
            int key = U16(header);
            if (key <= before)
                throw Bad(header, $"container key {key} after {before}; they must ascend");
            before = key;
            if (hasOffsets && U32(offsets + i * 4) != (uint)(_at - start))
            {
                throw Bad(
                    offsets + i * 4, $"container {key} begins at {U32(offsets + i * 4)}, it says; what is before it ends at {_at - start}");
            }
            ReadContainer(high32 << 16 | (uint)key, U16(header + 2) + 1, mayHaveRuns && (hasRuns[i >> 3] >> (i & 7) & 1) != 0, header);
        }
    }

    private void ReadContainer(ulong high, int cardinality, bool isRuns, int header)
    {
        RoaringKind kind = isRuns ? RoaringKind.Runs : cardinality <= MaxArray ? RoaringKind.Array : RoaringKind.Bitmap;
        int count = isRuns ? BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort), "the number of runs")) : cardinality;
        RoaringContainer container = new(high, kind, kind == RoaringKind.Bitmap ? 0 : count, _at);
        ReadOnlySpan<byte> own = Take(container.SizeInBytes, $"{cardinality} numbers");
        int found = kind switch
        {
            RoaringKind.Array => CountArray(own, container.Offset),
            RoaringKind.Bitmap => CountBits(own),
            _ => CountRuns(own, container.Offset),
        };
        if (found != cardinality)
            throw Bad(header + 2, $"the container is said to have {cardinality} numbers; it has {found}");
        Cardinality += (uint)found;
        _containers.Add(container);
    }

    private static int CountArray(ReadOnlySpan<byte> own, int offset)
    {
        int before = -1;
        for (int place = 0; place < own.Length; place += sizeof(ushort))
        {
            int number = BinaryPrimitives.ReadUInt16LittleEndian(own[place..]);
            if (number <= before)
                throw Bad(offset + place, $"{number} after {before}; the numbers of a container must ascend");
            before = number;
        }
        return own.Length / sizeof(ushort);
    }

    private static int CountBits(ReadOnlySpan<byte> own)
    {
        int count = 0;
        for (int place = 0; place < own.Length; place += sizeof(ulong))
            count += BitOperations.PopCount(BinaryPrimitives.ReadUInt64LittleEndian(own[place..]));
        return count;
    }

    private static int CountRuns(ReadOnlySpan<byte> own, int offset)
    {
        int count = 0;
        int before = -1;
        for (int place = 0; place < own.Length; place += 2 * sizeof(ushort))
        {
            int first = BinaryPrimitives.ReadUInt16LittleEndian(own[place..]);
            int last = first + BinaryPrimitives.ReadUInt16LittleEndian(own[(place + sizeof(ushort))..]);
            if (first <= before)
                throw Bad(offset + place, $"a run from {first} after one to {before}; runs must ascend and not overlap");
            if (last > ushort.MaxValue)
                throw Bad(offset + place + sizeof(ushort), $"a run to {last}; {ushort.MaxValue} is the last number of a container");
            before = last;
            count += last - first + 1;
        }
        return count;
    }

    private static AnnException Bad(int place, string what) => AnnException.Invalid(Field, $"{Field}: byte {place}: {what}.");

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > _bytes.Length - _at)
            throw Bad(_at, $"{what}, {count} bytes, was expected; {_bytes.Length - _at} bytes are left");
        _at += count;
        return _bytes.Slice(_at - count, count);
    }

    private uint TakeU32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    private readonly int U16(int place) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[place..]);

    private readonly uint U32(int place) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[place..]);
}
