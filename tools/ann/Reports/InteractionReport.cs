namespace Ann.Tool.Reports;

/// <summary>What <c>ann eval --interactions</c> measured: how well answers foresee what users took, side by side.</summary>
internal sealed record InteractionReport
{
    /// <summary>The <c>.ann</c> file.</summary>
    public required string Index { get; init; }

    /// <summary>File of the held-out events.</summary>
    public required string Interactions { get; init; }

    /// <summary>File of the events before them; null without.</summary>
    public string? Seen { get; init; }

    /// <summary>Users who were measured.</summary>
    public required int Users { get; init; }

    /// <summary>Users of held-out events who have no vector: they are not measured.</summary>
    public required int UsersWithoutVector { get; init; }

    /// <summary>Held-out events of items that the index lacks: they count as missed.</summary>
    public required int MissingItems { get; init; }

    /// <summary>Items of an answer.</summary>
    public required int K { get; init; }

    /// <summary>
    /// What a hundredth of recall@k is worth in hit rate, by the straight line through exact search and the beam widths; null where all
    /// have the same recall.
    /// </summary>
    public double? HitRatePerRecallPoint { get; init; }

    /// <summary>Draws of each bootstrap.</summary>
    public required int Resamples { get; init; }

    /// <summary>Seed of the bootstrap.</summary>
    public required int Seed { get; init; }

    /// <summary>Exact first, then the index by beam width, then popularity, then the previous generation.</summary>
    public required IReadOnlyList<InteractionRun> Answers { get; init; }
}

/// <summary>How one way to answer did.</summary>
internal sealed record InteractionRun
{
    /// <summary><c>exact</c>, <c>ann ef N</c>, <c>popularity</c>, <c>previous ef N</c>.</summary>
    public required string Answers { get; init; }

    /// <summary>Beam width; null where none is walked with.</summary>
    public int? Ef { get; init; }

    /// <summary>Share of the exact answer that is in this one; null where that says nothing.</summary>
    public double? Recall { get; init; }

    /// <summary>HR@k: share of the users with a held-out item in their answer.</summary>
    public required double HitRate { get; init; }

    /// <summary>Lower end of its 95 % interval.</summary>
    public required double HitRateLow { get; init; }

    /// <summary>Upper end.</summary>
    public required double HitRateHigh { get; init; }

    /// <summary>NDCG@k, every held-out item with gain 1.</summary>
    public required double Ndcg { get; init; }

    /// <summary>Mean of one over the rank of the first held-out item in the answer.</summary>
    public required double Mrr { get; init; }

    /// <summary>Share of the items that are in any answer.</summary>
    public required double Coverage { get; init; }

    /// <summary>Seen events of an answered item, over those of an item; 1: no bias. Null without seen events.</summary>
    public double? PopularityBias { get; init; }

    /// <summary>Difference of the hit rate from exact search, with its significance; null for exact search.</summary>
    public Ann.Tool.Judged.MeanDifference? AgainstExact { get; init; }
}
