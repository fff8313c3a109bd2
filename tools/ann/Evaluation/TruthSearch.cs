using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Distances;
using Ann.Core.Segments;

namespace Ann.Tool.Evaluation;

/// <summary>True neighbours: k rows of the base a query, nearest first, ties by row.</summary>
/// <param name="K">Neighbours of a query.</param>
/// <param name="Rows">A query after another.</param>
/// <param name="Distances">Beside the rows: squared Euclidean distance, or the negated (cosine) product.</param>
/// <param name="Candidates">Rows that the filter took; without one, all.</param>
internal sealed record TruthSearch(int K, int[] Rows, float[] Distances, long Candidates)
{
    /// <summary>Reads a base once for all queries, a block at a time.</summary>
    /// <param name="tool">Where progress is told.</param>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="rows">The base, not read so far.</param>
    /// <param name="queries">Of the base's dimension.</param>
    /// <param name="ask">k, filter and threads.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="AnnException">InvalidArgument: rows that the metric refuses, or fewer than k.</exception>
    public static TruthSearch Run(
        ToolContext tool, Metric metric, TruthBase rows, QuerySet queries, TruthAsk ask, CancellationToken cancellation)
    {
        int k = ask.K;
        if ((long)queries.Count * k > Array.MaxLength)
            throw AnnException.Invalid("--k", $"--k is {k}; {queries.Count} queries have more neighbours then than fit in memory at once.");
        using VectorTable asked = new(queries.Count, rows.Dimension);
        for (int query = 0; query < queries.Count; query++)
        {
            RowPreparation.Check(metric, queries[query], ask.QueryPath, query);
            asked.Set(query, queries[query]);
        }
        using ITruthScan neighbors = ask.Provider is { } provider
            ? new DeviceNeighbors(metric, asked, k, ask.Threads, provider)
            : new TrueNeighbors(metric, asked, k, ask.Threads);
        using VectorTable block = new(Math.Min(TrueNeighbors.BlockRowsOf(rows.Dimension), rows.Count), rows.Dimension);
        int[] numbers = new int[block.Count];
        (long done, long candidates) = (0, 0);
        using (ProgressMeter progress = new(tool, "exact truth", "rows", rows.Count))
        {
            while (rows.Read(block, ask.Filter, numbers, out int taken) is int read and > 0)
            {
                for (int i = 0; i < taken; i++)
                    RowPreparation.Check(metric, block.Values(i), rows.Path, numbers[i]);
                neighbors.Scan(block, taken, numbers, cancellation);
                candidates += taken;
                done += read;
                progress.Report(done);
            }
        }
        if (candidates < k)
        {
            string who = ask.Filter is null ? $"{rows.Path} has {candidates} rows" : $"the filter takes {candidates} rows of {rows.Path}";
            throw AnnException.Invalid("--k", $"--k is {k}; {who}.");
        }
        int[] found = new int[queries.Count * k];
        float[] distances = new float[queries.Count * k];
        double[] one = new double[k];
        for (int query = 0; query < queries.Count; query++)
        {
            neighbors.Result(query, found.AsSpan(query * k, k), one);
            for (int i = 0; i < k; i++)
                distances[(query * k) + i] = (float)one[i];
        }
        return new TruthSearch(k, found, distances, candidates);
    }
}

/// <summary>What is asked of a search for true neighbours.</summary>
/// <param name="K">Neighbours of a query, 1 or more.</param>
/// <param name="QueryPath">File of the queries, for messages.</param>
/// <param name="Threads">Threads at most.</param>
/// <param name="Filter">Rows that may be neighbours; null for all.</param>
internal sealed record TruthAsk(int K, string QueryPath, int Threads, BoundFilter? Filter = null)
{
    /// <summary>Provider of ONNX Runtime that chooses candidates; null where the processor does it by itself.</summary>
    public string? Provider { get; init; }
}
