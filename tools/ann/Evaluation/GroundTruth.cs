using Ann.Core;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tool.Formats;

namespace Ann.Tool.Evaluation;

/// <summary>The k nearest items of each query, by row of the index's input, nearest first.</summary>
internal sealed class GroundTruth
{
    private readonly int[] _nodes;

    private GroundTruth(int[] nodes, int k)
    {
        _nodes = nodes;
        K = k;
    }

    /// <summary>Neighbours of a query.</summary>
    public int K { get; }

    /// <summary>Queries.</summary>
    public int Count => _nodes.Length / K;

    /// <summary>All rows, a query after another.</summary>
    public ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>Rows of one query's neighbours.</summary>
    public ReadOnlySpan<int> this[int query] => _nodes.AsSpan(query * K, K);

    /// <summary>Reads the first k columns of a file.</summary>
    /// <param name="tool">Whose files.</param>
    /// <param name="path">The file.</param>
    /// <param name="k">Neighbours wanted of each query.</param>
    /// <param name="queries">Queries there are; the file may cover fewer.</param>
    /// <param name="index">The index, for messages.</param>
    /// <param name="rows">Items of the index.</param>
    /// <returns>Null when the file has fewer than k columns.</returns>
    /// <exception cref="AnnException">InvalidArgument: more rows than queries, or a row that the index does not have.</exception>
    public static GroundTruth? Load(ToolContext tool, string path, int k, int queries, string index, long rows)
    {
        using IntegerReader reader = IntegerInput.Open(tool.Files, path);
        if (reader.Columns < k)
            return null;
        if (reader.Count > queries)
            throw AnnException.BadInput(path, "", $"it holds the neighbours of {reader.Count} queries; there are {queries}.");

        int[] nodes = new int[reader.Count * k];
        long[] row = new long[reader.Columns];
        for (int query = 0; reader.ReadRows(row) > 0; query++)
        {
            for (int i = 0; i < k; i++)
            {
                if (row[i] < 0 || row[i] >= rows)
                {
                    throw AnnException.BadInput(
                        path, $"row {query}", $"neighbour {row[i]} is no row of {index}: it has {rows}.");
                }
                nodes[query * k + i] = (int)row[i];
            }
        }
        return new GroundTruth(nodes, k);
    }

    /// <summary>Scans the whole index for all queries.</summary>
    public static GroundTruth Compute(ToolContext tool, SealedSegment segment, QuerySet queries, int k, CancellationToken cancellation)
    {
        using TruthBase rows = TruthBase.Of(segment);
        TruthAsk ask = new(k, "queries", Environment.ProcessorCount);
        return new GroundTruth(TruthSearch.Run(tool, segment.Metric, rows, queries, ask, cancellation).Rows, k);
    }

    /// <summary>What was found before; its rows are those of the index's input.</summary>
    public static GroundTruth Of(TruthSearch found) => new(found.Rows, found.K);
}
