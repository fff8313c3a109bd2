using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Tests.Attributes;

namespace Ann.Tests.Ranking;

/// <summary>Goal: of 1,000 random searches, each reason is the one that the items themselves give.</summary>
public sealed class ExplainSearchTests
{
    private const int Cases = 1000;
    private const int Seed = 518;

    [Fact]
    public void Every_reason_is_right()
    {
        Dictionary<ExplainVerdict, int> seen = [];
        foreach (Metric metric in new[] { Metric.L2, Metric.InnerProduct })
        {
            using ExplainWorld world = new(metric, Seed);
            Random random = new(Seed);
            for (int number = 0; number < Cases / 2; number++)
            {
                ExplainCase one = ExplainCase.Next(world, random, new RandomFilters(Seed + number));
                string where = $"seed {Seed}, {metric}, case {number}: key {one.Key}, {one.Query}";
                ExplainVerdict verdict = Check(world, one, where);
                seen[verdict] = seen.GetValueOrDefault(verdict) + 1;
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}: {string.Join(", ", seen)}");
        foreach (ExplainVerdict verdict in Enum.GetValues<ExplainVerdict>())
            Assert.True(verdict == ExplainVerdict.Unknown || seen.ContainsKey(verdict), $"seed {Seed}: {verdict} never came");
    }

    /// <summary>Under cosine the place in an exact answer is the exact rank, for every item.</summary>
    [Fact]
    public void Under_cosine_the_ranks_are_those_of_the_exact_answer()
    {
        using ExplainWorld world = new(Metric.Cosine, 7);
        RankingQuery query = new() { K = 50, Exact = true };
        int returned = 0;
        foreach (ExplainWorld.Item item in world.Items)
        {
            Explanation found = Explain(world, [0.3f, -1.7f, 2.9f, 0.1f, 4, -2.2f], 1, query, item.Key);
            Assert.Equal(found.ExactRank <= 50 ? ExplainVerdict.Returned : ExplainVerdict.Outranked, found.Verdict);
            Assert.Equal(found.ExactRank <= 50 ? (int?)found.ExactRank : null, found.Position);
            returned += found.Position is null ? 0 : 1;
        }
        Assert.Equal(50, returned);
    }

    /// <summary>Wherever the budget ends it, it says so; otherwise the answer is the whole one.</summary>
    [Fact]
    public void A_stopped_search_gives_no_reason()
    {
        using ExplainWorld world = new(Metric.L2, 7);
        RankingQuery query = new() { K = 3, EfSearch = 3, Caps = [new Cap("brand", 1)], Filter = new Filter.Exists("stock") };
        ulong key = world.Items.First(item => item.IsTakenBy(query.Filter)).Key;
        float[] row = world.NewRow();
        Explanation whole = Explain(world, row, 1, query, key);
        int stops = 0;
        for (int looks = 0; ; looks++, stops++)
        {
            SearchBudget budget = SearchBudget.Unlimited with { Limit = new CheckLimit(looks) };
            Explanation found = ExplainSearch.Run(world.Index, row, 1, query, new ItemKey(key), [], in budget);
            if (found.Stopped == StopReason.None)
            {
                Assert.Equal(whole.Text, found.Text);
                break;
            }
            Assert.Equal((ExplainVerdict.Unknown, StopReason.Deadline), (found.Verdict, found.Stopped));
        }
        Assert.True(stops > 3, $"stopped at {stops} looks only");
    }

    [Fact]
    public void What_cannot_be_explained_is_refused()
    {
        using ExplainWorld world = new(Metric.L2, 7);
        RankingQuery query = new() { K = 3 };
        float[] row = world.NewRow();
        Assert.Equal("queries", Field(() => Explain(world, [.. row, .. row], 2, query, 1)));
        Assert.Equal("queries", Field(() => Explain(world, [float.NaN, .. row[1..]], 1, query, 1)));
        Assert.Equal("key", Field(() => ExplainSearch.Run(world.Index, row, 1, query, new ItemKey("a"u8), [], SearchBudget.Unlimited)));
        RankingQuery wrong = query with { Floors = [new Floor(new Filter.Exists("colour"), 1)] };
        Assert.StartsWith("floors[0].filter", Field(() => Explain(world, row, 1, wrong, 99_999)), StringComparison.Ordinal);

        static string Field(Action ask) => Assert.Throws<AnnException>(ask).Field!;
    }

    private static ExplainVerdict Check(ExplainWorld world, ExplainCase one, string where)
    {
        Explanation found = ExplainSearch.Run(
            world.Index, one.Flat, one.Rows.Length, one.Query, new ItemKey(one.Key), one.Exclusions, SearchBudget.Unlimited);
        Assert.Equal(StopReason.None, found.Stopped);
        ExplainVerdict expected = one.Expected(world, out int position, out int[] capped, out int? neededEf);
        Assert.True(expected == found.Verdict, $"{where}: {expected} expected, {found.Verdict} found");
        Assert.True(found.Text.EndsWith('.'), where);
        if (expected == ExplainVerdict.NoSuchItem)
        {
            Assert.True(found is { Distance: null, ExactRank: null, Position: null, IsReachable: false }, where);
            return expected;
        }
        ExplainWorld.Item item = world.Find(one.Key)!;
        bool isLeft = expected is not (ExplainVerdict.Filtered or ExplainVerdict.Excluded);
        ExplainWorld.Item[] among = isLeft ? one.Allowed(world) : one.Ordered(world, world.Items);
        Assert.True(world.DistanceOf(item, one.Rows, out int row) == found.Distance, where);
        Assert.True(row == found.Row, where);
        Assert.True(Array.IndexOf(among, item) + 1 == found.ExactRank, $"{where}: rank {found.ExactRank}");
        Assert.True((position < 0 ? null : position + 1) == found.Position, where);
        Assert.True(capped.SequenceEqual(found.CappedBy), where);
        Assert.True(neededEf == found.NeededEf, $"{where}: ef {neededEf} expected, {found.NeededEf} found");
        Assert.True(world.IsReachable(one.Key) == found.IsReachable, where);
        Assert.True(one.NamesOf(one.Key).SequenceEqual(found.ExcludedBy), where);
        Assert.Contains($"number {found.ExactRank} of", found.Text, StringComparison.Ordinal);
        bool isTaken = one.Query.Filter is null || item.IsTakenBy(one.Query.Filter);
        Assert.True(isTaken == (found.FailedClauses.Count == 0), where);
        foreach (FailedClause clause in found.FailedClauses)
            Assert.False(item.IsTakenBy(one.ClauseAt(clause.Path)), $"{where}: {clause.Path}");
        if (one.Query.Filter is Filter.AllOf { Clauses: { Count: > 1 } all } && all.All(static clause => clause is Filter.Exists))
        {
            IEnumerable<string> paths = all.Index().Where(each => !item.IsTakenBy(each.Item))
                .Select(each => $"all_of[{each.Index}].exists");
            Assert.True(paths.SequenceEqual(found.FailedClauses.Select(static clause => clause.Path)), where);
        }
        return expected;
    }

    private static Explanation Explain(ExplainWorld world, float[] rows, int count, RankingQuery query, ulong key) =>
        ExplainSearch.Run(world.Index, rows, count, query, new ItemKey(key), [], SearchBudget.Unlimited);
}
