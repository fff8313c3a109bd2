namespace Ann.Bench.Curves;

/// <summary>Median and range of the rounds.</summary>
internal sealed record Spread(double Median, double Min, double Max)
{
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

/// <summary>How many times as many queries a second as the baseline, round by round.</summary>
/// <param name="Times">Over the rounds.</param>
/// <param name="AtRecall">
/// The recall of the comparison: the one that was asked for, or the lowest that both engines have when one of them starts above it.
/// </param>
internal sealed record SpeedRatio(Spread Times, double AtRecall)
{
    /// <summary>Compares curves of the same rounds.</summary>
    /// <returns>Null when one of the engines does not reach the recall in some round, or when rounds are missing.</returns>
    public static SpeedRatio? Of(double recall, IReadOnlyList<RecallCurve> engine, IReadOnlyList<RecallCurve> baseline)
    {
        if (engine.Count == 0 || engine.Count != baseline.Count)
            return null;
        double common = Math.Max(recall, engine.Concat(baseline).Max(curve => curve.LeastRecall));
        double[] ratios = new double[engine.Count];
        for (int round = 0; round < ratios.Length; round++)
        {
            if (engine[round].At(common).Point is not CurvePoint own || baseline[round].At(common).Point is not CurvePoint other)
                return null;
            ratios[round] = own.Qps / other.Qps;
        }
        return new SpeedRatio(Spread.Of(ratios)!, common);
    }
}
