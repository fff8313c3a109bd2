using System.Diagnostics;
using System.IO.Hashing;
using System.Numerics;

namespace Ann.Core.Attributes;

/// <summary>
/// The texts of a keyword column, each once, numbered as they came. Grows under one writer while readers look up without a lock: who was
/// shown a node finds its texts.
/// </summary>
/// <remarks>
/// A slot of the table is one word: 32 bits of the text's hash and the ordinal + 1, or 0. It is written, with release, after the text and
/// its place. A table that is half full is copied to one twice as large, which replaces it at once; a reader that still has the old one
/// misses only texts of nodes that it was not shown.
/// </remarks>
internal sealed class GrowingKeywords
{
    /// <summary>Most texts: twice as many slots are the largest array of words.</summary>
    public const int MaxCount = 1 << 29;

    private const int ChunkBytes = 32 << 10;
    private const int PlacesPerPage = 1024;
    private const int FirstSlots = 32;
    private const int FirstPages = 4;

    private readonly GrowingPieces<byte> _text = new(ChunkBytes);
    private volatile long[][] _places = [];
    private volatile ulong[] _slots = new ulong[FirstSlots];
    private int _count;

    /// <summary>Texts.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes that it holds.</summary>
    public long MemoryBytes =>
        (long)_text.Chunks * ChunkBytes
        + (Count + PlacesPerPage - 1) / PlacesPerPage * (long)(PlacesPerPage * sizeof(long))
        + _slots.Length * (long)sizeof(ulong);

    /// <summary>The ordinal of a text; −1 when it is not there.</summary>
    public int Find(ReadOnlySpan<byte> utf8)
    {
        SlotOf(_slots, utf8, HashOf(utf8), out int ordinal);
        return ordinal;
    }

    /// <summary>The text of an ordinal.</summary>
    public ReadOnlySpan<byte> At(int ordinal) => _text.At(_places[ordinal / PlacesPerPage][ordinal % PlacesPerPage]);

    /// <summary>The ordinal of a text, which is added unless it is there. Writer only.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: there are <see cref="MaxCount"/> texts.</exception>
    public int Add(ReadOnlySpan<byte> utf8)
    {
        Debug.Assert(utf8.Length <= AttributeSchema.MaxKeywordBytes);
        uint hash = HashOf(utf8);
        int slot = SlotOf(_slots, utf8, hash, out int ordinal);
        if (ordinal >= 0)
            return ordinal;
        if (_count == MaxCount)
            throw AnnException.Invalid("attributes", $"an attribute has more than {MaxCount} different texts in one segment.");

        ordinal = _count;
        Place(ordinal, _text.Add(utf8));
        if (2L * (ordinal + 1) > _slots.Length)
        {
            Grow();
            slot = SlotOf(_slots, utf8, hash, out _);
        }
        Volatile.Write(ref _slots[slot], ((ulong)hash << 32) | (uint)(ordinal + 1));
        Volatile.Write(ref _count, ordinal + 1);
        return ordinal;
    }

    private static uint HashOf(ReadOnlySpan<byte> utf8) => (uint)(XxHash3.HashToUInt64(utf8) >> 32);

    private void Place(int ordinal, long place)
    {
        long[][] pages = _places;
        int page = ordinal / PlacesPerPage;
        if (page == pages.Length)
            Array.Resize(ref pages, Math.Max(FirstPages, 2 * page));
        pages[page] ??= new long[PlacesPerPage];
        pages[page][ordinal % PlacesPerPage] = place;
        _places = pages;
    }

    private void Grow()
    {
        ulong[] slots = new ulong[2 * _slots.Length];
        foreach (ulong word in _slots)
        {
            if (word == 0)
                continue;
            int slot = FirstOf(slots, (uint)(word >> 32));
            while (slots[slot] != 0)
                slot = (slot + 1) & (slots.Length - 1);
            slots[slot] = word;
        }
        _slots = slots;
    }

    private static int FirstOf(ulong[] slots, uint hash)
    {
        Debug.Assert(BitOperations.IsPow2(slots.Length));
        return (int)hash & (slots.Length - 1);
    }

    /// <summary>The slot of a text, or the free one that it would take.</summary>
    private int SlotOf(ulong[] slots, ReadOnlySpan<byte> utf8, uint hash, out int ordinal)
    {
        for (int slot = FirstOf(slots, hash); ; slot = (slot + 1) & (slots.Length - 1))
        {
            ulong word = Volatile.Read(ref slots[slot]);
            ordinal = (int)(uint)word - 1;
            if (word == 0 || (word >> 32 == hash && At(ordinal).SequenceEqual(utf8)))
                return slot;
        }
    }
}
