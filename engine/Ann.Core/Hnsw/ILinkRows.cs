using System.Runtime.CompilerServices;

namespace Ann.Core.Hnsw;

/// <summary>How rows of links are read. Implementations are structs used as type arguments.</summary>
internal unsafe interface ILinkRows
{
    /// <summary>Copies the neighbours of a node on a level.</summary>
    /// <param name="graph">Whose links they are.</param>
    /// <param name="level">0 or more.</param>
    /// <param name="node">On that level.</param>
    /// <param name="nodes">Room for a row.</param>
    /// <returns>Neighbours.</returns>
    static abstract int Read(in HnswGraph graph, int level, int node, int* nodes);

    /// <summary>Copies those neighbours of a node on level 0 that were not seen yet, and marks them.</summary>
    /// <param name="graph">Whose links they are.</param>
    /// <param name="node">Any.</param>
    /// <param name="visited">What was seen.</param>
    /// <param name="nodes">Room for a row.</param>
    /// <returns>Neighbours.</returns>
    static abstract int ReadUnmarked(in HnswGraph graph, int node, VisitedSet visited, int* nodes);

    /// <summary>True where a walk scores what it finds one expansion late.</summary>
    static abstract bool AreScoredLate { get; }
}

/// <summary>A finished graph: nobody writes to it.</summary>
internal readonly unsafe struct SealedLinks : ILinkRows
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(in HnswGraph graph, int level, int node, int* nodes)
    {
        int* links = graph.Links(level, node);
        int slots = graph.Slots(level);
        int used = HnswGraph.Used(links, slots);
        Unsafe.CopyBlockUnaligned(nodes, links, (uint)used * sizeof(int));
        return used;
    }

    public static bool AreScoredLate => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadUnmarked(in HnswGraph graph, int node, VisitedSet visited, int* nodes)
    {
        int* links = graph.Links(0, node);
        return visited.Mark(links, HnswGraph.Used(links, graph.M0), nodes);
    }
}

/// <summary>
/// A graph that a writer changes meanwhile: a row is read once, slot by slot, up to the first that holds no node, and taken as it comes:
/// some old slots, some new, one node twice, or cut short.
/// </summary>
/// <remarks>
/// What is relied on (<see cref="GraphInserter{TDistance,TScorer}"/> keeps it, on Arm too): a slot holds a node that is there with its row,
/// its level and its own links, or <see cref="HnswGraph.NoNode"/>. Slots are therefore read with acquire, and were written with release
/// after a fence. Nothing is assumed of two slots together.
/// </remarks>
internal readonly unsafe struct GrowingRows : ILinkRows
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(in HnswGraph graph, int level, int node, int* nodes)
    {
        int* links = graph.Links(level, node);
        int slots = graph.Slots(level);
        int count = 0;
        while (count < slots)
        {
            int link = Volatile.Read(ref links[count]);
            if ((uint)link >= (uint)graph.Count)
                break;
            nodes[count++] = link;
        }
        return count;
    }

    public static bool AreScoredLate => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadUnmarked(in HnswGraph graph, int node, VisitedSet visited, int* nodes) =>
        visited.MarkChanging(graph.Links(0, node), graph.M0, graph.Count, nodes);
}
