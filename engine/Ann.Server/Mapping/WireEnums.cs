using System.Diagnostics;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>Values of the core as the wire names them, name by name.</summary>
internal static class WireEnums
{
    /// <summary>How a search was done.</summary>
    public static Wire.Plan ToWire(this SearchPlan plan) => plan switch
    {
        0 => Wire.Plan.Unspecified,
        SearchPlan.Walk => Wire.Plan.Walk,
        SearchPlan.FilteredWalk => Wire.Plan.FilteredWalk,
        SearchPlan.TwoHopWalk => Wire.Plan.TwoHopWalk,
        SearchPlan.Scan => Wire.Plan.Scan,
        _ => throw new UnreachableException($"The wire has no name for plan {plan}."),
    };

    /// <summary>What became of an item.</summary>
    public static Wire.Verdict ToWire(this ExplainVerdict verdict) => verdict switch
    {
        ExplainVerdict.Unknown => Wire.Verdict.Unspecified,
        ExplainVerdict.Returned => Wire.Verdict.Returned,
        ExplainVerdict.NoSuchItem => Wire.Verdict.NoSuchItem,
        ExplainVerdict.Filtered => Wire.Verdict.Filtered,
        ExplainVerdict.Excluded => Wire.Verdict.Excluded,
        ExplainVerdict.BelowMinScore => Wire.Verdict.BelowMinScore,
        ExplainVerdict.Outranked => Wire.Verdict.Outranked,
        ExplainVerdict.Capped => Wire.Verdict.Capped,
        ExplainVerdict.Displaced => Wire.Verdict.Displaced,
        ExplainVerdict.MissedByWalk => Wire.Verdict.MissedByWalk,
        ExplainVerdict.Unreachable => Wire.Verdict.Unreachable,
        _ => throw new UnreachableException($"The wire has no name for verdict {verdict}."),
    };
}
