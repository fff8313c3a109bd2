namespace Ann.Tool.Reports;

/// <summary>What <c>ann sample two-tower</c> made, and how well it foresees what users took.</summary>
internal sealed record TwoTowerReport
{
    /// <summary>What it is, in words: a sample.</summary>
    public required string Note { get; init; }

    /// <summary>File of the ratings.</summary>
    public required string Ratings { get; init; }

    /// <summary>The directory.</summary>
    public required string Output { get; init; }

    /// <summary>Lines of the ratings.</summary>
    public required long Lines { get; init; }

    /// <summary>Lines below <c>--min-rating</c>, which were left out.</summary>
    public required long LinesBelow { get; init; }

    /// <summary>False where the file has no times, so that the order of its lines stands for them.</summary>
    public required bool HasTimes { get; init; }

    /// <summary>Users with an event.</summary>
    public required int Users { get; init; }

    /// <summary>Items of the index: those with an event that is not held out.</summary>
    public required int Items { get; init; }

    /// <summary>Events that the factors are trained on.</summary>
    public required int TrainingEvents { get; init; }

    /// <summary>Events held out: the last one of each user with two or more.</summary>
    public required int HeldOutEvents { get; init; }

    /// <summary>Components of a vector.</summary>
    public required int Factors { get; init; }

    /// <summary>Rounds of training.</summary>
    public required int Iterations { get; init; }

    /// <summary>What was added to the diagonal.</summary>
    public required double Regularization { get; init; }

    /// <summary>An event weighs 1 + this against 1.</summary>
    public required double Confidence { get; init; }

    /// <summary>Items of a user, the latest, that the user tower is asked with at most.</summary>
    public required int History { get; init; }

    /// <summary>Seed of the first factors, of the graph and of the bootstrap.</summary>
    public required int Seed { get; init; }

    /// <summary>
    /// The farthest that a vector of the user tower is from the factors that training has for the same items, over their length.
    /// </summary>
    public required double TowerDifference { get; init; }

    /// <summary>Hit rate and NDCG of the index at the widest beam are above those of popularity.</summary>
    public required bool BeatsPopularity { get; init; }

    /// <summary>Hit rate of exact search less that of popularity, with its significance.</summary>
    public required Judged.MeanDifference OverPopularity { get; init; }

    /// <summary>Exact search, the index and popularity side by side.</summary>
    public required InteractionReport Evaluation { get; init; }

    /// <summary>What it took; absent in the directory's <c>sample.json</c>, which is the same each time.</summary>
    public TwoTowerSeconds? Seconds { get; init; }
}

/// <summary>Seconds of each step.</summary>
internal sealed record TwoTowerSeconds
{
    /// <summary>Ratings read and split.</summary>
    public required double Read { get; init; }

    /// <summary>Factors trained.</summary>
    public required double Train { get; init; }

    /// <summary>Towers written, opened and run.</summary>
    public required double Encode { get; init; }

    /// <summary>The index built.</summary>
    public required double Build { get; init; }

    /// <summary>Answers compared with what was held out.</summary>
    public required double Evaluate { get; init; }

    /// <summary>All.</summary>
    public required double Total { get; init; }
}
