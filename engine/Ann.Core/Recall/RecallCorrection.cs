using System.Diagnostics;

namespace Ann.Core.Recall;

/// <summary>
/// What measured answers say of the certificate: how much is missed at a beam width, where the certificate says how much should be. A
/// value: each sample makes the next one. Estimates and the widths of <c>recall_target</c> are corrected by it.
/// </summary>
/// <remarks>
/// <para>Samples are summed by beam width, in places of half an octave of its multiple of k. What is missed at a width is the mean of
/// the samples near it (a weight that falls by a bell of <see cref="Bell"/> places), each moved by how much the certificate's own curve
/// falls between its width and this one, and of <see cref="PriorSamples"/> samples that nobody measured: those missed what the
/// certificate says, times the ratio of all that was missed to all that should have been. So tens of samples outweigh the
/// certificate where they were measured, and elsewhere its curve keeps its shape.</para>
/// <para>It is no controller: what is missed at a width depends on the data and not on the widths that were chosen before, so widths that
/// follow from it do not oscillate. Old samples of a place lose weight to new ones: it never has more than <see cref="Memory"/>.</para>
/// <para>Shares that are missed are multiplied as odds, so that nothing comes to more than all of it.</para>
/// </remarks>
internal sealed class RecallCorrection
{
    /// <summary>Places of beam widths: from a quarter of k to 1,024 times.</summary>
    public const int Places = 25;

    /// <summary>The certificate weighs as much as this many samples that miss more than it says: few refute it.</summary>
    public const double PriorSamples = 12;

    /// <summary>And as this many that miss less, where a width is chosen by them: that queries were lucky is found out dearly.</summary>
    public const double PriorLuckySamples = 48;

    /// <summary>Samples that are remembered at each place.</summary>
    public const double Memory = 1000;

    private const double LowestPlace = -4; // half octaves: a quarter of k
    private const double Bell = 1.5;
    private const int LeastK = 10;

    /// <summary>Of the ratio: what some queries missed, seen beforehand and as the certificate says. Five of ten neighbours.</summary>
    private const double PriorMissed = 0.5;

    private const double PriorLuckyMissed = 4;

    /// <summary>A certificate cannot tell less from nothing: it is measured by some hundreds of queries for ten neighbours.</summary>
    private const double Floor = 0.0005;

    /// <summary>Share of a query's answer that is missed together, for want of anything measured: neighbours lie near each other.</summary>
    private const double Lump = 0.15;

    private static readonly double[] Weights = [.. Enumerable.Range(0, Places).Select(static d => Math.Exp(-d * d / (2 * Bell * Bell)))];

    private readonly double[] _samples;
    private readonly double[] _missed;
    private readonly double[] _expected;
    private readonly double _ratio;
    private readonly double _cautiousRatio;
    private readonly Point[] _points;

    private RecallCorrection(double[] samples, double[] missed, double[] expected)
    {
        _samples = samples;
        _missed = missed;
        _expected = expected;
        double expectedSum = 0;
        for (int place = 0; place < Places; place++)
            expectedSum += Math.Max(expected[place], Floor * samples[place]);
        double missedSum = missed.Sum();
        _ratio = (missedSum + PriorMissed) / (expectedSum + PriorMissed);
        _cautiousRatio = Math.Max(_ratio, (missedSum + PriorLuckyMissed) / (expectedSum + PriorLuckyMissed));
        _points =
        [
            .. Enumerable.Range(0, Places).Where(place => samples[place] > 0).Select(place => new Point(
                place, samples[place],
                Odds(missed[place] / samples[place]) / Odds(Math.Max(expected[place] / samples[place], Floor)))),
        ];
    }

    /// <summary>Nothing was measured: the certificate stands as it is.</summary>
    public static RecallCorrection None { get; } = new(new double[Places], new double[Places], new double[Places]);

    /// <summary>Weight of all samples.</summary>
    public double Weight => _samples.Sum();

    /// <summary>What was missed over what should have been, all widths together, drawn towards 1 where little was measured.</summary>
    public double Ratio => _ratio;

    /// <summary>Weight of the samples at each place; <see cref="Places"/> of them, as are those below.</summary>
    public IReadOnlyList<double> Samples => _samples;

    /// <summary>Sum of what they missed.</summary>
    public IReadOnlyList<double> Missed => _missed;

    /// <summary>Sum of what they should have missed by the certificate.</summary>
    public IReadOnlyList<double> Expected => _expected;

