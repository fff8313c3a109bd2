using Ann.Core.Segments;

namespace Ann.Core.Recall;

/// <summary>Whether an exact scan answers a wanted recall better than a walk: by what either would cost.</summary>
internal static class ScanInstead
{
    /// <summary>
    /// Where no beam width is known to reach the target, a scan may cost this many times the widest walk: it reaches it, and takes no
    /// longer than a few such walks.
    /// </summary>
    public const double Patience = 2;

    /// <summary>True when the scan is to be taken.</summary>
    /// <param name="segments">Of the index; held.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="ef">Beam width of the walk.</param>
    /// <param name="selectivity">Share of the items that may be returned; 1 for all.</param>
    /// <param name="patience">Times that it may cost what the walk costs.</param>
    public static bool IsBetter(IReadOnlyList<LiveSegment> segments, int k, int ef, double selectivity, double patience)
    {
        double scan = 0;
        double walk = 0;
        foreach (LiveSegment segment in segments)
        {
            if (segment.Count == 0)
                continue;
            int matches = Math.Clamp((int)Math.Round(segment.Count * selectivity), 1, segment.Count);
            SearchCosts costs = segment.CostsOf(matches, k, ef);
            scan += costs.ExactScanNs;
            walk += costs.WalkNs;
        }
        return scan <= patience * walk;
    }
}
