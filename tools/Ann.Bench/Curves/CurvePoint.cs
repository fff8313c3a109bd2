namespace Ann.Bench.Curves;

/// <summary>One beam width in one round.</summary>
/// <param name="Ef">Beam width; 0 for a scan.</param>
/// <param name="Recall">Share of right answers, 0 to 1.</param>
/// <param name="Qps">Queries a second.</param>
/// <param name="P50Us">Median time of a call, microseconds.</param>
/// <param name="P99Us">99th percentile of it.</param>
/// <param name="Visited">Distances computed, a mean of a query; negative when unknown.</param>
/// <param name="Allocated">Bytes of managed memory a query; negative when there is none to count.</param>
/// <param name="CpuUs">Processor time of a query, microseconds, without waiting for a processor; negative when unknown.</param>
internal sealed record CurvePoint(
    int Ef, double Recall, double Qps, double P50Us, double P99Us, double Visited, double Allocated, double CpuUs);

/// <summary>What an engine does at a recall.</summary>
/// <param name="Kind">Whether the recall lies on the curve.</param>
/// <param name="Point">Interpolated; the first point of the curve when the recall lies below it; null when it is never reached.</param>
internal readonly record struct CurveValue(CurveValueKind Kind, CurvePoint? Point);

/// <summary>Where a recall lies.</summary>
internal enum CurveValueKind
{
    /// <summary>The widest beam stays below.</summary>
    NeverReached,

    /// <summary>Between two beam widths.</summary>
    OnCurve,

    /// <summary>The narrowest beam is already above.</summary>
    Exceeded,
}
