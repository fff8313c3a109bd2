using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Core.Recall;

/// <summary>
/// The recall that an answer has by what was measured of its segments when they were built, and by the work that was done. Each segment
/// counts by its share of the rows, for so large is its share of the true answer; one that the search did not come to counts as nothing
/// found.
/// </summary>
/// <remarks>
/// <para>A head has no measured curve. It is taken as a graph like that of the largest measured segment: the same data, and never more rows
/// than sealing lets there be.</para>
/// <para>A walk through refused nodes has found the k nearest of those that may be returned when it has found as many nodes more as lie
/// among them: it is taken as a walk for all of these, with the beam that it ended with. Curves are measured without a filter, and how many
/// nodes around the query are refused is what the beam itself tells: no filter that lies anyhow to the query need be guessed.</para>
/// </remarks>
internal readonly struct RecallEstimate
{
    private readonly RecallCurves? _largest;
    private readonly double _rows;
    private readonly int _k;

    /// <param name="segments">That a search visits.</param>
    /// <param name="rows">Rows of all that may be returned; without a selection, all there are.</param>
    /// <param name="k">Results wanted.</param>
    public RecallEstimate(ReadOnlySpan<LiveSegment> segments, double rows, int k)
    {
        int largest = 0;
        _rows = rows;
        foreach (LiveSegment segment in segments)
        {
            if (segment.Recall is not { } curves || segment.Count < largest)
                continue;
            largest = segment.Count;
            _largest = curves;
        }
        _k = k;
    }

    /// <summary>What one segment's search adds to the recall of the whole answer, 0 to 1; NaN when unknown.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="rows">Rows of it that may be returned; without a selection, all there are.</param>
    /// <param name="statistics">Of its search alone.</param>
    /// <param name="k">Results that it was asked for: fewer where it holds few rows. 0 for all that are wanted.</param>
    public double Of(LiveSegment segment, int rows, in SearchStatistics statistics, int k = 0) =>
        rows == 0 ? 0 : Of(segment.Recall ?? _largest, rows, k == 0 ? _k : k, in statistics) * (rows / _rows);

    /// <summary>Recall of the answer of one segment, 0 to 1; NaN when unknown.</summary>
    /// <param name="curves">Measured; null for none.</param>
    /// <param name="rows">Of the segment; of those that may be returned.</param>
    /// <param name="k">Results wanted.</param>
    /// <param name="statistics">Of its search alone.</param>
    public static double Of(RecallCurves? curves, int rows, int k, in SearchStatistics statistics)
    {
        bool stopped = statistics.Stopped != StopReason.None;
        bool scanned = statistics.Plan == SearchPlan.Scan || statistics.EfSearch == 0;
        if (scanned)
        {
            double seen = stopped ? Math.Min(1, (double)statistics.Visited / rows) : 1;
            return statistics.IsByCodes ? seen * (curves?.OfCodes(k) ?? double.NaN) : seen;
        }
        if (!stopped && statistics.EfSearch >= rows)
            return 1; // every node can be reached
        if (curves is null)
            return double.NaN;
        double spread = 1; // nodes that a walk has to find for each one of the answer
        double width = statistics.EfSearch;
        if (statistics.Plan is SearchPlan.FilteredWalk or SearchPlan.TwoHopWalk)
        {
            spread = (double)(statistics.Kept + statistics.Refused) / Math.Max(statistics.Kept, 1);
            width = Math.Max(statistics.Kept, k) * spread;
        }
        double whole = curves.OfBeam(k * spread, width);
        return stopped ? Math.Min(whole, curves.OfWork(k * spread, statistics.Expanded)) : whole;
    }
}
