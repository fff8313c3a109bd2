using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// A graph as the walk sees it: pointers into memory that its owner keeps alive. Rows of links have a fixed number of slots; unused
/// slots hold <see cref="NoNode"/> and follow the used ones.
/// </summary>
/// <param name="count">Nodes.</param>
/// <param name="m">Slots per node on levels ≥ 1; twice as many on level 0.</param>
/// <param name="level0">count × 2M slots.</param>
/// <param name="levels">Level of each node.</param>
/// <param name="upperSlots">Per node: its first row in <paramref name="upperLinks"/> (that of level 1), or −1 when its level is 0.</param>
/// <param name="upperLinks">Rows of M slots; a node of level L has L of them.</param>
/// <param name="entryPoint">Node where every search starts.</param>
/// <param name="maxLevel">Level of the entry point: the highest of all.</param>
/// <param name="level0Stride">Bytes from one row of level 0 to the next; 0 where they follow each other.</param>
/// <param name="upperStride">Bytes from one row of the upper levels to the next; 0 where they follow each other.</param>
/// <param name="copies">Nodes that others stand for, which are no part of it.</param>
internal readonly unsafe struct HnswGraph(
    int count, int m, int* level0, byte* levels, int* upperSlots, int* upperLinks, int entryPoint, int maxLevel, int level0Stride = 0,
    int upperStride = 0, NodeCopies copies = default)
{
    public const int NoNode = -1;

    public readonly int Count = count;
    public readonly int M = m;
    public readonly int M0 = 2 * m;
    public readonly int EntryPoint = entryPoint;
    public readonly int MaxLevel = maxLevel;
    public readonly NodeCopies Copies = copies;

    private readonly int* _level0 = level0;
    private readonly long _level0Stride = level0Stride == 0 ? 2 * m * sizeof(int) : level0Stride;
    private readonly long _upperStride = upperStride == 0 ? m * sizeof(int) : upperStride;
    private readonly byte* _levels = levels;
    private readonly int* _upperSlots = upperSlots;
    private readonly int* _upperLinks = upperLinks;

    /// <summary>Bits of a slot of level 0 where rows are packed (<see cref="LinkPacking"/>); 0 where a slot is an int.</summary>
    public int LinkBits { get; init; }

    /// <summary>Bytes of a row of links of level 0.</summary>
    public int RowBytes => LinkBits == 0 ? M0 * sizeof(int) : (int)_level0Stride;

    /// <summary>The same graph with its rows of links elsewhere.</summary>
    public HnswGraph WithLinks(int* level0, int level0Stride, int* upper, int upperStride) =>
        new(Count, M, level0, _levels, _upperSlots, upper, EntryPoint, MaxLevel, level0Stride, upperStride, Copies);

    /// <summary>Rows of links on levels ≥ 1.</summary>
    public long UpperRows
    {
        get
        {
            for (int node = Count - 1; node >= 0; node--)
                if (_levels[node] > 0)
                    return _upperSlots[node] + (long)_levels[node];
            return 0;
        }
    }

    public int LevelOf(int node)
    {
        Debug.Assert((uint)node < (uint)Count);
        return _levels[node];
    }

    /// <summary>Slots of a row of links on a level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Slots(int level) => level == 0 ? M0 : M;

    /// <summary>The first slot of a node's row of links, or where it begins if it is packed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Links(int level, int node)
    {
        Debug.Assert((uint)node < (uint)Count);
        Debug.Assert(level <= _levels[node]);
        return level == 0
            ? (int*)((byte*)_level0 + node * _level0Stride)
            : (int*)((byte*)_upperLinks + (_upperSlots[node] + level - 1L) * _upperStride);
    }

    /// <summary>Used slots of a row, which has <paramref name="slots"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Used(int* links, int slots) => Words.CountNonNegative(links, slots);

    /// <summary>The neighbours of a node on a level.</summary>
    public ReadOnlySpan<int> Neighbors(int level, int node)
    {
        Debug.Assert(level > 0 || LinkBits == 0);
        int* links = Links(level, node);
        return new ReadOnlySpan<int>(links, Used(links, Slots(level)));
    }
}
