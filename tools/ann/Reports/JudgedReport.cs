using System.Text.Json.Serialization;
using Ann.Tool.Judged;

namespace Ann.Tool.Reports;

/// <summary>What <c>ann eval --qrels</c> measured: encoders side by side on texts that people judged.</summary>
internal sealed record JudgedReport
{
    /// <summary>File of the judgements.</summary>
    public required string Qrels { get; init; }

    /// <summary>File of the passages.</summary>
    public required string Corpus { get; init; }

    /// <summary>Passages of it.</summary>
    public required int Passages { get; init; }

    /// <summary>Queries with a passage of a grade above 0: those that count.</summary>
    public required int Queries { get; init; }

    /// <summary>Judgements of passages that the corpus lacks: they count as not found.</summary>
    public required int Missing { get; init; }

    /// <summary>Ranks that nDCG looks at.</summary>
    public required int K { get; init; }

    /// <summary>Ranks that recall, MRR and MAP look at.</summary>
    public required int Depth { get; init; }

    /// <summary>How nearness is measured.</summary>
    public required string Metric { get; init; }

    /// <summary>Beam width of the index's searches.</summary>
    public required int Ef { get; init; }

    /// <summary>Draws of each bootstrap.</summary>
    public required int Resamples { get; init; }

    /// <summary>Seed of the bootstrap: with it the intervals come out the same.</summary>
    public required int Seed { get; init; }

    /// <summary>In the order in which they were named.</summary>
    public required IReadOnlyList<JudgedEncoderReport> Encoders { get; init; }
}

/// <summary>One encoder of a <see cref="JudgedReport"/>.</summary>
internal sealed record JudgedEncoderReport
{
    /// <summary>As it was named.</summary>
    public required string Encoder { get; init; }

    /// <summary>Its fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Components of its vectors.</summary>
    public required int Dimension { get; init; }

    /// <summary>Means by exact search.</summary>
    public required RankingScores Exact { get; init; }

    /// <summary>Means through an index.</summary>
    public required RankingScores Index { get; init; }

    /// <summary>Lower end of the 95 % interval of the exact nDCG.</summary>
    public required double NdcgLow { get; init; }

    /// <summary>Upper end.</summary>
    public required double NdcgHigh { get; init; }

    /// <summary>How far the exact scores are from those of the first encoder; null for the first.</summary>
    public JudgedDifference? AgainstFirst { get; init; }

    /// <summary>Exact scores of each query; null unless they were asked for.</summary>
    public IReadOnlyList<JudgedQueryReport>? PerQuery { get; init; }

    /// <summary>What it is called in tables.</summary>
    [JsonIgnore]
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Encoder));
}

/// <summary>Differences of means over the same queries, with their significance by paired bootstrap.</summary>
/// <param name="Ndcg">Of nDCG@k.</param>
/// <param name="Mrr">Of the reciprocal rank.</param>
/// <param name="Recall">Of recall.</param>
/// <param name="Map">Of average precision.</param>
internal sealed record JudgedDifference(MeanDifference Ndcg, MeanDifference Mrr, MeanDifference Recall, MeanDifference Map);

/// <summary>Scores of one query.</summary>
/// <param name="Query">Its id.</param>
/// <param name="Exact">By exact search.</param>
/// <param name="Index">Through an index.</param>
internal sealed record JudgedQueryReport(string Query, RankingScores Exact, RankingScores Index);
