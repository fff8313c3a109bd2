using System.Diagnostics;

namespace Ann.Core.Segments;

/// <summary>
/// What recall a segment gives for a beam width, or for the work that a stopped walk had done, at any k. Measured for k 10 and 100.
/// </summary>
/// <remarks>
/// <para>Recall of a whole walk depends on the beam width in units of k more than on anything else. So a k between 10 and 100 takes both
/// curves at the same multiple of k, and weighs them by where log k lies; a smaller k takes that of 10 as it is, which errs to the low
/// side. A larger one takes that of 100 at the same multiple of k: nothing larger is measured, and where the neighbourhood of a query ends
/// between its 100th neighbour and its k-th, that is a few hundredths too much.</para>
/// <para>What a stopped walk has found depends on its expansions: a k between 10 and 100 weighs both curves at the same number.</para>
/// </remarks>
internal sealed class RecallCurves(
    RecallCurve beam10, RecallCurve beam100, RecallCurve work10, RecallCurve work100, double codes10, double codes100)
{
    private const int LowK = 10;
    private const int HighK = 100;

    /// <summary>
    /// The curves of a certificate; null when it has none. One of an older file has but that of k 10: it stands for all, and a walk of
    /// width ef is taken to expand ef nodes.
    /// </summary>
    public static RecallCurves? Of(Certificate certificate)
    {
        if (RecallCurve.Of(certificate.EfRecall.Select(static p => ((double)p.Ef, p.Recall))) is not { } beam10)
            return null;
        RecallCurve? beam100 = RecallCurve.Of(certificate.EfRecall100.Select(static p => ((double)p.Ef, p.Recall)));
        beam100 ??= RecallCurve.Of(certificate.EfRecall.Select(static p => ((double)p.Ef * HighK / LowK, p.Recall)))!;
        return new RecallCurves(
            beam10, beam100, Work(certificate, LowK) ?? beam10, Work(certificate, HighK) ?? beam100,
            certificate.CodesRecall10 ?? double.NaN, certificate.CodesRecall100 ?? certificate.CodesRecall10 ?? double.NaN);
    }

    /// <summary>Recall of whole walks; beyond the widths that were measured the curves go on as they came.</summary>
    /// <param name="k">Nodes wanted, 1 or more.</param>
    /// <param name="ef">Beam width.</param>
    public double OfBeam(double k, double ef)
    {
        Debug.Assert(k > 0 && ef > 0);
        if (k <= LowK)
            return beam10.Beyond(ef);
        double high = beam100.Beyond(ef * HighK / k);
        return k >= HighK ? high : Between(beam10.Beyond(ef * LowK / k), high, k);
    }

    /// <summary>Recall of a scan by codes; NaN where it was not measured.</summary>
    /// <param name="k">Results wanted.</param>
    public double OfCodes(int k) => k <= LowK ? codes10 : k >= HighK ? codes100 : Between(codes10, codes100, k);

    /// <summary>Recall of walks that were stopped.</summary>
    /// <param name="k">Nodes wanted.</param>
    /// <param name="expanded">Nodes expanded until then.</param>
    public double OfWork(double k, int expanded) =>
        expanded <= 0 ? 0
        : k <= LowK ? work10.At(expanded)
        : k >= HighK ? work100.At(expanded * HighK / k)
        : Between(work10.At(expanded), work100.At(expanded), k);

    private static RecallCurve? Work(Certificate certificate, int k) =>
        RecallCurve.Of(certificate.CutRecall.Where(p => p.K == k).Select(static p => ((double)p.Expanded, p.Recall)));

    /// <summary>As along a curve: the logarithm of what is missed is taken as linear in that of k.</summary>
    private static double Between(double low, double high, double k)
    {
        double lowMissed = Math.Log(Math.Max(1 - low, RecallCurve.LeastMissed));
        double highMissed = Math.Log(Math.Max(1 - high, RecallCurve.LeastMissed));
        return 1 - Math.Exp(lowMissed + Math.Log10(k / LowK) * (highMissed - lowMissed));
    }
}
