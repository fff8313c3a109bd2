namespace Ann.Tool.Reports;

/// <summary>What <c>ann eval</c> measured. Field names are those of the design, section 8.</summary>
internal sealed record EvalReport
{
    /// <summary>The <c>.ann</c> file.</summary>
    public required string Index { get; init; }

    /// <summary>Results asked for.</summary>
    public required int K { get; init; }

    /// <summary>Queries that were measured.</summary>
    public required int Queries { get; init; }

    /// <summary>One entry a beam width.</summary>
    public required IReadOnlyList<EvalRun> Runs { get; init; }

    /// <summary>Build name of the index.</summary>
    public required string Generation { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Items of the index.</summary>
    public required int Rows { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Threads that searched at once.</summary>
    public required int Threads { get; init; }

    /// <summary><c>fast</c> or <c>lean</c>.</summary>
    public required string Layout { get; init; }

    /// <summary>Bytes of links and codes that were copied to memory; 0 when all is mapped.</summary>
    public required long LoadedBytes { get; init; }

    /// <summary>Bytes that stayed in the mapped file.</summary>
    public required long MappedBytes { get; init; }

    /// <summary>The truth file, or <c>exact</c> when the tool computed it.</summary>
    public required string Truth { get; init; }

    /// <summary>Recall that was asked for; null when none was.</summary>
    public double? MinRecall { get; init; }
}

/// <summary>One beam width.</summary>
internal sealed record EvalRun
{
    /// <summary>Beam width on level 0.</summary>
    public required int Ef { get; init; }

    /// <summary>Share of the k true neighbours that came back, 0 to 1, mean over queries. See <c>RecallMeter</c>.</summary>
    public required double Recall { get; init; }

    /// <summary>Queries a second, all threads together.</summary>
    public required double Qps { get; init; }

    /// <summary>Mean time of a query in microseconds.</summary>
    public required double MeanUs { get; init; }

    /// <summary>Median time of a query in microseconds.</summary>
    public required double P50Us { get; init; }

    /// <summary>99th percentile of the time of a query in microseconds.</summary>
    public required double P99Us { get; init; }

    /// <summary>Distances computed in a query's walk, mean.</summary>
    public required double Visited { get; init; }

    /// <summary>Nodes expanded on level 0 in a query, mean.</summary>
    public required double Expanded { get; init; }

    /// <summary>Rows read for exact distances per query: 0 where the walk reads rows.</summary>
    public required double Reranked { get; init; }
}
