namespace Ann.Core;

/// <summary>
/// What is particular to a metric, in one place. Whatever depends on the metric of an index asks here, or lets
/// <see cref="Distances.MetricDispatch"/> choose the kernel.
/// </summary>
/// <param name="Name">The word on the command line and in JSON.</param>
/// <param name="ScoreName">What a person calls the score.</param>
/// <param name="IsSquared">
/// True where distances are squared Euclidean ones, and scores their roots; false where distances are negated dot products, and scores the
/// dot products.
/// </param>
/// <param name="HasUnitRows">True where rows and queries are made unit length, and those without a direction are refused.</param>
/// <param name="TempersNorms">
/// True where lengths decide what is near without telling which rows are alike: graphs are built between rows of tempered norms, each code
/// has a scale of its own, and estimates err by the length of the query.
/// </param>
/// <param name="SquaresPerDistance">
/// |a − b|² is this times the distance, and <paramref name="SquaresOffset"/>. 0 where a distance does not tell how far apart points are.
/// </param>
/// <param name="SquaresOffset">See <paramref name="SquaresPerDistance"/>.</param>
/// <param name="LeastScore">No score is less; rounding may carry one beyond.</param>
/// <param name="MostScore">No score is more, likewise.</param>
internal sealed record MetricTraits(
    string Name, string ScoreName, bool IsSquared, bool HasUnitRows, bool TempersNorms, float SquaresPerDistance, float SquaresOffset,
    float LeastScore = float.NegativeInfinity, float MostScore = float.PositiveInfinity)
{
    private static readonly MetricTraits Cosine = new("cosine", "cosine similarity", false, true, false, 2, 2, -1, 1);
    private static readonly MetricTraits L2 = new("l2", "distance", true, false, false, 1, 0);
    private static readonly MetricTraits InnerProduct = new("ip", "inner product", false, false, true, 0, 0);

    /// <summary>The words for all metrics.</summary>
    public static EnumNames<Metric> Names { get; } = new(static metric => Of(metric).Name);

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
