namespace Ann.Core.Ranking;

/// <summary>Items like some examples and unlike others.</summary>
internal sealed record RecommendQuery
{
    /// <summary>
    /// What is asked beside; no union. Its exclusions hold the keys of the examples too, unless the examples may be returned themselves.
    /// </summary>
    public required RankingQuery Search { get; init; }

    /// <summary>Vectors to be like, one after another: one at least, of the index's dimension.</summary>
    public required ReadOnlyMemory<float> Positives { get; init; }

    /// <summary>Vectors to be unlike, one after another.</summary>
    public ReadOnlyMemory<float> Negatives { get; init; }

    /// <summary>How they make a query.</summary>
    public RecommendStrategy Strategy { get; init; } = RecommendStrategy.Average;
}

/// <summary>How examples make a query.</summary>
internal enum RecommendStrategy
{
    /// <summary>
    /// The mean of the positives, plus its difference to the mean of the negatives. Under cosine each counts with length 1.
    /// </summary>
    Average = 1,

    /// <summary>
    /// An item's score is its best score to a positive. Where a negative is nearer to it than every positive, that negative's score counts
    /// against it: under cosine and inner product the score is the negated one, or the best positive one if that is less; under L2, where
    /// less is nearer and a distance has no negation, the distance to the nearest positive grows by how much nearer the negative is.
    /// </summary>
    BestScore = 2,
}
