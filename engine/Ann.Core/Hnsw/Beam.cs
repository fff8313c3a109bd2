using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// The nearest nodes found so far, sorted, at most ef of them, each marked once it has been expanded. One array stands for both heaps of
/// the paper: a candidate that falls out of the beam is farther than all ef kept, and the paper's loop would stop before expanding it.
/// </summary>
/// <remarks>
/// An entry is one 64-bit word: the distance's bits, mapped so that unsigned order is distance order, then 30 bits of node, a bit that
/// is 0, and the mark of an expanded entry. Comparing words compares (distance, node), and entries move as plain memory.
/// </remarks>
internal sealed unsafe class Beam : IDisposable
{
    private const ulong ExpandedMark = 1; // the lowest bit
    private const int NodeShift = 2;

    private NativeBlock _block = new(0);
    private ulong* _entries;
    private int _allocated;
    private int _next;
    private int _wanted;
    private int _refused;
    private int _room;

    /// <summary>Entries kept: ef, and with a filter one more for each refused entry held.</summary>
    public int Capacity { get; private set; }

    /// <summary>Entries held.</summary>
    public int Count { get; private set; }

    /// <summary>The entries, nearest first.</summary>
    public ReadOnlySpan<ulong> Entries => new(_entries, Count);

    /// <summary>A key below which a new entry would be kept.</summary>
    public ulong Threshold
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Count < Capacity ? ulong.MaxValue : _entries[Count - 1];
    }

    /// <summary>A distance below which a new entry would be kept: that of the last entry, or infinity while there is room.</summary>
    public float Limit => Count < Capacity ? float.PositiveInfinity : DistanceOf(_entries[Count - 1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Pack(int node, float distance)
    {
        // Positive floats order like their bits; negative ones in reverse: flip all bits of those, and the sign of the others.
        int bits = BitConverter.SingleToInt32Bits(distance);
        uint ordered = (uint)(bits ^ ((bits >> 31) | int.MinValue));
        return ((ulong)ordered << 32) | ((ulong)(uint)node << NodeShift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NodeOf(ulong entry) => (int)((uint)entry >> NodeShift);

    /// <summary>The entry as <see cref="Pack"/> made it.</summary>
    public static ulong Unmarked(ulong entry) => entry & ~ExpandedMark;

    public static float DistanceOf(ulong entry)
    {
        int ordered = (int)(entry >> 32);
        return BitConverter.Int32BitsToSingle(ordered < 0 ? ordered ^ int.MinValue : ~ordered);
    }

    /// <summary>Empties the beam and sets its width. Allocates only when it was never this wide.</summary>
    public void Reset(int capacity)
    {
        Allocate(capacity);
        Capacity = capacity;
        Count = 0;
        _next = 0;
    }

    /// <summary>The same for entries of which a filter refuses some.</summary>
    /// <param name="wanted">Accepted entries kept.</param>
    /// <param name="room">Most entries kept, refused ones with them.</param>
    public void Reset(int wanted, int room)
    {
        Debug.Assert(room >= wanted);
        Allocate(room);
        Reset(wanted);
        _wanted = wanted;
        _room = room;
        _refused = 0;
    }

    /// <summary>Lets every entry be expanded again: for going down a level with the beam of the level above.</summary>
    public void Unmark()
    {
        for (int i = 0; i < Count; i++)
            _entries[i] &= ~ExpandedMark;
        _next = 0;
    }

    /// <summary>Takes the nearest entry that was not expanded yet, and marks it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryExpandEntry(out ulong entry)
    {
        while (_next < Count)
        {
            entry = _entries[_next];
            if ((entry & ExpandedMark) == 0)
            {
                _entries[_next++] = entry | ExpandedMark;
                return true;
            }
            _next++;
        }
        entry = 0;
        return false;
    }

    /// <summary>As the other, for who needs no distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryExpand(out int node)
    {
        bool found = TryExpandEntry(out ulong entry);
        node = found ? NodeOf(entry) : HnswGraph.NoNode;
        return found;
    }

    /// <summary>Adds an entry, if it is among the <see cref="Capacity"/> nearest. Its node must not be in the beam.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong entry)
    {
        int kept = Count;
        if (kept < Capacity)
            Count = kept + 1;
        else if (entry < _entries[kept - 1])
            kept--;
        else
            return;
        _next = Math.Min(_next, SortedWords.Insert(_entries, kept, entry));
    }

    /// <summary>
    /// Adds an entry to a beam that was made for a filter, if it comes before the last accepted one that is wanted. A refused entry widens
    /// the beam by itself while there is room. Its node must not be in the beam.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TFilter>(ulong entry, in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        if (entry >= Threshold)
            return;
        bool accepted = filter.Accepts(NodeOf(entry));
        if (accepted && _refused == 0)
            Add(entry);
        else
            AddAmongRefused(entry, accepted, in filter);
    }

    /// <summary>Drops the entries that a filter refuses, at the end of a walk.</summary>
    /// <returns>True when they left no room for others.</returns>
    public bool DropRefused<TFilter>(in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        bool overflowed = Count == _room && Capacity == _room;
        if (_refused == 0)
            return overflowed;
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            ulong entry = _entries[i];
            _entries[kept] = entry;
            kept += filter.Accepts(NodeOf(entry)) ? 1 : 0;
        }
        Count = kept;
        return overflowed;
    }

    /// <summary>
    /// Asks for the rows of level 0 of the entries that are to be expanded next, if they are among the next few. Rows that were asked for
    /// before are asked for again: that costs less than a branch that is hard to predict.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchAhead(in HnswGraph graph, int sizeInBytes, int ahead)
    {
        ulong* next = _entries + _next;
        uint held = (uint)((1UL << Math.Min(Count - _next, SortedWords.Margin)) - 1);
        for (uint left = held & ~SortedWords.LowestBits(next); left != 0 && ahead > 0; left &= left - 1, ahead--)
            Memory.Prefetch(graph.Links(0, NodeOf(next[BitOperations.TrailingZeroCount(left)])), sizeInBytes);
    }

    /// <summary>Asks for the links of the nodes that <see cref="TryExpand"/> would take next, unless something nearer is found.</summary>
    public void PrefetchNext(in HnswGraph graph, int level, int nodes)
    {
        for (int i = _next; i < Count && nodes > 0; i++)
        {
            if ((_entries[i] & ExpandedMark) != 0)
                continue;
            Memory.Prefetch(graph.Links(level, NodeOf(_entries[i])), graph.Slots(level) * sizeof(int));
            nodes--;
        }
    }

    /// <summary>Adds each of some entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Merge(ReadOnlySpan<ulong> found)
    {
        ulong* entries = _entries;
        int capacity = Capacity;
        int kept = Count;
        int next = _next;
        foreach (ulong entry in found)
        {
            int held = Math.Min(kept, capacity - 1);
            if (kept == capacity && entry >= entries[held])
                continue;
            int earlier = SortedWords.Insert(entries, held, entry) - next;
            next += earlier & (earlier >> 31); // the smaller one, without a branch that is hard to predict
            kept = held + 1;
        }
        Count = kept;
        _next = next;
    }

    public void Dispose() => _block.Dispose();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddAmongRefused<TFilter>(ulong entry, bool accepted, in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        if (!accepted)
            _refused++;
        bool widens = !accepted && Capacity < _room;
        if (Count == Capacity && !widens)
            DropLast(in filter);
        Capacity = Math.Min(_wanted + _refused, _room);
        Add(entry);

        // All that are wanted are there: what is refused and farther than the last of them leads nowhere.
        while (_refused > 0 && Count - _refused == _wanted && !filter.Accepts(NodeOf(_entries[Count - 1])))
            DropLast(in filter);
        Capacity = Math.Min(_wanted + _refused, _room);
    }

    private void DropLast<TFilter>(in TFilter filter)
        where TFilter : struct, INodeFilter
    {
        Count--;
        if (_refused > 0 && !filter.Accepts(NodeOf(_entries[Count])))
            _refused--;
    }

    private void Allocate(int capacity)
    {
        Debug.Assert(capacity > 0);
        if (capacity > _allocated)
        {
            _block.Dispose();
            _block = new NativeBlock((capacity + 2L * SortedWords.Margin) * sizeof(ulong));
            _entries = (ulong*)_block.Start + SortedWords.Margin;
            _allocated = capacity;
        }
    }
}
