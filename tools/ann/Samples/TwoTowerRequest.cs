namespace Ann.Tool.Samples;

/// <summary>Two towers to make, as they were asked for.</summary>
internal sealed record TwoTowerRequest
{
    /// <summary>File of ratings.</summary>
    public required string Ratings { get; init; }

    /// <summary>The directory, which is not there yet or empty.</summary>
    public required string Output { get; init; }

    /// <summary>How factors are trained.</summary>
    public required AlsSettings Training { get; init; }

    /// <summary>Ratings below are left out; null takes all.</summary>
    public double? MinRating { get; init; }

    /// <summary>Items of a user, the latest, that the user tower is asked with at most.</summary>
    public required int History { get; init; }

    /// <summary>Items of an answer.</summary>
    public required int K { get; init; }

    /// <summary>Beam widths of the evaluation.</summary>
    public required int[] Ef { get; init; }
}
