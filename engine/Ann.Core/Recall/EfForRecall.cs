using System.Globalization;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Segments;

namespace Ann.Core.Recall;

/// <summary>Turns a wanted recall into a beam width, by what was measured of the segments.</summary>
public static class EfForRecall
{
    /// <summary>Refuses a target that no beam width means.</summary>
    /// <param name="target">Recall wanted.</param>
    /// <param name="hasEf">True when the request names a beam width too.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>, field <c>recall_target</c>.</exception>
    public static void Validate(double target, bool hasEf)
    {
        if (!(target is > 0 and < 1))
        {
            throw AnnException.Invalid(
                "recall_target",
                string.Create(CultureInfo.InvariantCulture, $"recall_target is {target}; it must be above 0 and below 1."));
        }
        if (hasEf)
            throw AnnException.Invalid("recall_target", "recall_target and ef_search are both set; set one of them.");
    }

    /// <summary>
    /// The smallest beam width whose recall over all segments, each counted by its rows, reaches a target; the default width where nothing
    /// was measured. Beyond the widths that were measured the curves go on as they came.
    /// </summary>
    /// <param name="index">The index; held.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="target">Recall wanted, above 0 and below 1.</param>
    /// <param name="factor">What live recall says that the width is to be multiplied by, 1 or more.</param>
    /// <param name="most">Widest beam that latency allows; k where k is larger.</param>
    /// <returns>k to the larger of <paramref name="most"/> and k.</returns>
    public static int Of(IndexSnapshot index, int k, double target, double factor, int most)
    {
        ArgumentNullException.ThrowIfNull(index);
        most = Math.Clamp(most, k, Math.Max(k, SearchParameters.MaxEfSearch));
        List<(RecallCurves Curves, int Rows)> measured = [];
        foreach (LiveSegment segment in index.Segments)
        {
            if (segment.Recall is { } curves && segment.Count > 0)
                measured.Add((curves, segment.Count));
        }
        int ef = measured.Count == 0 ? SearchParameters.DefaultEfSearch(k) : Smallest(measured, k, target, most);
        return (int)Math.Clamp(Math.Ceiling(ef * factor), k, most);
    }

    private static int Smallest(List<(RecallCurves Curves, int Rows)> measured, int k, double target, int most)
    {
        int low = k;
        int high = most;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (Recall(measured, k, middle) >= target)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    private static double Recall(List<(RecallCurves Curves, int Rows)> measured, int k, int ef)
    {
        double found = 0;
        double rows = 0;
        foreach ((RecallCurves curves, int count) in measured)
        {
            found += count * (ef >= count ? 1 : curves.OfWideBeam(k, ef));
            rows += count;
        }
        return found / rows;
    }
}
