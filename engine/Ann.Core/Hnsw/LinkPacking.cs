using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;

namespace Ann.Core.Hnsw;

/// <summary>
/// Rows of links of level 0 with as many bits a slot as the largest node needs: 18 instead of 32 among 200,000. Slot i of a row lies at bit
/// i · bits, the lowest first; one without a link has all bits set, and unused slots are last.
/// </summary>
internal static unsafe class LinkPacking
{
    /// <summary>Bytes behind the last row: a slot is read as part of eight bytes.</summary>
    public const int Margin = sizeof(ulong);

    /// <summary>Bits of a slot: all of them set is no node.</summary>
    /// <param name="nodes">Nodes of the graph, 1 to 2³⁰.</param>
    public static int BitsOf(int nodes) => BitOperations.Log2((uint)nodes) + 1;

    /// <summary>Bytes from one row to the next.</summary>
    /// <param name="slots">Of a row.</param>
    /// <param name="bits">Of a slot.</param>
    public static int StrideOf(int slots, int bits) => (slots * bits + 7) / 8;

    /// <summary>The rows of a graph that are not packed, and the margin.</summary>
    public static NativeBlock Pack(in HnswGraph graph)
    {
        Debug.Assert(graph.LinkBits == 0);
        int bits = BitsOf(graph.Count);
        int stride = StrideOf(graph.M0, bits);
        NativeBlock block = new((long)graph.Count * stride + Margin);
        uint none = Mask(bits);
        for (int node = 0; node < graph.Count; node++)
        {
            byte* row = block.Start + (long)node * stride;
            ReadOnlySpan<int> links = graph.Neighbors(0, node);
            for (int i = 0; i < graph.M0; i++)
            {
                uint link = i < links.Length ? (uint)links[i] : none;
                ulong* word = (ulong*)(row + i * bits / 8); // what lies behind the slot belongs to later ones, which are zero as yet
                Unsafe.WriteUnaligned(word, Unsafe.ReadUnaligned<ulong>(word) | ((ulong)link << (i * bits % 8)));
            }
        }
        return block;
    }

    /// <summary>Reads a row up to the first slot without a link.</summary>
    /// <param name="row">Packed, with eight readable bytes behind it.</param>
    /// <param name="slots">Its slots.</param>
    /// <param name="bits">Of a slot.</param>
    /// <param name="nodes">Room for as many nodes.</param>
    /// <returns>Nodes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Unpack(byte* row, int slots, int bits, int* nodes)
    {
        uint none = Mask(bits);
        int bit = 0;
        for (int i = 0; i < slots; i++, bit += bits)
        {
            uint link = (uint)(Unsafe.ReadUnaligned<ulong>(row + (bit >> 3)) >> (bit & 7)) & none;
            if (link == none)
                return i;
            nodes[i] = (int)link;
        }
        return slots;
    }

    /// <summary>All slots of a row, <see cref="HnswGraph.NoNode"/> where there is no link: for checks.</summary>
    /// <param name="row">As in <see cref="Unpack"/>.</param>
    /// <param name="bits">Of a slot.</param>
    /// <param name="slots">Room for as many as a row has.</param>
    public static void Slots(byte* row, int bits, Span<int> slots)
    {
        uint none = Mask(bits);
        for (int i = 0; i < slots.Length; i++)
        {
            uint link = (uint)(Unsafe.ReadUnaligned<ulong>(row + i * bits / 8) >> (i * bits % 8)) & none;
            slots[i] = link == none ? HnswGraph.NoNode : (int)link;
        }
    }

    private static uint Mask(int bits) => (1u << bits) - 1;
}

/// <summary>A finished graph whose rows of level 0 are packed.</summary>
internal readonly unsafe struct PackedLinks : ILinkRows
{
    public static bool AreScoredLate => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(in HnswGraph graph, int level, int node, int* nodes) => level == 0
        ? LinkPacking.Unpack((byte*)graph.Links(0, node), graph.M0, graph.LinkBits, nodes)
        : SealedLinks.Read(in graph, level, node, nodes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadUnmarked(in HnswGraph graph, int node, VisitedSet visited, int* nodes) => visited.Mark(
        nodes, LinkPacking.Unpack((byte*)graph.Links(0, node), graph.M0, graph.LinkBits, nodes), nodes);
}
