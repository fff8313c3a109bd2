using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// Which nodes one search has seen: one bit a node, so that a million nodes fit in L2. Clearing undoes the words that were touched,
/// not the whole set.
/// </summary>
internal sealed unsafe class VisitedSet : IDisposable
{
    private const int MaxUndo = 1 << 16;

    private readonly NativeBlock _bits;
    private readonly NativeBlock _undo;
    private readonly ulong* _words;
    private readonly int* _touched;
    private readonly int _undoCapacity;
    private int _marked;

    /// <param name="count">Nodes of the graph.</param>
    public VisitedSet(int count)
    {
        int words = (int)(((long)count + 63) / 64);
        _undoCapacity = Math.Min(count, MaxUndo);
        _bits = new NativeBlock(words * 8L);
        _undo = new NativeBlock(_undoCapacity * sizeof(int));
        _words = (ulong*)_bits.Start;
        _touched = (int*)_undo.Start;
    }

    /// <summary>Marks a node. False when it was marked already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryMark(int node)
    {
        ulong* word = _words + (node >> 6);
        ulong bit = 1UL << node;
        ulong before = *word;
        if ((before & bit) != 0)
            return false;
        *word = before | bit;
        // A word is noted when its first bit is set; what does not fit is cleared with everything.
        if (before == 0)
        {
            if (_marked < _undoCapacity)
                _touched[_marked] = node >> 6;
            _marked++;
        }
        return true;
    }

    /// <summary>Marks nodes, and writes those that were not marked yet.</summary>
    /// <param name="nodes">One that comes twice is written once.</param>
    /// <param name="count">Nodes.</param>
    /// <param name="unmarked">Room for <paramref name="count"/> nodes; may be <paramref name="nodes"/> itself.</param>
    /// <returns>Nodes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Mark(int* nodes, int count, int* unmarked)
    {
        if (_marked + count > _undoCapacity)
            return MarkOneByOne(nodes, count, unmarked);

        // Whether a node was seen is a coin toss to the branch predictor: write each, and step on only past the new ones.
        ulong* words = _words;
        int* touched = _touched + _marked;
        int written = 0;
        for (int i = 0; i < count; i++)
        {
            int node = nodes[i];
            ulong before = words[node >> 6];
            words[node >> 6] = before | (1UL << node);
            unmarked[written] = node;
            touched[written] = node >> 6;
            written += (int)(~(before >> node) & 1);
        }
        _marked += written;
        return written;
    }

    /// <summary>The same for some links of a row.</summary>
    /// <param name="links">32 links.</param>
    /// <param name="lanes">A bit for each that counts.</param>
    /// <param name="unmarked">Room for as many nodes.</param>
    /// <returns>Nodes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Mark(int* links, uint lanes, int* unmarked)
    {
        if (_marked + FastScan.Lanes > _undoCapacity)
            return MarkOneByOne(links, lanes, unmarked);
        ulong* words = _words;
        int* touched = _touched + _marked;
        int written = 0;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            int node = links[BitOperations.TrailingZeroCount(lanes)];
            Debug.Assert(node != HnswGraph.NoNode, "an unused slot is infinitely far");
            ulong before = words[node >> 6];
            words[node >> 6] = before | (1UL << node);
            unmarked[written] = node;
            touched[written] = node >> 6;
            written += (int)(~(before >> node) & 1);
        }
        _marked += written;
        return written;
    }

    /// <summary>
    /// The same for a row of links that another thread changes: each slot is read once, with acquire, up to the first that holds no node.
    /// </summary>
    /// <param name="links">The row.</param>
    /// <param name="slots">Its slots.</param>
    /// <param name="nodes">Nodes that there can be.</param>
    /// <param name="unmarked">Room for <paramref name="slots"/> nodes.</param>
    /// <returns>Nodes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int MarkChanging(int* links, int slots, int nodes, int* unmarked)
    {
        if (_marked + slots > _undoCapacity)
            return MarkChangingOneByOne(links, slots, nodes, unmarked);
        ulong* words = _words;
        int* touched = _touched + _marked;
        int written = 0;
        for (int i = 0; i < slots; i++)
        {
            int node = Volatile.Read(ref links[i]);
            if ((uint)node >= (uint)nodes)
                break;
            ulong before = words[node >> 6];
            words[node >> 6] = before | (1UL << node);
            unmarked[written] = node;
            touched[written] = node >> 6;
            written += (int)(~(before >> node) & 1);
        }
        _marked += written;
        return written;
    }

    private int MarkChangingOneByOne(int* links, int slots, int nodes, int* unmarked)
    {
        int written = 0;
        for (int i = 0; i < slots; i++)
        {
            int node = Volatile.Read(ref links[i]);
            if ((uint)node >= (uint)nodes)
                break;
            if (TryMark(node))
                unmarked[written++] = node;
        }
        return written;
    }

    private int MarkOneByOne(int* nodes, int count, int* unmarked)
    {
        int written = 0;
        for (int i = 0; i < count; i++)
            if (TryMark(nodes[i]))
                unmarked[written++] = nodes[i];
        return written;
    }

    private int MarkOneByOne(int* links, uint lanes, int* unmarked)
    {
        int written = 0;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            int node = links[BitOperations.TrailingZeroCount(lanes)];
            if (TryMark(node))
                unmarked[written++] = node;
        }
        return written;
    }

    public void Clear()
    {
        if (_marked > _undoCapacity || _marked > _bits.SizeInBytes / 64)
        {
            new Span<ulong>(_words, (int)(_bits.SizeInBytes / 8)).Clear();
        }
        else
        {
            for (int i = 0; i < _marked; i++)
                _words[_touched[i]] = 0;
        }
        _marked = 0;
    }

    public void Dispose()
    {
        _bits.Dispose();
        _undo.Dispose();
    }
}
