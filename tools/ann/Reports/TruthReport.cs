namespace Ann.Tool.Reports;

/// <summary>What <c>ann truth</c> found.</summary>
internal sealed record TruthReport
{
    /// <summary>File of the rows.</summary>
    public required string Base { get; init; }

    /// <summary>Queries.</summary>
    public required int Queries { get; init; }

    /// <summary>Rows of the base.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows that the filter took; without one, all.</summary>
    public required long Candidates { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary><c>cosine</c>, <c>l2</c> or <c>ip</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Neighbours of a query.</summary>
    public required int K { get; init; }

    /// <summary>File of the neighbours.</summary>
    public required string Output { get; init; }

    /// <summary>File of the distances; absent without.</summary>
    public required string? Distances { get; init; }

    /// <summary>Who multiplied: <c>cpu</c> or <c>cuda</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Time of all, reading included.</summary>
    public required double Seconds { get; init; }
}
