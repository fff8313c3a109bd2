using System.Diagnostics;

namespace Ann.Core.Segments;

/// <summary>
/// Recall over work, from measured points. Between two points the logarithm of what is missed is taken as linear in the logarithm of the
/// work: measured curves are nearly straight in that scale.
/// </summary>
/// <param name="work">Logarithms of the work at each point, ascending.</param>
/// <param name="missed">Logarithms of what was missed there, never ascending.</param>
internal sealed class RecallCurve(double[] work, double[] missed)
{
    /// <summary>No measurement tells less from nothing missed.</summary>
    public const double LeastMissed = 1e-4;

    /// <summary>Beyond the last point the curve falls at least so steeply: where it is flat it was measured coarsely.</summary>
    private const double LeastSlope = 0.1;

    private readonly double[] _work = work;
    private readonly double[] _missed = missed;

    /// <summary>Makes a curve of points in any order; those that no measurement gives are left out. Null when none is left.</summary>
    public static RecallCurve? Of(IEnumerable<(double Work, double Recall)> points)
    {
        (double Work, double Recall)[] sorted =
        [
            .. points.Where(static p => p.Work > 0 && p.Recall is >= 0 and <= 1)
                .OrderBy(static p => p.Work).DistinctBy(static p => p.Work),
        ];
        if (sorted.Length == 0)
            return null;
        double[] work = new double[sorted.Length];
        double[] missed = new double[sorted.Length];
        double least = 1;
        for (int i = 0; i < sorted.Length; i++)
        {
            least = Math.Min(least, Math.Max(1 - sorted[i].Recall, LeastMissed)); // more work never finds less, but for chance
            work[i] = Math.Log(sorted[i].Work);
            missed[i] = Math.Log(least);
        }
        return new RecallCurve(work, missed);
    }

    /// <summary>
    /// Recall at some work, above 0. Below the first point it goes on as the curve came there, but falls no faster than to 0 with the work;
    /// beyond the last one it stays.
    /// </summary>
    public double At(double work)
    {
        Debug.Assert(work > 0);
        double place = Math.Log(work);
        if (place <= _work[0])
        {
            double share = (1 - Math.Exp(_missed[0])) * (work / Math.Exp(_work[0]));
            return Math.Max(share, 1 - Math.Exp(_missed[0] + FirstSlope * (_work[0] - place)));
        }
        int last = _work.Length - 1;
        if (place >= _work[last])
            return 1 - Math.Exp(_missed[last]);
        int next = 1;
        while (_work[next] < place)
            next++;
        double part = (place - _work[next - 1]) / (_work[next] - _work[next - 1]);
        return 1 - Math.Exp(_missed[next - 1] + part * (_missed[next] - _missed[next - 1]));
    }

    /// <summary>How steeply the curve falls from its first point to its second; without one, or where it is flat, no guess.</summary>
    private double FirstSlope =>
        _work.Length > 1 && _missed[0] > _missed[1] ? (_missed[0] - _missed[1]) / (_work[1] - _work[0]) : double.MaxValue;

    /// <summary>As <see cref="At"/>, but beyond the last point the curve goes on as it came: for the work that a target needs.</summary>
    public double Beyond(double work)
    {
        int last = _work.Length - 1;
        double place = Math.Log(work);
        if (place <= _work[last])
            return At(work);
        double slope = last == 0 ? 0 : (_missed[last - 1] - _missed[last]) / (_work[last] - _work[last - 1]);
        return 1 - Math.Exp(_missed[last] - Math.Max(slope, LeastSlope) * (place - _work[last]));
    }
}
