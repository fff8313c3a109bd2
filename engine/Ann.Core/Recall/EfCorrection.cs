namespace Ann.Core.Recall;

/// <summary>
/// The factor on the beam widths that recall_target gives, and the samples seen since it last changed. A value: each sample makes the next
/// one.
/// </summary>
/// <remarks>
/// It rises by <see cref="Step"/> when the whole confidence interval of the samples lies below their mean target, up to
/// <see cref="Largest"/>, and falls by the same step, to 1 at least, when the whole interval lies above the target by a quarter of what the
/// target lets be missed. Between the two nothing happens: that is the hysteresis. After each change the samples are counted anew, since
/// the old ones were answered with another width; after <see cref="MostSamples"/> without a change too, so that old traffic does not
/// outvote the new.
/// </remarks>
/// <param name="Factor">1 to <see cref="Largest"/>.</param>
/// <param name="Samples">Since the last change.</param>
/// <param name="RecallSum">Of those samples.</param>
/// <param name="TargetSum">Of those samples.</param>
public readonly record struct EfCorrection(double Factor, int Samples, double RecallSum, double TargetSum)
{
    /// <summary>One step.</summary>
    public const double Step = 1.25;

    /// <summary>Largest factor: about six steps. What it does not mend no width mends.</summary>
    public const double Largest = 4;

    /// <summary>Fewer samples change nothing.</summary>
    public const int LeastSamples = 50;

    /// <summary>After so many the count begins anew.</summary>
    public const int MostSamples = 2000;

    private const double Margin = 0.25;

    /// <summary>No correction.</summary>
    public static EfCorrection None => new(1, 0, 0, 0);

    /// <summary>The correction after one more sample.</summary>
    /// <param name="recall">Measured of one query that asked for a target and was answered whole, 0 to 1.</param>
    /// <param name="target">Its target, above 0 and below 1.</param>
    public EfCorrection After(double recall, double target)
    {
        EfCorrection next = new(Factor, Samples + 1, RecallSum + recall, TargetSum + target);
        if (next.Samples < LeastSamples)
            return next;
        RecallInterval found = RecallInterval.Of(next.RecallSum, next.Samples);
        double wanted = next.TargetSum / next.Samples;
        if (found.High < wanted && Factor < Largest)
            return None with { Factor = Math.Min(Factor * Step, Largest) };
        if (found.Low > wanted + Margin * (1 - wanted) && Factor > 1)
            return None with { Factor = Math.Max(Factor / Step, 1) };
        return next.Samples >= MostSamples ? None with { Factor = Factor } : next;
    }
}
