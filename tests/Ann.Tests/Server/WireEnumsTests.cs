using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Server.Mapping;
using Wire = Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: every value of the core has a name of its own on the wire.</summary>
public sealed class WireEnumsTests
{
    [Fact]
    public void EveryPlanHasAName() => Assert.Equal(
        Enum.GetValues<Wire.Plan>().Except([Wire.Plan.Unspecified]), Enum.GetValues<SearchPlan>().Select(WireEnums.ToWire));

    [Fact]
    public void EveryVerdictHasAName() =>
        Assert.Equal(Enum.GetValues<Wire.Verdict>(), Enum.GetValues<ExplainVerdict>().Select(WireEnums.ToWire));
}
