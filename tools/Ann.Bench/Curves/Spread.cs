namespace Ann.Bench.Curves;

/// <summary>Median and range of the rounds.</summary>
internal sealed record Spread(double Median, double Min, double Max)
{
    /// <summary>Widest range, as a share of the median, that a quiet machine gives.</summary>
    public const double Quiet = 0.2;

    /// <summary>True when rounds differ by more than <see cref="Quiet"/>: something else ran, or too little was measured.</summary>
    public bool IsWide => Max - Min > Quiet * Median;

    /// <summary>Of any number of values; null of none.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            return null;
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}

/// <summary>How many times as fast as the baseline, round by round.</summary>
/// <param name="Times">Over the rounds.</param>
/// <param name="AtRecall">
/// The recall of the comparison: the one that was asked for, or the lowest that both engines have when one of them starts above it.
/// </param>
internal sealed record SpeedRatio(Spread Times, double AtRecall)
{
    /// <summary>Compares curves of the same rounds.</summary>
    /// <param name="recall">The recall that was asked for.</param>
    /// <param name="engine">Its curves.</param>
    /// <param name="baseline">Those that it is compared with.</param>
    /// <param name="speed">What of a point is compared: larger is faster; NaN where it is not known.</param>
    /// <returns>
    /// Null when one of the engines does not reach the recall in some round, when rounds are missing, or when a speed is not known.
    /// </returns>
    public static SpeedRatio? Of(
        double recall, IReadOnlyList<RecallCurve> engine, IReadOnlyList<RecallCurve> baseline, Func<CurvePoint, double> speed)
    {
        if (engine.Count == 0 || engine.Count != baseline.Count)
            return null;
        double common = Math.Max(recall, engine.Concat(baseline).Max(curve => curve.LeastRecall));
        double[] ratios = new double[engine.Count];
        for (int round = 0; round < ratios.Length; round++)
        {
            if (engine[round].At(common).Point is not CurvePoint own || baseline[round].At(common).Point is not CurvePoint other)
                return null;
            ratios[round] = speed(own) / speed(other);
            if (!double.IsFinite(ratios[round]))
                return null;
        }
        return new SpeedRatio(Spread.Of(ratios)!, common);
    }
}
