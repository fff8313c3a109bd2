using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>The blocks of the fast layout, one a node: made from a finished graph and its rows.</summary>
internal sealed unsafe class NeighborBlocks : IDisposable
{
    private const int Grain = 256;

    private NeighborBlocks(in HnswGraph graph, BlockShape shape)
    {
        Shape = shape;
        Block = new NativeBlock((long)graph.Count * shape.Stride);
        Graph = graph.WithLevel0((int*)Block.Start, shape.Stride);
    }

    /// <summary>Shape of each block.</summary>
    public BlockShape Shape { get; }

    /// <summary>All blocks, in node order.</summary>
    public NativeBlock Block { get; }

    /// <summary>The same graph, with level 0 read from the blocks.</summary>
    public HnswGraph Graph { get; }

    /// <summary>Copies the links of level 0 and encodes the estimates beside them.</summary>
    public static NeighborBlocks Encode(
        HnswGraph graph, VectorTable rows, Metric metric, float* mean, int threads, CancellationToken cancellation)
    {
        BlockShape shape = new(graph.M0, EstimateTables.BitsOf(rows.Dimension));
        NeighborBlocks blocks = new(in graph, shape);
        EstimateEncoder[] encoders = [.. Enumerable.Range(0, threads).Select(_ => new EstimateEncoder(rows, metric, shape, mean))];
        try
        {
            ParallelBuild.For(graph.Count, threads, Grain, (worker, from, to) =>
            {
                for (int node = from; node < to; node++)
                {
                    byte* block = blocks.Block.Start + (long)node * shape.Stride;
                    new Span<int>(block, shape.Groups * FastScan.Lanes).Fill(HnswGraph.NoNode);
                    graph.Neighbors(0, node).CopyTo(new Span<int>(block, graph.M0));
                    encoders[worker].Encode(node, block);
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
        }
        return blocks;
    }

    public void Dispose() => Block.Dispose();
}
