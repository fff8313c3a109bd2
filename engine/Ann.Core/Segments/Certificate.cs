using System.Text.Json.Serialization;

namespace Ann.Core.Segments;

/// <summary>What was measured of a segment when it was sealed. Stored as JSON in its file.</summary>
internal sealed record Certificate
{
    /// <summary>Nodes reachable from the entry point on level 0; equals the count in a sound segment.</summary>
    public int Reachable { get; init; }

    /// <summary>Links added or exchanged to make every node reachable.</summary>
    public int Repaired { get; init; }

    /// <summary>
    /// Items whose vector is that of another, which stands for them in the graph: they have no links, and degrees leave them out. 0 in
    /// older files, where such items are nodes like any others.
    /// </summary>
    public int Copies { get; init; }

    /// <summary>Highest level.</summary>
    public int MaxLevel { get; init; }

    /// <summary>Links per node on level 0, on average.</summary>
    public double MeanDegree { get; init; }

    /// <summary>Fewest links of a node on level 0.</summary>
    public int MinDegree { get; init; }

    /// <summary>Links to a node on level 0: the fewest of any.</summary>
    public int MinInDegree { get; init; }

    /// <summary>Links to a node on level 0: the most of any.</summary>
    public int MaxInDegree { get; init; }

    /// <summary>Nodes by their links on level 0; null in older files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Histogram? Degrees { get; init; }

    /// <summary>Nodes by links to them on level 0; null likewise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Histogram? InDegrees { get; init; }

    /// <summary>Norms of the rows: smallest, median, 99th percentile, largest. All 1 under cosine.</summary>
    public NormSummary Norms { get; init; } = new();

    /// <summary>Rows by their norms; null in older files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Histogram? NormCounts { get; init; }

    /// <summary>
    /// What recall was measured with: <see cref="CertificateQueries.Rows"/>, as in older files, <see cref="CertificateQueries.Given"/> or
    /// <see cref="CertificateQueries.Sampled"/>.
    /// </summary>
    public string QuerySource { get; init => field = value ?? CertificateQueries.Rows; } = CertificateQueries.Rows;

    /// <summary>Queries that recall was measured with; 0 in older files.</summary>
    public int Queries { get; init; }

    /// <summary>File that the queries came from, without its directory; null when they came from none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? QueryFile { get; init; }

    /// <summary>
    /// The most that a point of the curves by beam width was lowered by, 0 to 1, because rows are easier than what will be asked; null
    /// where none was.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Discount { get; init; }

    /// <summary>
    /// Recall@10 against exact search at several beam widths, with the queries of <see cref="QuerySource"/>. Older files count a row as one
    /// of its own nearest; those with <see cref="CutRecall"/> leave it out, and hide it from the walk.
    /// </summary>
    public IReadOnlyList<EfRecall> EfRecall { get; init => field = value ?? []; } = [];

    /// <summary>Recall@100 (of fewer where there are no 100 other rows) likewise. Empty in older files.</summary>
    public IReadOnlyList<EfRecall> EfRecall100 { get; init => field = value ?? []; } = [];

    /// <summary>Recall of walks that were stopped after some expansions, as a deadline does. Empty in older files.</summary>
    public IReadOnlyList<CutRecall> CutRecall { get; init => field = value ?? []; } = [];

    /// <summary>
    /// Recall@10 of a scan of all rows by their codes, its best candidates ranked by exact distances, 0 to 1, with sampled rows as queries:
    /// what codes lose without any graph. Null without codes, and in older files.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CodesRecall10 { get; init; }

    /// <summary>Recall@100 (of fewer where there are no 100 other rows) likewise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CodesRecall100 { get; init; }

    /// <summary>What no measurement gives; null when there is nothing of it.</summary>
    public string? Fault()
    {
        if (Norms is null)
            return "norms is null.";
        foreach (float norm in (ReadOnlySpan<float>)[Norms.Min, Norms.Median, Norms.P99, Norms.Max])
            if (!(norm >= 0) || float.IsInfinity(norm))
                return $"a norm is {norm}; it must be 0 or more, and finite.";
        foreach (int count in (ReadOnlySpan<int>)[Reachable, Repaired, Copies, MaxLevel, MinDegree, MinInDegree, MaxInDegree, Queries])
            if (count < 0)
                return $"a count is {count}; it must be 0 or more.";
        if (!(MeanDegree >= 0) || double.IsInfinity(MeanDegree))
            return $"mean_degree is {MeanDegree}; it must be 0 or more, and finite.";
        if (EfRecall.Contains(null!) || EfRecall100.Contains(null!) || CutRecall.Contains(null!))
            return "a point of a curve is null.";
        if (EfRecall.Concat(EfRecall100).Any(static point => point.Ef < 1)
            || CutRecall.Any(static point => point.K < 1 || point.Expanded < 0))
            return "a point of a curve has no beam width, no results wanted, or a negative count.";
        foreach (double? share in ((double?[])[Discount, CodesRecall10, CodesRecall100]).Concat(Points))
            if (share is not (null or (>= 0 and <= 1)))
                return $"a share is {share}; it must be 0 to 1.";
        return Degrees?.Fault() ?? InDegrees?.Fault() ?? NormCounts?.Fault();
    }

    private IEnumerable<double?> Points =>
        EfRecall.Concat(EfRecall100).Select(static point => (double?)point.Recall)
            .Concat(CutRecall.Select(static point => (double?)point.Recall));
}

/// <summary>Norms of rows. A 99th percentile far above the median is the skew that breaks a raw inner-product graph.</summary>
internal sealed record NormSummary
{
    /// <summary>Smallest norm.</summary>
    public float Min { get; init; }

    /// <summary>Median norm.</summary>
    public float Median { get; init; }

    /// <summary>99th percentile.</summary>
    public float P99 { get; init; }

    /// <summary>Largest norm.</summary>
    public float Max { get; init; }
}

/// <summary>One point of the measured recall curve.</summary>
/// <param name="Ef">efSearch.</param>
/// <param name="Recall">Share of the exact nearest that came back, 0 to 1.</param>
internal sealed record EfRecall(int Ef, double Recall);

/// <summary>Recall of walks that were stopped.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Expanded">Nodes expanded on level 0.</param>
/// <param name="Recall">Share of the exact <paramref name="K"/> nearest that came back, 0 to 1.</param>
internal sealed record CutRecall(int K, int Expanded, double Recall);
