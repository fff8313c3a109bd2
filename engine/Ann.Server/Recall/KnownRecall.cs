using Ann.Core.Recall;
using Ann.Core.Searching;

namespace Ann.Server.Recall;

/// <summary>What the samples of one kind of query say of the certificate: of walks, and of scans by codes. A value.</summary>
/// <param name="Walks">By beam width, beside what the certificate says of the walk as it went.</param>
/// <param name="Plans">By beam width, beside what the certificate says before the walk: what widths are chosen by.</param>
/// <param name="Scans">All at one width, for a scan has none.</param>
internal sealed record KnownRecall(RecallCorrection Walks, RecallCorrection Plans, RecallCorrection Scans)
{
    /// <summary>Samples from which on the recall of scans by codes is told where the certificate does not know it.</summary>
    private const double LeastScans = 50;

    /// <summary>No sample.</summary>
    public static KnownRecall Nothing { get; } = new(RecallCorrection.None, RecallCorrection.None, RecallCorrection.None);

    /// <summary>The same and one more.</summary>
    public KnownRecall After(in MeasuredAnswer answer)
    {
        double missed = Math.Clamp(1 - answer.WalkRecall, 0, 1);
        switch (answer.Way)
        {
            case AnswerWay.Walk:
                return this with
                {
                    Walks = With(Walks, answer.K, answer.Ef, 1 - answer.Certified, missed),
                    Plans = With(Plans, answer.K, answer.Ef, answer.PlannedMiss, missed),
                };
            case AnswerWay.ScanByCodes:
                double certified = double.IsNaN(answer.Certified) ? 0 : 1 - answer.Certified;
                return this with { Scans = With(Scans, answer.K, answer.K, certified, missed) };
            default:
                return this;
        }
    }

    /// <summary>The same with less weight.</summary>
    public KnownRecall Weaker(double share, double most) =>
        new(Walks.Weaker(share, most), Plans.Weaker(share, most), Scans.Weaker(share, most));

    /// <summary>Recall of an answer, 0 to 1; NaN when unknown.</summary>
    /// <param name="parameters">It was searched with.</param>
    /// <param name="statistics">Of its search, with the recall that the certificate says.</param>
    public double Estimate(in SearchParameters parameters, in SearchStatistics statistics)
    {
        double certified = statistics.EstimatedRecall;
        switch (WayOf(in parameters, in statistics))
        {
            case AnswerWay.Walk:
                return double.IsNaN(certified)
                    ? certified
                    : 1 - Walks.MissedAt(parameters.K, parameters.BeamWidth, Math.Clamp(1 - certified, 0, 1));
            case AnswerWay.ScanByCodes:
                if (double.IsNaN(certified) && Scans.Weight < LeastScans)
                    return certified;
                double missed = double.IsNaN(certified) ? 0 : Math.Clamp(1 - certified, 0, 1);
                return 1 - Scans.MissedAt(parameters.K, parameters.K, missed);
            default:
                return certified;
        }
    }

    /// <summary>How much is known of such an answer: weight of the samples near it.</summary>
    public double WeightOf(AnswerWay way, int k, int ef) => way switch
    {
        AnswerWay.Walk => Walks.WeightNear(k, ef),
        AnswerWay.ScanByCodes => Scans.WeightNear(k, k),
        _ => double.PositiveInfinity, // nothing is to be learnt
    };

    /// <summary>How an answer was found.</summary>
    public static AnswerWay WayOf(in SearchParameters parameters, in SearchStatistics statistics) =>
        parameters.Exact ? AnswerWay.ExactScan
        : statistics.Plan != SearchPlan.Scan ? AnswerWay.Walk
        : statistics.IsByCodes ? AnswerWay.ScanByCodes
        : AnswerWay.ExactScan;

    private static RecallCorrection With(RecallCorrection correction, int k, int ef, double certified, double missed) =>
        double.IsNaN(certified) ? correction : correction.After(k, ef, Math.Clamp(certified, 0, 1), missed);
}

/// <summary>How an answer was found, as far as its recall goes.</summary>
internal enum AnswerWay
{
    /// <summary>By the graph.</summary>
    Walk,

    /// <summary>By the codes of all that may be returned.</summary>
    ScanByCodes,

    /// <summary>By their rows.</summary>
    ExactScan,
}

/// <summary>A query that was asked again exactly.</summary>
/// <param name="Recall">Of the answer that was given, 0 to 1.</param>
/// <param name="Way">How it was found, or how it would have been found but for the scan that reached its target.</param>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Beam width of that walk.</param>
/// <param name="Certified">Recall of that walk by the certificate; NaN when unknown.</param>
/// <param name="PlannedMiss">Share that the certificate says such walks miss, before one is done; NaN when unknown.</param>
/// <param name="WalkRecall">Measured of it: the same as <paramref name="Recall"/> where it is what was answered.</param>
/// <param name="EfFactor">Beam width over the one that the certificate alone would take for its target; null without a target.</param>
internal readonly record struct MeasuredAnswer(
    double Recall, AnswerWay Way, int K, int Ef, double Certified, double PlannedMiss, double WalkRecall,
    double? EfFactor = null);
