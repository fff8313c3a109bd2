using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ann.Core.Segments;

/// <summary>The k smallest of a stream of beam entries: a binary heap with the largest on top.</summary>
/// <param name="heap">Room for k entries.</param>
/// <param name="count">Entries that the room holds already, left there by another of these.</param>
internal ref struct TopK(Span<ulong> heap, int count = 0)
{
    private readonly Span<ulong> _heap = heap;

    public int Count { get; private set; } = count;

    /// <summary>A new entry is kept when it is smaller than this.</summary>
    public readonly ulong Threshold => Count < _heap.Length ? ulong.MaxValue : _heap[0];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ulong entry)
    {
        Debug.Assert(entry < Threshold);
        if (Count < _heap.Length)
        {
            int child = Count++;
            for (; child > 0 && _heap[(child - 1) / 2] < entry; child = (child - 1) / 2)
                _heap[child] = _heap[(child - 1) / 2];
            _heap[child] = entry;
            return;
        }

        int parent = 0;
        while (2 * parent + 1 < Count)
        {
            int child = 2 * parent + 1;
            if (child + 1 < Count && _heap[child + 1] > _heap[child])
                child++;
            if (_heap[child] <= entry)
                break;
            _heap[parent] = _heap[child];
            parent = child;
        }
        _heap[parent] = entry;
    }

    /// <summary>Sorts what was kept, smallest first.</summary>
    public readonly Span<ulong> Sorted()
    {
        Span<ulong> kept = _heap[..Count];
        kept.Sort();
        return kept;
    }
}
