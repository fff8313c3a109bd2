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
}

/// <summary>A graph that a writer changes meanwhile: each slot is read once, up to the first that holds no node.</summary>
/// <remarks>See <see cref="HeadWalk"/> for what is relied on.</remarks>
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
}
