using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Keys;

namespace Ann.Core.Segments;

/// <summary>The keys of a segment's items, read where they lie.</summary>
internal sealed unsafe class SegmentKeys : INodeKeys
{
    private readonly ulong* _numbers;
    private readonly long* _ends;
    private readonly byte* _text;
    private readonly int _count;

    /// <summary>Numbers, one a node.</summary>
    internal SegmentKeys(ulong* numbers, int count)
    {
        Kind = KeyKind.UInt64;
        _numbers = numbers;
        _count = count;
        AreAscending = IsAscending();
    }

    /// <summary>Texts: the end of each, then all one after another. The ends were checked.</summary>
    internal SegmentKeys(long* ends, byte* text, int count)
    {
        Kind = KeyKind.String;
        _ends = ends;
        _text = text;
        _count = count;
        AreAscending = IsAscending();
    }

    /// <summary>Number or text.</summary>
    public KeyKind Kind { get; }

    /// <summary>True when key order is node order, so that ties need no sorting.</summary>
    public bool AreAscending { get; }

    /// <summary>The key of a node of an index with numeric keys.</summary>
    public ulong Number(int node)
    {
        Debug.Assert(Kind == KeyKind.UInt64);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)node, (uint)_count, nameof(node));
        return _numbers[node];
    }

    /// <summary>The UTF-8 key of a node of an index with string keys. Valid while the segment is open.</summary>
    public ReadOnlySpan<byte> Utf8(int node)
    {
        Debug.Assert(Kind == KeyKind.String);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)node, (uint)_count, nameof(node));
        long start = node == 0 ? 0 : _ends[node - 1];
        return new ReadOnlySpan<byte>(_text + start, (int)(_ends[node] - start));
    }

    /// <summary>The key of a node, of either kind. Valid while the segment is open.</summary>
    public ItemKey Of(int node) => Kind == KeyKind.UInt64 ? new ItemKey(Number(node)) : new ItemKey(Utf8(node));

    /// <summary>Asks for what <see cref="Of"/> reads first.</summary>
    internal void PrefetchKey(int node)
    {
        if (Kind == KeyKind.UInt64)
            Memory.Prefetch(_numbers + node, sizeof(ulong));
        else
            Memory.Prefetch(_ends + Math.Max(0, node - 1), 2 * sizeof(long));
    }

    /// <summary>Asks for the text of a key, once its ends are there.</summary>
    internal void PrefetchText(int node)
    {
        if (Kind == KeyKind.String)
            Memory.Prefetch(_text + (node == 0 ? 0 : _ends[node - 1]), 1);
    }

    int INodeKeys.Compare(int a, int b) => Compare(a, b);

    private int Compare(int a, int b) => Kind == KeyKind.UInt64
        ? _numbers[a].CompareTo(_numbers[b])
        : Utf8(a).SequenceCompareTo(Utf8(b));

    private bool IsAscending()
    {
        for (int node = 1; node < _count; node++)
            if (Compare(node - 1, node) >= 0)
                return false;
        return true;
    }
}
