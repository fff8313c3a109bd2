using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Server.Mapping;
using Wire = Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: every value of the core has a name of its own on the wire, and nothing else has.</summary>
public sealed class WireEnumsTests
{
    [Fact]
    public void EveryMetricHasATwin() => HaveTwins<Metric, Wire.Metric>();

    [Fact]
    public void EveryKeyKindHasATwin() => HaveTwins<KeyKind, Wire.KeyKind>();

    [Fact]
    public void EveryKindOfCodesHasATwin() => HaveTwins<CodesKind, Wire.Codes>();

    [Fact]
    public void EveryLayoutHasATwin() => HaveTwins<SegmentLayout, Wire.Layout>();

    [Fact]
    public void EveryAttributeTypeHasATwin() => HaveTwins<AttributeType, Wire.AttributeType>();

    [Fact]
    public void EveryWriteModeHasATwin() => HaveTwins<WriteMode, Wire.WriteMode>();

    [Fact]
    public void EveryRoleHasATwin() => HaveTwins<GenerationRole, Wire.GenerationRole>();

    [Fact]
    public void EveryStateHasATwin() => HaveTwins<IndexState, Wire.IndexState>();

    [Fact]
    public void EveryPlanHasATwin()
    {
        HaveTwins<SearchPlan, Wire.Plan>();
        Assert.Equal(Wire.Plan.Unspecified, default(SearchPlan).ToWire());
    }

    [Fact]
    public void EveryVerdictHasAName() => Assert.Equal(
        Enum.GetValues<Wire.Verdict>(), Enum.GetValues<ExplainVerdict>().Select(WireEnum<ExplainVerdict, Wire.Verdict>.ToWire));

    [Fact]
    public void ARequestIsToldWhatThereIs()
    {
        Assert.Equal("metric is Unspecified; it must be COSINE, L2 or INNER_PRODUCT.", Refused<Metric, Wire.Metric>("metric"));
        Assert.Equal("key_kind is Unspecified; it must be UINT64 or STRING.", Refused<KeyKind, Wire.KeyKind>("key_kind"));
        Assert.Equal("codes is Unspecified; it must be F32, INT8 or INT4.", Refused<CodesKind, Wire.Codes>("codes"));
        Assert.Equal("layout is Unspecified; it must be LEAN, FAST or COMPACT.", Refused<SegmentLayout, Wire.Layout>("layout"));
        Assert.Equal("mode is Unspecified; it must be UPSERT, INSERT_ONLY, DELETE or UPDATE.", Refused<WriteMode, Wire.WriteMode>("mode"));
    }

    private static void HaveTwins<TCore, TWire>()
        where TCore : struct, Enum
        where TWire : struct, Enum
    {
        TCore[] values = Enum.GetValues<TCore>();
        TWire[] twins = [.. values.Select(WireEnum<TCore, TWire>.ToWire)];
        Assert.Equal(Enum.GetValues<TWire>()[1..], twins.Order());
        Assert.Equal(values, twins.Select(static twin => WireEnum<TCore, TWire>.Read("field", twin)));
        Assert.Equal(Enum.GetName(values[^1])!, Enum.GetName(twins[^1])!, ignoreCase: true);
        Assert.False(WireEnum<TCore, TWire>.TryRead(default, out _));
        TCore none = (TCore)Enum.ToObject(typeof(TCore), 99);
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => WireEnum<TCore, TWire>.ToWire(none));
        Assert.Contains("99", refused.Message, StringComparison.Ordinal);
    }

    private static string Refused<TCore, TWire>(string field)
        where TCore : struct, Enum
        where TWire : struct, Enum => Assert.Throws<AnnException>(() => WireEnum<TCore, TWire>.Read(field, default)).Message;
}
