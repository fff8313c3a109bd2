using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Tests.Hnsw;

/// <summary>
/// Goal: packed rows of links say what the rows say. Method: random rows, some full, some empty, of graphs of many sizes.
/// </summary>
public sealed unsafe class LinkPackingTests
{
    private const int Seed = 20261130;

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(255, 5)]
    [InlineData(256, 16)]
    [InlineData(5_000, 17)]
    [InlineData(70_000, 16)]
    public void PackedRowsAreTheRows(int count, int m)
    {
        Random random = new(Seed);
        using NativeBlock level0 = new((long)count * 2 * m * sizeof(int));
        using NativeBlock levels = new(count);
        using NativeBlock slots = new(count * sizeof(int));
        HnswGraph graph = new(count, m, (int*)level0.Start, levels.Start, (int*)slots.Start, null, 0, 0);
        for (int node = 0; node < count; node++)
        {
            Span<int> row = new(graph.Links(0, node), 2 * m);
            row.Fill(HnswGraph.NoNode);
            for (int i = random.Next(2 * m + 1) - 1; i >= 0; i--)
                row[i] = random.Next(4) == 0 ? count - 1 : random.Next(count);
        }

        using NativeBlock packed = LinkPacking.Pack(in graph);

        int bits = LinkPacking.BitsOf(count);
        int stride = LinkPacking.StrideOf(2 * m, bits);
        Assert.Equal((long)count * stride + LinkPacking.Margin, packed.SizeInBytes);
        HnswGraph same = new(count, m, (int*)packed.Start, levels.Start, (int*)slots.Start, null, 0, 0, stride) { LinkBits = bits };
        int[] nodes = new int[2 * m];
        int[] all = new int[2 * m];
        for (int node = 0; node < count; node++)
        {
            fixed (int* room = nodes)
            {
                int found = PackedLinks.Read(in same, 0, node, room);
                Assert.True(graph.Neighbors(0, node).SequenceEqual(nodes.AsSpan(0, found)), $"node {node}, seed {Seed}");
            }
            LinkPacking.Slots((byte*)same.Links(0, node), bits, all);
            Assert.Equal(new ReadOnlySpan<int>(graph.Links(0, node), 2 * m).ToArray(), all);
        }
    }
}
