namespace Ann.Core;

/// <summary>
/// What is particular to a metric, in one place. Whatever depends on the metric of an index asks here, or lets
/// <see cref="Distances.MetricDispatch"/> choose the kernel.
/// </summary>
internal sealed record MetricTraits
{
    private static readonly MetricTraits Cosine = new()
    {
        Name = "cosine",
        ScoreName = "cosine similarity",
        IsSquared = false,
        HasUnitRows = true,
        TempersNorms = false,
        SquaresPerDistance = 2,
        SquaresOffset = 2,
        LeastScore = -1,
        MostScore = 1,
    };

    private static readonly MetricTraits L2 = new()
    {
        Name = "l2",
        ScoreName = "distance",
        IsSquared = true,
        HasUnitRows = false,
        TempersNorms = false,
        SquaresPerDistance = 1,
        SquaresOffset = 0,
    };

    private static readonly MetricTraits InnerProduct = new()
    {
        Name = "ip",
        ScoreName = "inner product",
        IsSquared = false,
        HasUnitRows = false,
        TempersNorms = true,
        SquaresPerDistance = 0,
        SquaresOffset = 0,
    };

    /// <summary>The words for all metrics.</summary>
    public static EnumNames<Metric> Names { get; } = new(static metric => Of(metric).Name);

    /// <summary>The word on the command line and in JSON.</summary>
    public required string Name { get; init; }

    /// <summary>What a person calls the score.</summary>
    public required string ScoreName { get; init; }

    /// <summary>
    /// True where distances are squared Euclidean ones, and scores their roots; false where distances are negated dot products, and scores
    /// the dot products.
    /// </summary>
    public required bool IsSquared { get; init; }

    /// <summary>True where rows and queries are made unit length, and those without a direction are refused.</summary>
    public required bool HasUnitRows { get; init; }

    /// <summary>
    /// True where the lengths of rows decide what is near without saying which rows are alike: graphs are built between rows of tempered
    /// norms, each code has a scale of its own, and estimates err by the length of the query.
    /// </summary>
    public required bool TempersNorms { get; init; }

    /// <summary>
    /// |a − b|² is this times the distance, and <see cref="SquaresOffset"/>. 0 where a distance does not tell how far apart two points are.
    /// </summary>
    public required float SquaresPerDistance { get; init; }

    /// <summary>See <see cref="SquaresPerDistance"/>.</summary>
    public required float SquaresOffset { get; init; }

    /// <summary>Ends of the scores, where rounding may carry one beyond.</summary>
    public float LeastScore { get; init; } = float.NegativeInfinity;

    /// <inheritdoc cref="LeastScore"/>
    public float MostScore { get; init; } = float.PositiveInfinity;

    /// <summary>Factor of ⟨a, b⟩ in a distance.</summary>
    public float DotWeight => IsSquared ? -2 : -1;

    /// <summary>The description of a metric. A value that is none throws, and is named.</summary>
    public static MetricTraits Of(Metric metric) => metric switch
    {
        Metric.Cosine => Cosine,
        Metric.L2 => L2,
        Metric.InnerProduct => InnerProduct,
    };

    /// <summary>A distance as a number of which larger is nearer, in the unit of scores: the negative distance under L2.</summary>
    public double SimilarityOf(double distance) => IsSquared ? -Math.Sqrt(Math.Max(0, distance)) : -distance;
}
