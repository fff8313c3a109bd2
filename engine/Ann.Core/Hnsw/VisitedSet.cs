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
        _undoCapacity = Math.Min(words, MaxUndo);
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

    public void Clear()
    {
        if (_marked > _undoCapacity)
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