    /// <summary>Makes one of kept sums. Null where they cannot be sums of samples.</summary>
    /// <param name="samples">Weight at each place.</param>
    /// <param name="missed">Sum of what was missed.</param>
    /// <param name="expected">Sum of what should have been.</param>
    public static RecallCorrection? Of(IReadOnlyList<double> samples, IReadOnlyList<double> missed, IReadOnlyList<double> expected)
    {
        if (samples.Count != Places || missed.Count != Places || expected.Count != Places)
            return null;
        for (int place = 0; place < Places; place++)
        {
            if (!IsSum(samples[place], Memory) || !IsSum(missed[place], samples[place]) || !IsSum(expected[place], samples[place]))
                return null;
        }
        return new RecallCorrection([.. samples], [.. missed], [.. expected]);
    }

    /// <summary>The correction after one more sample.</summary>
    /// <param name="k">Results wanted, 1 or more.</param>
    /// <param name="ef">Beam width of the answer.</param>
    /// <param name="certified">Share missed by the certificate, 0 to 1.</param>
    /// <param name="missed">Share that was missed, 0 to 1.</param>
    public RecallCorrection After(int k, int ef, double certified, double missed)
    {
        Debug.Assert(certified is >= 0 and <= 1 && missed is >= 0 and <= 1);
        int place = (int)Math.Round(PlaceOf(k, ef));
        double keep = Math.Min(1, (Memory - 1) / Math.Max(_samples[place], 1));
        return new RecallCorrection(
            Added(_samples, place, keep, 1), Added(_missed, place, keep, missed), Added(_expected, place, keep, certified));
    }

    /// <summary>The same measured with less weight: what is handed on to another generation.</summary>
    /// <param name="share">Of its weight, 0 to 1.</param>
    /// <param name="most">Weight that it has then at most.</param>
    public RecallCorrection Weaker(double share, double most)
    {
        double kept = Math.Min(share, most / Math.Max(Weight, 1));
        return new RecallCorrection(Scaled(_samples, kept), Scaled(_missed, kept), Scaled(_expected, kept));
    }

    /// <summary>Share that is missed at a beam width, 0 to 1.</summary>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    /// <param name="certified">Share missed by the certificate, 0 to 1.</param>
    /// <param name="isCautious">True to believe that less is missed than the certificate says only of more samples.</param>
    public double MissedAt(int k, int ef, double certified, bool isCautious = false)
    {
        if (certified >= 1)
            return 1; // nothing was searched
        double place = PlaceOf(k, ef);
        int low = Math.Min((int)place, Places - 2);
        double atLow = Near(low, certified, isCautious).Missed;
        double atHigh = Near(low + 1, certified, isCautious).Missed;
        return Math.Clamp(atLow + (place - low) * (atHigh - atLow), 0, 1);
    }

    /// <summary>Weight of the samples near a beam width: what is known of it.</summary>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    public double WeightNear(int k, int ef) => Near((int)Math.Round(PlaceOf(k, ef)), certified: 0, isCautious: false).Weight;

    /// <summary>
    /// By how much chance may have made <see cref="MissedAt"/> wrong: about one standard deviation; 0 as long as only the certificate
    /// speaks.
    /// </summary>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width.</param>
    /// <param name="missed">What it said.</param>
    public double DeviationAt(int k, int ef, double missed)
    {
        double weight = WeightNear(k, ef);
        return Math.Sqrt(missed * Lump / (weight + PriorSamples)) * weight / (weight + PriorSamples);
    }

    private static double PlaceOf(int k, int ef) =>
        Math.Clamp(2 * Math.Log2((double)ef / Math.Max(k, LeastK)) - LowestPlace, 0, Places - 1);

    private static bool IsSum(double value, double most) => value >= 0 && value <= most + 1e-6; // false for NaN

    private static double[] Added(double[] sums, int place, double keep, double one)
    {
        double[] added = [.. sums];
        added[place] = sums[place] * keep + one;
        return added;
    }

    private static double[] Scaled(double[] sums, double share) => Array.ConvertAll(sums, x => x * share);

    private (double Missed, double Weight) Near(int place, double certified, bool isCautious)
    {
        double missed = 0;
        double weight = 0;
        double odds = Odds(Math.Max(certified, Floor));
        foreach (ref readonly Point point in _points.AsSpan())
        {
            double near = Weights[Math.Abs(point.Place - place)] * point.Samples;
            missed += near * Share(point.OddsRatio * odds);
            weight += near;
        }
        double prior = Share(Odds(certified) * (isCautious ? _cautiousRatio : _ratio));
        double priorSamples = isCautious && missed < certified * weight ? PriorLuckySamples : PriorSamples;
        return ((missed + priorSamples * prior) / (weight + priorSamples), weight);
    }

    private static double Odds(double share) => share / Math.Max(1 - share, 1e-9);

    private static double Share(double odds) => odds / (1 + odds);

    /// <summary>A place that was measured.</summary>
    /// <param name="Place">Its number.</param>
    /// <param name="Samples">Their weight.</param>
    /// <param name="OddsRatio">Odds of what they missed over those of what they should have.</param>
    private readonly record struct Point(int Place, double Samples, double OddsRatio);
}
