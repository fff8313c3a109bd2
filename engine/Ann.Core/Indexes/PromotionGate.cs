namespace Ann.Core.Indexes;

/// <summary>What a candidate must prove before it takes over. What is null is not asked for.</summary>
internal sealed record PromotionGate
{
    /// <summary>An hour.</summary>
    public const int MostMs = 3_600_000;

    /// <summary>Recall@10 of the candidate against exact search of itself, 0 to 1.</summary>
    public double? MinRecall { get; init; }

    /// <summary>Share of the serving generation's ten nearest among the candidate's, over recent real queries, 0 to 1.</summary>
    public double? MinOverlap { get; init; }

    /// <summary>99th percentile of the candidate's search time over the same queries, above 0 and at most <see cref="MostMs"/>.</summary>
    public double? MaxP99Ms { get; init; }

    /// <summary>
    /// Promote whatever the figures say, and whatever writes the candidate missed. The figures are measured all the same.
    /// </summary>
    public bool Force { get; init; }
}

/// <summary>What was measured of a candidate, and whether it took over.</summary>
/// <param name="Serving">The generation that serves now.</param>
/// <param name="Replaced">The one that served before.</param>
/// <param name="Queries">Queries measured: recent real ones.</param>
/// <param name="SampledRows">Rows of the candidate that were used as queries, for want of real ones.</param>
/// <param name="Recall">Recall@10 against exact search; null when not measured.</param>
/// <param name="Overlap">Share of the serving generation's ten nearest; null when not measured.</param>
/// <param name="P99">99th percentile of the search time; null when not measured.</param>
/// <param name="MissedKeys">Items whose last write the candidate does not have.</param>
/// <param name="Forced">True when the gate would have refused it.</param>
internal sealed record PromotionReport(
    string Serving, string Replaced, int Queries, int SampledRows, double? Recall, double? Overlap, TimeSpan? P99, long MissedKeys,
    bool Forced);
