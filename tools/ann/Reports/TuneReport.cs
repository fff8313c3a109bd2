namespace Ann.Tool.Reports;

/// <summary>What <c>ann tune</c> found.</summary>
internal sealed record TuneReport
{
    /// <summary>File of the rows.</summary>
    public required string Base { get; init; }

    /// <summary>Rows of it.</summary>
    public required int Rows { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Results of a query.</summary>
    public required int K { get; init; }

    /// <summary>Recall that was asked for; absent under a limit of latency.</summary>
    public double? TargetRecall { get; init; }

    /// <summary>Mean latency of a query that was allowed, in µs; absent under a target.</summary>
    public double? MaxLatencyUs { get; init; }

    /// <summary>Bytes of file a row that were allowed; absent without a limit.</summary>
    public double? MaxBytesPerRow { get; init; }

    /// <summary>Queries that chose.</summary>
    public required int TuningQueries { get; init; }

    /// <summary>Queries that confirmed.</summary>
    public required int HeldOutQueries { get; init; }

    /// <summary>True when the choice reaches what was asked, on the whole base and the held-out queries.</summary>
    public required bool IsConfirmed { get; init; }

    /// <summary>The choice.</summary>
    public required TunePoint Chosen { get; init; }

    /// <summary>Of all that was measured on the whole base, what nothing else beats in recall, latency and bytes; by recall.</summary>
    public required IReadOnlyList<TunePoint> Front { get; init; }

    /// <summary>Builds that were tried, on samples and on the whole base.</summary>
    public required int Builds { get; init; }

    /// <summary>Time of all.</summary>
    public required double Seconds { get; init; }

    /// <summary>The command that builds the index; its certificate holds recall by beam width of these queries.</summary>
    public required string BuildCommand { get; init; }

    /// <summary>What a query is to ask for.</summary>
    public required string QueryOptions { get; init; }
}

/// <summary>A build and a beam width, as measured.</summary>
internal sealed record TunePoint
{
    /// <summary>Neighbours a node on upper levels.</summary>
    public required int M { get; init; }

    /// <summary>Beam width while inserting.</summary>
    public required int EfConstruction { get; init; }

    /// <summary>Layout of the file.</summary>
    public required string Layout { get; init; }

    /// <summary>What the graph walk reads.</summary>
    public required string Codes { get; init; }

    /// <summary>Beam width of the search.</summary>
    public required int Ef { get; init; }

    /// <summary>Recall of the held-out queries; of the tuning queries where only samples were built.</summary>
    public required double Recall { get; init; }

    /// <summary>One standard error of it.</summary>
    public required double RecallError { get; init; }

    /// <summary>Mean latency of one thread, in µs.</summary>
    public required double MeanUs { get; init; }

    /// <summary>99th percentile of it.</summary>
    public required double P99Us { get; init; }

    /// <summary>Bytes of the file a row.</summary>
    public required double BytesPerRow { get; init; }
}
