namespace Ann.Tool.Judged;

/// <summary>How far two means are apart, and whether chance explains it.</summary>
/// <param name="Difference">The second mean less the first.</param>
/// <param name="Low">Lower end of the interval that holds 95 % of the resampled differences.</param>
/// <param name="High">Upper end.</param>
/// <param name="P">
/// Share of resamples of equal means that are as far apart, in either direction, with one added to both counts: never 0.
/// </param>
internal readonly record struct MeanDifference(double Difference, double Low, double High, double P);

/// <summary>
/// Paired bootstrap: queries are drawn with replacement, and both sides are judged by the same draw. What makes a query hard is in both.
/// </summary>
internal static class PairedBootstrap
{
    /// <summary>Draws of a comparison.</summary>
    public const int Resamples = 10_000;

    private const double Tail = 0.025;

    /// <summary>Compares two systems on the same queries.</summary>
    /// <param name="first">A value a query.</param>
    /// <param name="second">As many, in the same order.</param>
    /// <param name="seed">The same seed gives the same result.</param>
    public static MeanDifference Compare(IReadOnlyList<double> first, IReadOnlyList<double> second, int seed)
    {
        double[] differences = [.. first.Zip(second, static (one, other) => other - one)];
        double mean = differences.Average();
        double[] means = Means(differences, seed);
        double far = Math.Abs(mean) - 1e-12; // two sums of the same numbers in another order are the same
        int asFar = means.Count(drawn => Math.Abs(drawn - mean) >= far);
        (double low, double high) = Interval(means);
        return new MeanDifference(mean, low, high, (asFar + 1.0) / (Resamples + 1.0));
    }

    /// <summary>The interval that holds 95 % of the resampled means.</summary>
    public static (double Low, double High) IntervalOfMean(IReadOnlyList<double> values, int seed) => Interval(Means(values, seed));

    private static (double Low, double High) Interval(double[] means)
    {
        Array.Sort(means);
        return (means[(int)(Tail * means.Length)], means[(int)((1 - Tail) * means.Length) - 1]);
    }

    private static double[] Means(IReadOnlyList<double> values, int seed)
    {
        Random random = new(seed);
        double[] means = new double[Resamples];
        for (int draw = 0; draw < Resamples; draw++)
        {
            double sum = 0;
            for (int i = 0; i < values.Count; i++)
                sum += values[random.Next(values.Count)];
            means[draw] = sum / values.Count;
        }
        return means;
    }
}
