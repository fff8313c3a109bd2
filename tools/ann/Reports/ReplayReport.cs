namespace Ann.Tool.Reports;

/// <summary>What <c>ann replay</c> found.</summary>
/// <param name="Sent">Calls that were sent again.</param>
/// <param name="Skipped">Calls whose request was not kept.</param>
/// <param name="Failed">Of those sent, calls that failed now.</param>
/// <param name="Then">Times when they were written; null where none was sent.</param>
/// <param name="Now">Times of those that were answered now, the wire included; null where none was.</param>
/// <param name="Overlap">Mean share of the keys of then that the answers of now have; null where none could be compared.</param>
/// <param name="Calls">Each, the slowest of then first.</param>
internal sealed record ReplayReport(
    int Sent, int Skipped, int Failed, ReplayTimes? Then, ReplayTimes? Now, double? Overlap, IReadOnlyList<ReplayedCall> Calls);

/// <summary>Times of several calls, milliseconds.</summary>
/// <param name="P50Ms">The median.</param>
/// <param name="P99Ms">The 99th percentile.</param>
/// <param name="MaxMs">The longest.</param>
internal sealed record ReplayTimes(double P50Ms, double P99Ms, double MaxMs);

/// <summary>A call that was sent again.</summary>
/// <param name="Time">When it was written.</param>
/// <param name="Method">Service and method.</param>
/// <param name="Index">The index; null where it is not known.</param>
/// <param name="StatusThen">gRPC's name of its status then.</param>
/// <param name="StatusNow">And now.</param>
/// <param name="ThenMs">Its time in the server then.</param>
/// <param name="NowMs">Its time now, as its caller sees it.</param>
/// <param name="Overlap">Share of the keys of then that are in the answer now; null where there is nothing to compare.</param>
/// <param name="RequestTag">The caller's own mark of it.</param>
internal sealed record ReplayedCall(
    DateTimeOffset Time, string Method, string? Index, string StatusThen, string StatusNow, double ThenMs, double NowMs, double? Overlap,
    string? RequestTag);
