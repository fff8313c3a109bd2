using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>
/// From key to node of a sealed segment: open addressing over 32-bit slots in native memory, about 6 bytes a key. Holds no key: a lookup
/// compares with the segment's own. Never changes once made, so any number of threads may read it.
/// </summary>
/// <remarks>
/// A slot holds the node plus one in as many low bits as the segment needs, and bits of the key's hash in the rest: keys lie in the mapped
/// file, and hardly any but the right one is looked at.
/// </remarks>
internal sealed unsafe class KeyTable : IDisposable
{
    private const int SlotsPerHundredKeys = 145; // load 0.69

    /// <summary>
    /// Slots passed on the way to a free one, at most: at this load a run of a hundred is rare, and of thousands was made by somebody who
    /// undid the hash, to make every lookup a long one.
    /// </summary>
    private const int MostPassed = 4096;

    /// <summary>Keys looked up together: enough that their cache misses overlap.</summary>
    private const int Together = 32;

    private readonly SegmentKeys _keys;
    private readonly NativeBlock _block;
    private readonly ulong _slots;
    private readonly int _nodeBits;

    /// <param name="keys">Unique keys. Their memory must outlive this object.</param>
    /// <param name="count">Nodes of the segment.</param>
    /// <exception cref="AnnException">Corrupt: two nodes have one key, or the keys were made to have equal hashes.</exception>
    public KeyTable(SegmentKeys keys, int count)
    {
        _keys = keys;
        _slots = (ulong)SlotsOf(count);
        _block = new NativeBlock((long)_slots * sizeof(uint));
        _nodeBits = BitOperations.Log2((uint)count) + 1; // of 1 … count
        try
        {
            for (int node = 0; node < count; node++)
                Insert(keys.Of(node).Hash, node);
        }
        catch
        {
            _block.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the table.</summary>
    public long SizeInBytes => _block.SizeInBytes;

    private uint* Slots => (uint*)_block.Start;

    private uint NodeMask => (uint)((1UL << _nodeBits) - 1);

    /// <summary>Bytes that the table of a segment takes.</summary>
    /// <param name="count">Nodes of the segment.</param>
    public static long BytesOf(int count) => SlotsOf(count) * sizeof(uint);

    /// <summary>The node of a key; −1 when the segment does not have it.</summary>
    /// <param name="key">Of the segment's kind.</param>
    public int Find(in ItemKey key)
    {
        Debug.Assert(key.Kind == _keys.Kind, "one kind per index");
        ulong hash = key.Hash;
        uint tag = TagOf(hash);
        for (ulong slot = HomeOf(hash); Slots[slot] != 0; slot = Next(slot))
        {
            uint value = Slots[slot];
            if ((value & ~NodeMask) != tag)
                continue;
            int node = (int)(value & NodeMask) - 1;
            if (_keys.Of(node).Is(in key))
                return node;
        }
        return -1;
    }

    /// <summary>The node of each key, as <see cref="Find"/>: many at once, so that the waits for memory overlap.</summary>
    /// <param name="keys">Of the segment's kind.</param>
    /// <param name="nodes">As many.</param>
    public void FindMany(KeySpan keys, Span<int> nodes)
    {
        Debug.Assert(nodes.Length == keys.Count);
        Span<ulong> hashes = stackalloc ulong[Together];
        for (int from = 0; from < nodes.Length; from += Together)
        {
            int count = Math.Min(Together, nodes.Length - from);
            FindSome(keys.Slice(from, count), hashes[..count], nodes.Slice(from, count));
        }
    }

    public void Dispose() => _block.Dispose();

    /// <summary>Each pass asks for what the next one reads.</summary>
    private void FindSome(KeySpan keys, Span<ulong> hashes, Span<int> nodes)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            hashes[i] = keys[i].Hash;
            Memory.Prefetch(Slots + HomeOf(hashes[i]), sizeof(uint));
        }
        for (int i = 0; i < nodes.Length; i++)
        {
            nodes[i] = FirstWithTag(hashes[i]);
            if (nodes[i] >= 0)
                _keys.PrefetchKey(nodes[i]);
        }
        if (_keys.Kind == KeyKind.String)
        {
            foreach (int node in nodes)
                if (node >= 0)
                    _keys.PrefetchText(node);
        }
        for (int i = 0; i < nodes.Length; i++)
        {
            ItemKey key = keys[i];
            if (nodes[i] >= 0 && !_keys.Of(nodes[i]).Is(in key))
                nodes[i] = Find(in key); // another key has the same tag
        }
    }

    /// <summary>The first node that may have a key of this hash; −1 when none has.</summary>
    private int FirstWithTag(ulong hash)
    {
        uint tag = TagOf(hash);
        for (ulong slot = HomeOf(hash); Slots[slot] != 0; slot = Next(slot))
            if ((Slots[slot] & ~NodeMask) == tag)
                return (int)(Slots[slot] & NodeMask) - 1;
        return -1;
    }

    // One slot more than keys at least: a lookup of an absent key ends at an empty one.
    private static long SlotsOf(int count) => count * (long)SlotsPerHundredKeys / 100 + 1;

    private void Insert(ulong hash, int node)
    {
        ulong slot = HomeOf(hash);
        uint tag = TagOf(hash);
        for (int passed = 0; Slots[slot] != 0; slot = Next(slot))
        {
            if ((Slots[slot] & ~NodeMask) == tag)
                RequireOther((int)(Slots[slot] & NodeMask) - 1, node);
            if (++passed > MostPassed)
                throw new AnnException(AnnError.Corrupt, $"thousands of keys have a hash like that of node {node}; they were made to.");
        }
        Slots[slot] = tag | (uint)(node + 1);
    }

    private void RequireOther(int first, int second)
    {
        ItemKey key = _keys.Of(second);
        if (_keys.Of(first).Is(in key))
            throw new AnnException(
                AnnError.Corrupt, $"the key '{key.ToString()}' of node {second} is already the key of node {first}; keys must be unique.");
    }

    /// <summary>Where the search for a hash begins: its upper bits, scaled to the number of slots.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong HomeOf(ulong hash) => Math.BigMul(hash, _slots, out _);

    /// <summary>Its lower bits, in the place above the node.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint TagOf(ulong hash) => (uint)hash & ~NodeMask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Next(ulong slot) => slot + 1 == _slots ? 0 : slot + 1;
}
