using Ann.Core;
using Ann.Tool;
using Ann.Tool.Attributes;
using Ann.Tool.Evaluation;

namespace Ann.Bench.Sets;

/// <summary>True neighbours: k rows of the base a query, nearest first, and the distances in the unit of the engine's core.</summary>
/// <param name="K">Neighbours a query.</param>
/// <param name="Rows">Query after query.</param>
/// <param name="Distances">Beside the rows: squared Euclidean distance, or the negated (cosine) product.</param>
internal sealed record ExactTruth(int K, int[] Rows, float[] Distances)
{
    /// <summary>Scans a file of base rows once for all queries, a block at a time.</summary>
    /// <exception cref="AnnException">InvalidArgument: other dimensions, fewer than k rows, or rows that the metric refuses.</exception>
    public static ExactTruth Compute(
        ToolContext tool, Metric metric, string basePath, string queryPath, int k, int threads, CancellationToken cancellation)
    {
        using TruthBase rows = TruthBase.Open(tool, basePath, metric, AttributeRequest.Beside);
        QuerySet queries = QuerySet.Load(tool, queryPath, basePath, rows.Dimension);
        TruthSearch found = TruthSearch.Run(tool, metric, rows, queries, new TruthAsk(k, queryPath, threads), cancellation);
        return new ExactTruth(k, found.Rows, found.Distances);
    }
}
