using System.Diagnostics;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>The memory of a graph under construction. Levels are known before the first link, so nothing ever grows.</summary>
internal sealed unsafe class GraphStorage : IDisposable
{
    /// <param name="count">Nodes, 1 or more.</param>
    /// <param name="parameters">Shape; its seed gives each node its level.</param>
    /// <param name="copies">Nodes that others stand for; they are on level 0. Must outlive the graph.</param>
    public GraphStorage(int count, HnswParameters parameters, NodeCopies copies = default)
        : this(Drawn(count, parameters, copies), parameters, copies)
    {
    }

    /// <param name="levels">One a node, one node or more.</param>
    /// <param name="parameters">Shape.</param>
    /// <param name="copies">As above.</param>
    public GraphStorage(ReadOnlySpan<byte> levels, HnswParameters parameters, NodeCopies copies = default)
    {
        int count = levels.Length;
        Debug.Assert(count > 0);
        Levels = new NativeBlock(count);
        UpperSlots = new NativeBlock((long)count * sizeof(int));

        int entryPoint = copies.LeaderOf(0);
        long rows = 0;
        for (int node = 0; node < count; node++)
        {
            int level = levels[node];
            Levels.Start[node] = (byte)level;
            ((int*)UpperSlots.Start)[node] = level == 0 ? HnswGraph.NoNode : checked((int)rows);
            rows += level;
            if (level > Levels.Start[entryPoint])
                entryPoint = node;
        }

        Level0 = new NativeBlock((long)count * parameters.M0 * sizeof(int));
        UpperLinks = new NativeBlock(rows * parameters.M * sizeof(int));
        Fill(Level0);
        Fill(UpperLinks);
        Graph = new HnswGraph(
            count, parameters.M, (int*)Level0.Start, Levels.Start, (int*)UpperSlots.Start, (int*)UpperLinks.Start,
            entryPoint, Levels.Start[entryPoint], copies: copies);
    }

    public NativeBlock Level0 { get; }

    public NativeBlock Levels { get; }

    public NativeBlock UpperSlots { get; }

    public NativeBlock UpperLinks { get; }

    /// <summary>The graph in this memory. Its links are writable through <see cref="HnswGraph.Links"/>.</summary>
    public HnswGraph Graph { get; }

    public void Dispose()
    {
        Level0.Dispose();
        Levels.Dispose();
        UpperSlots.Dispose();
        UpperLinks.Dispose();
    }

    private static byte[] Drawn(int count, HnswParameters parameters, NodeCopies copies)
    {
        byte[] levels = new byte[count];
        for (int node = 0; node < count; node++)
            levels[node] = copies.IsCopy(node) ? (byte)0 : (byte)parameters.LevelOf(node);
        return levels;
    }

    private static void Fill(NativeBlock links)
    {
        for (long offset = 0; offset < links.SizeInBytes; offset += 1 << 30)
            new Span<byte>(links.Start + offset, links.Slice(offset).Length).Fill(0xFF); // every int becomes NoNode
    }
}
