using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>
/// The keys of a head, and a table from key to its newest node. Older nodes of the key are chained behind it, so that a reader whose read
/// point is older finds the version that it sees. One writer; readers look up meanwhile, without a lock.
/// </summary>
/// <remarks>
/// A slot of the table is one word: 32 bits of the key's hash and the node + 1, or 0. It is written, with release, after the key and the
/// chain of the node, and read with acquire. A key keeps its slot; what is found in it only gets newer. Nothing is ever moved: the table is
/// made for the whole capacity, and what of it is not used costs no memory.
/// </remarks>
internal sealed unsafe class HeadKeys : INodeKeys, IDisposable
{
    private const int NoNode = -1;

    private readonly KeyKind _kind;
    private readonly LazyBlock _slots;
    private readonly LazyBlock _previous;
    private readonly LazyBlock _values;
    private readonly LazyBlock _text;
    private readonly int _mask;
    private long _textUsed;

    public HeadKeys(HeadShape shape)
    {
        _kind = shape.KeyKind;
        _mask = shape.TableSlots - 1;
        _slots = new LazyBlock(shape.TableSlots * (long)sizeof(ulong));
        _previous = new LazyBlock(shape.Capacity * (long)sizeof(int));
        _values = new LazyBlock(shape.Capacity * (long)sizeof(ulong));
        _text = new LazyBlock(shape.TextCapacity);
    }

    /// <inheritdoc/>
    public bool AreAscending => false;

    /// <summary>Bytes of text so far.</summary>
    public long TextBytes => Volatile.Read(ref _textUsed);

    /// <summary>True when the next key always fits.</summary>
    public bool HasRoom => _kind == KeyKind.UInt64 || _textUsed + KeyColumn.MaxKeyBytes <= _text.SizeInBytes;

    private ulong* Slots => (ulong*)_slots.Start;

    private int* Previous => (int*)_previous.Start;

    private ulong* Numbers => (ulong*)_values.Start;

    private long* Ends => (long*)_values.Start;

    /// <summary>Gives a node its key. Writer only; nodes come in order.</summary>
    public void Add(in ItemKey key, int node)
    {
        Debug.Assert(key.Kind == _kind, "one kind per index");
        Debug.Assert(HasRoom);
        if (_kind == KeyKind.UInt64)
        {
            Numbers[node] = key.Number;
        }
        else
        {
            key.Utf8.CopyTo(new Span<byte>(_text.Start + _textUsed, key.Utf8.Length));
            Ends[node] = _textUsed + key.Utf8.Length;
            Volatile.Write(ref _textUsed, Ends[node]);
        }

        ulong hash = key.Hash;
        int slot = SlotOf(in key, hash, out int newest);
        Previous[node] = newest;
        Volatile.Write(ref Slots[slot], (hash & 0xFFFF_FFFF_0000_0000) | (uint)(node + 1));
    }

    /// <summary>The newest node of a key; −1 when it has none.</summary>
    public int FindNewest(in ItemKey key)
    {
        SlotOf(in key, key.Hash, out int newest);
        return newest;
    }

    /// <summary>The newest node of a key among the first <paramref name="rows"/>; −1 when it has none.</summary>
    public int Find(in ItemKey key, int rows)
    {
        int node = FindNewest(in key);
        while (node >= rows)
            node = Previous[node];
        return node;
    }

    /// <summary>The key of a node that was added.</summary>
    public ItemKey KeyOf(int node) => _kind == KeyKind.UInt64 ? new ItemKey(Numbers[node]) : new ItemKey(Utf8(node));

    public int Compare(int a, int b) => _kind == KeyKind.UInt64
        ? Numbers[a].CompareTo(Numbers[b])
        : Utf8(a).SequenceCompareTo(Utf8(b));

    public void Dispose()
    {
        _slots.Dispose();
        _previous.Dispose();
        _values.Dispose();
        _text.Dispose();
    }

    private ReadOnlySpan<byte> Utf8(int node)
    {
        long start = node == 0 ? 0 : Ends[node - 1];
        return new ReadOnlySpan<byte>(_text.Start + start, (int)(Ends[node] - start));
    }

    /// <summary>The slot of a key, or the free one that it would take.</summary>
    private int SlotOf(in ItemKey key, ulong hash, out int newest)
    {
        Debug.Assert(key.Kind == _kind, "one kind per index");
        for (int slot = (int)hash & _mask; ; slot = (slot + 1) & _mask)
        {
            ulong word = Volatile.Read(ref Slots[slot]);
            newest = (int)(uint)word - 1;
            if (word == 0 || (word >> 32 == hash >> 32 && KeyOf(newest).Is(in key)))
                return slot;
        }
    }
}
