using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Server.Mapping;
using Ann.Server.Services;
using Ann.Tests.Ranking;
using Filter = Ann.Core.Attributes.Filter;
using KeyKind = Ann.Core.Keys.KeyKind;
using Keys = Ann.Core.Keys.KeyColumn;
using Wire = Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>An explanation as a reply tells it.</summary>
public sealed class ExplainCallTests : IDisposable
{
    private static readonly RankingQuery Plain = new() { K = 5, Exact = true };

    private readonly ExplainWorld _world = new(Metric.L2, 11);
    private readonly float[] _row;
    private readonly ExplainWorld.Item[] _nearest;

    public ExplainCallTests()
    {
        _row = _world.NewRow();
        _nearest = [.. _world.Items.OrderBy(item => _world.DistanceOf(item, [_row], out _)).ThenBy(static item => item.Key)];
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public void An_item_of_the_answer_has_its_score_rank_and_position()
    {
        Wire.ExplainResponse response = Explain(Plain, _nearest[2].Key);
        Assert.Equal(Wire.Verdict.Returned, response.Verdict);
        Assert.Equal(MathF.Sqrt(_world.DistanceOf(_nearest[2], [_row], out _)), response.Score);
        Assert.Equal((3UL, 3U, 0U), (response.ExactRank, response.Position, response.Row));
        Assert.False(response.HasNeededEf);
        Assert.Equal("g", response.Generation);
        Assert.Contains($"Item {_nearest[2].Key} is in the answer, at position 3.", response.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_known_of_an_item_that_is_not_there_is_left_out()
    {
        Wire.ExplainResponse response = Explain(Plain, 99_999);
        Assert.Equal(Wire.Verdict.NoSuchItem, response.Verdict);
        Assert.False(response.HasScore || response.HasExactRank || response.HasPosition || response.HasNeededEf || response.Reachable);
        Assert.Equal("Index 'x', generation g, has no item with key 99999.", response.Explanation);
    }

    [Fact]
    public void What_refuses_an_item_is_named()
    {
        ExplainWorld.Item item = _nearest.First(static item => item.ValuesOf("brand").Length == 0);
        Keys keys = new(KeyKind.UInt64);
        keys.Add(item.Key);
        NamedExclusion[] exclusions = [new("keys", Exclusion.OfKeys(keys)), new("seen:user:42", Exclusion.OfKeys(keys))];
        RankingQuery query = Plain with { Filter = new Filter.Exists("brand"), Excluded = WireExclusions.UnionOf(exclusions) };
        Wire.ExplainResponse response = Explain(query, item.Key, exclusions);

        Assert.Equal(Wire.Verdict.Filtered, response.Verdict);
        Assert.StartsWith("exists: ", Assert.Single(response.FailedClauses), StringComparison.Ordinal);
        Assert.Equal(["keys", "seen:user:42"], response.ExcludedBy);
        response = Explain(query with { Filter = null }, item.Key, exclusions);
        Assert.Equal(Wire.Verdict.Excluded, response.Verdict);
        Assert.Contains("is excluded by keys and seen:user:42.", response.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_cap_is_named_by_its_position()
    {
        ExplainWorld.Item[] sold = [.. _nearest.Where(static item => item.ValuesOf("sale").Contains("True"))];
        RankingQuery query = Plain with { K = 50, Caps = [new Cap("brand", 50), new Cap("sale", 1)] };
        Wire.ExplainResponse response = Explain(query, sold[1].Key);

        Assert.Equal(Wire.Verdict.Capped, response.Verdict);
        Assert.Equal([1U], response.CappedBy);
        Assert.Contains("caps[1] (at most 1 with the same 'sale')", response.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void One_key_of_the_kind_of_the_index_is_taken()
    {
        Assert.Equal("key", Refused(null));
        Assert.Equal("key", Refused(new Wire.KeyColumn { Numbers = { 1, 2 } }));
        Assert.Equal("key", Refused(new Wire.KeyColumn { Texts = { "a" } }));

        string? Refused(Wire.KeyColumn? key) => Assert.Throws<AnnException>(() => ExplainCall.Explain(
            _world.Index, Plain, _row, key, [], SearchBudget.Unlimited, out _)).Field;
    }

    [Fact]
    public void A_call_whose_budget_ends_says_so()
    {
        SearchBudget budget = SearchBudget.Unlimited with { Limit = new CheckLimit(0, StopReason.Cancelled) };
        Wire.ExplainResponse response = ExplainCall.Explain(
            _world.Index, Plain, _row, new Wire.KeyColumn { Numbers = { _nearest[0].Key } }, [], in budget, out StopReason stopped);
        Assert.Equal((StopReason.Cancelled, Wire.Verdict.Unspecified), (stopped, response.Verdict));
    }

    private Wire.ExplainResponse Explain(RankingQuery query, ulong key, params NamedExclusion[] exclusions)
    {
        Wire.ExplainResponse response = ExplainCall.Explain(
            _world.Index, query, _row, new Wire.KeyColumn { Numbers = { key } }, exclusions, SearchBudget.Unlimited,
            out StopReason stopped);
        Assert.Equal(StopReason.None, stopped);
        return response;
    }
}
