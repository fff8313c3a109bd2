using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tool;

namespace Ann.Bench.Sets;

/// <summary>True neighbours: k rows of the base a query, nearest first, and the distances in the unit of the engine's core.</summary>
/// <param name="K">Neighbours a query.</param>
/// <param name="Rows">Query after query.</param>
/// <param name="Distances">Beside the rows: squared Euclidean distance, or the negated (cosine) product.</param>
internal sealed record ExactTruth(int K, int[] Rows, float[] Distances)
{
    private const int BlockBytes = 64 << 20;

    /// <summary>Scans a file of base rows once for all queries, a block at a time.</summary>
    /// <exception cref="AnnException">InvalidArgument: other dimensions, fewer than k rows, or rows that the metric refuses.</exception>
    public static ExactTruth Compute(
        ToolContext tool, Metric metric, string basePath, string queryPath, int k, int threads, CancellationToken cancellation)
    {
        using VectorReader reader = VectorFile.OpenReader(tool.Files, basePath);
        using VectorReader queryReader = VectorFile.OpenReader(tool.Files, queryPath);
        if (queryReader.Dimension != reader.Dimension)
        {
            throw AnnException.BadInput(
                queryPath, "", $"the queries have dimension {queryReader.Dimension}; {basePath} has {reader.Dimension}.");
        }
        if (reader.Count < k)
            throw AnnException.BadInput(basePath, "", $"it has {reader.Count} rows; {k} neighbours were asked for.");
        if (reader.Count > int.MaxValue)
            throw AnnException.BadInput(basePath, "", $"it has {reader.Count} rows; at most {int.MaxValue} can be searched.");

        float[] buffer = new float[Math.Max(1, BlockBytes / sizeof(float) / reader.Dimension) * reader.Dimension];
        using VectorTable queries = new((int)queryReader.Count, reader.Dimension);
        for (int first = 0; queryReader.ReadRows(buffer) is int count and > 0; first += count)
            Prepare(metric, buffer, count, queries, first, queryPath, first);

        ExactNeighbors neighbors = new(metric, queries, k);
        using VectorTable block = new(buffer.Length / reader.Dimension, reader.Dimension);
        using ProgressMeter progress = new(tool, "exact truth", "rows", reader.Count);
        for (int first = 0; reader.ReadRows(buffer) is int count and > 0; first += count)
        {
            Prepare(metric, buffer, count, block, 0, basePath, first);
            neighbors.Scan(block, count, first, threads, cancellation);
            progress.Report(first + count);
        }

        ExactTruth truth = new(k, new int[queries.Count * k], new float[queries.Count * k]);
        for (int query = 0; query < queries.Count; query++)
            neighbors.Result(query, truth.Rows.AsSpan(query * k, k), truth.Distances.AsSpan(query * k, k));
        return truth;
    }

    private static void Prepare(Metric metric, float[] source, int count, VectorTable target, int first, string path, long firstRow)
    {
        int dimension = target.Dimension;
        for (int i = 0; i < count; i++)
            RowPreparation.Prepare(metric, source.AsSpan(i * dimension, dimension), target.Values(first + i), path, firstRow + i);
    }
}
