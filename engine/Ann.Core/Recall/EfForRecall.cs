using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Recall;

/// <summary>Turns a wanted recall into a beam width, by what was measured of the segments.</summary>
internal static class EfForRecall
{
    /// <summary>
    /// The smallest beam width whose recall over all segments, each counted by its rows, reaches a target; the default width where nothing
    /// was measured. Beyond the widths that were measured the curves go on as they came.
    /// </summary>
    /// <param name="segments">Of the index; held.</param>
    /// <param name="asked">k, recall wanted, and of how many of the items.</param>
    /// <param name="correction">
    /// What live recall says of such requests, beside what <see cref="Certified"/> says; <see cref="RecallCorrection.None"/> for nothing.
    /// </param>
    /// <param name="most">Widest beam that latency allows; k where k is larger.</param>
    public static RecallWidth Of(IReadOnlyList<LiveSegment> segments, in RecallWish asked, RecallCorrection correction, int most)
    {
        int k = asked.K;
        most = Math.Clamp(most, k, Math.Max(k, SearchParameters.MaxEfSearch));
        bool isMeasured = false;
        foreach (LiveSegment segment in segments)
            isMeasured |= segment.Recall is not null && segment.Count > 0;
        if (!isMeasured)
            return new RecallWidth(Math.Min(SearchParameters.DefaultEfSearch(k), most), double.NaN, IsReached: true);
        int low = k;
        int high = most;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (Reaches(segments, in asked, correction, middle, out _))
                high = middle;
            else
                low = middle + 1;
        }
        bool isReached = Reaches(segments, in asked, correction, low, out double missed);
        return new RecallWidth(low, 1 - missed, isReached);
    }

    private static bool Reaches(
        IReadOnlyList<LiveSegment> segments, in RecallWish asked, RecallCorrection correction, int ef, out double missed)
    {
        double certified = Certified(segments, in asked, ef);
        missed = correction.MissedAt(asked.K, ef, certified, isCautious: true);
        // On the safe side where samples are few: of several widths that seem to do, one is the luckiest.
        return missed + correction.DeviationAt(asked.K, ef, missed) <= 1 - asked.Target;
    }

    /// <summary>
    /// Share that walks of a width miss by the curves; NaN where nothing was measured. Of a selection as if it lay anyhow to the query.
    /// </summary>
    /// <param name="segments">Of the index; held.</param>
    /// <param name="asked">k, and of how many of the items.</param>
    /// <param name="ef">Beam width.</param>
    public static double Certified(IReadOnlyList<LiveSegment> segments, in RecallWish asked, int ef)
    {
        double share = asked.Selectivity;
        double wanted = asked.K;
        double width = ef;
        if (share < 1)
        {
            wanted /= share;
            width = MaskedPlanner.WantedOf(asked.K, ef, share) / share;
        }
        double missed = 0;
        double rows = 0;
        foreach (LiveSegment segment in segments)
        {
            if (segment.Recall is not { } curves || segment.Count == 0)
                continue;
            missed += segment.Count * (ef >= segment.Count * share ? 0 : 1 - curves.OfBeam(wanted, width));
            rows += segment.Count;
        }
        return missed / rows; // NaN without any
    }
}

/// <summary>What is asked of a beam width.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Target">Recall wanted, above 0 and below 1.</param>
/// <param name="Selectivity">Share of the items that may be returned, above 0; 1 for all.</param>
internal readonly record struct RecallWish(int K, double Target, double Selectivity = 1);

/// <summary>A beam width for a recall.</summary>
/// <param name="Ef">k to the widest that is allowed.</param>
/// <param name="Recall">Expected of it; NaN when nothing was measured.</param>
/// <param name="IsReached">False when no width that is allowed is known to reach the target.</param>
internal readonly record struct RecallWidth(int Ef, double Recall, bool IsReached);
