using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>The blocks of the fast layout, one a node: made from a finished graph and its rows.</summary>
internal sealed unsafe class NeighborBlocks : IDisposable
{
    private const int Grain = 256;

    private NeighborBlocks(in HnswGraph graph, int bits)
    {
        Shape = new BlockShape(graph.M0, bits);
        UpperShape = new BlockShape(graph.M, bits);
        Level0 = new NativeBlock((long)graph.Count * Shape.Stride);
        Upper = new NativeBlock(graph.UpperRows * UpperShape.Stride);
        Graph = graph.WithLinks((int*)Level0.Start, Shape.Stride, (int*)Upper.Start, UpperShape.Stride);
    }

    /// <summary>Shape of a block of level 0.</summary>
    public BlockShape Shape { get; }

    /// <summary>Shape of a block of the levels above.</summary>
    public BlockShape UpperShape { get; }

    /// <summary>The blocks of level 0, in node order.</summary>
    public NativeBlock Level0 { get; }

    /// <summary>The blocks of the levels above, in the order of their rows of links.</summary>
    public NativeBlock Upper { get; }

    /// <summary>The same graph, read from the blocks.</summary>
    public HnswGraph Graph { get; }

    /// <summary>Copies the links and encodes the estimates beside them.</summary>
    public static NeighborBlocks Encode(
        HnswGraph graph, VectorTable rows, Metric metric, float* mean, int threads, CancellationToken cancellation)
    {
        NeighborBlocks blocks = new(in graph, EstimateTables.BitsOf(rows.Dimension));
        EstimateEncoder[] encoders = [];
        RotatedRows? rotated = null;
        try
        {
            rotated = RotatedRows.Of(rows, mean, threads, cancellation);
            encoders = [.. Enumerable.Range(0, threads).Select(_ => new EstimateEncoder(rows, metric, mean, rotated))];
            ParallelBuild.For(graph.Count, threads, Grain, (worker, from, to) =>
            {
                for (int node = from; node < to; node++)
                {
                    for (int level = 0; level <= graph.LevelOf(node); level++)
                    {
                        BlockShape shape = level == 0 ? blocks.Shape : blocks.UpperShape;
                        int* links = blocks.Graph.Links(level, node);
                        new Span<int>(links, shape.Groups * FastScan.Lanes).Fill(HnswGraph.NoNode);
                        graph.Neighbors(level, node).CopyTo(new Span<int>(links, shape.Slots));
                        encoders[worker].Encode(node, shape, (byte*)links);
                    }
                }
            }, cancellation);
        }
        catch
        {
            blocks.Dispose();
            throw;
        }
        finally
        {
            foreach (EstimateEncoder encoder in encoders)
                encoder.Dispose();
            rotated?.Dispose();
        }
        return blocks;
    }

    public void Dispose()
    {
        Level0.Dispose();
        Upper.Dispose();
    }
}
