namespace Ann.Tool.Reports;

/// <summary>What <c>ann query</c> found.</summary>
internal sealed record QueryReport
{
    /// <summary>The index, as it was asked for.</summary>
    public required string Index { get; init; }

    /// <summary>The build that answered.</summary>
    public required string Generation { get; init; }

    /// <summary>True when a larger score is nearer.</summary>
    public required bool LargerIsNearer { get; init; }

    /// <summary>One entry a query.</summary>
    public required IReadOnlyList<QueryAnswer> Queries { get; init; }

    /// <summary>Distances that the server computed, all queries together.</summary>
    public required ulong Visited { get; init; }

    /// <summary>Time of the search call as seen from here, in microseconds.</summary>
    public required double SearchUs { get; init; }
}

/// <summary>One query and its results, nearest first.</summary>
/// <param name="Text">What was asked: the text, or the row of the file of vectors.</param>
/// <param name="Results">Nearest first.</param>
internal sealed record QueryAnswer(string Text, IReadOnlyList<QueryHit> Results);

/// <summary>One result.</summary>
internal sealed record QueryHit
{
    /// <summary>The item's key; a number is written as its digits.</summary>
    public required string Key { get; init; }

    /// <summary>In the metric's own unit.</summary>
    public required float Score { get; init; }

    /// <summary>What the item says; null when no file of items was given or the key is not in it.</summary>
    public string? Title { get; init; }

    /// <summary>The item's price; only in the demonstration.</summary>
    public decimal? Price { get; init; }
}
