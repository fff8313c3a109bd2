namespace Ann.Core;

/// <summary>How an index measures nearness. Stored in files: values never change.</summary>
public enum Metric : byte
{
    /// <summary>Cosine similarity. Rows are stored with unit length; the zero vector is refused.</summary>
    Cosine = 1,

    /// <summary>Euclidean distance.</summary>
    L2 = 2,

    /// <summary>Inner product: a maximum-inner-product search over rows of any norm.</summary>
    InnerProduct = 3,
}

/// <summary>What the core's distances mean to a caller.</summary>
public static class MetricExtensions
{
    /// <summary>True when a larger score is nearer.</summary>
    public static bool LargerIsNearer(this Metric metric) => !metric.Traits().IsSquared;

    /// <summary>What is particular to a metric.</summary>
    internal static MetricTraits Traits(this Metric metric) => MetricTraits.Of(metric);

    /// <summary>
    /// The score of a core distance, in the metric's own unit: cosine similarity in [−1, 1], inner product (both larger is nearer),
    /// or Euclidean distance (smaller is nearer). A cosine that rounding carried beyond its ends is told as the end.
    /// </summary>
    internal static float ToScore(this Metric metric, float distance)
    {
        MetricTraits traits = metric.Traits();
        float score = (float)traits.SimilarityOf(distance);
        return Math.Clamp(traits.IsSquared ? -score : score, traits.LeastScore, traits.MostScore);
    }

    /// <summary>
    /// The largest distance that has a score, the inverse of <see cref="ToScore"/>: what is no farther has that score or a better one.
    /// Of a cosine above 1, which no distance has, its negation. Says nothing of rounding: see
    /// <see cref="Distances.DistanceRounding.FarthestOf"/>.
    /// </summary>
    internal static float ToDistance(this Metric metric, float score)
    {
        MetricTraits traits = metric.Traits();
        if (!traits.IsSquared)
            return score <= traits.LeastScore ? float.PositiveInfinity : -score;
        // Some neighbouring distances have one root, and the square of that is not the largest of them.
        float distance = score * score;
        while (float.IsFinite(distance) && MathF.Sqrt(MathF.BitIncrement(distance)) <= score)
            distance = MathF.BitIncrement(distance);
        return distance;
    }
}
