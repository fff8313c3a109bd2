using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

/// <summary>
/// Goal: searching in rounds gives what choosing from all items would. Method: the same items as one problem, its candidates all of them;
/// small ones by every subset, larger ones by the choice that proves itself.
/// </summary>
public class QuotaSearchTests
{
    private static readonly Filter Any = new Filter.Exists("any"); // floors are evaluated by the source

    [Theory]
    [InlineData(Metric.Cosine, 1)]
    [InlineData(Metric.L2, 2)]
    [InlineData(Metric.InnerProduct, 3)]
    public void SmallCasesEqualEverySubsetTried(Metric metric, int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 700; run++)
        {
            int rows = random.Next(1, 4);
            (MemorySource source, RankingQuery query, float[] queries) = Case(random, metric, random.Next(1, 12), random.Next(1, 7), rows);
            RankingAnswer answer = Run(source, queries, query);
            QuotaProblem all = Problem(source, query, queries, out int[] items, out _);
            QuotaValue got = ValueOf(all, items, answer);
            QuotaValue best = QuotaCases.Best(all);
            Assert.True(got.Missing == best.Missing && got.Count == best.Count, $"seed {seed}, run {run}: {got} of {best}");
            Assert.False(best.IsBetterThan(new QuotaValue(got.Missing, got.Count, got.Score + 1e-5)),
                $"seed {seed}, run {run}: {got} of {best}");
        }
    }

    [Theory]
    [InlineData(Metric.Cosine, 4)]
    [InlineData(Metric.L2, 5)]
    [InlineData(Metric.InnerProduct, 6)]
    [InlineData(Metric.InnerProduct, 105)] // a union under one cap, of which one row had too few
    public void LargerCasesAreAsFullAndLoseAtMost2Percent(Metric metric, int seed)
    {
        Random random = new(seed);
        double worst = 0;
        int searches = 0;
        for (int run = 0; run < 400; run++)
        {
            int rows = random.Next(1, 3);
            (MemorySource source, RankingQuery query, float[] queries) = Case(random, metric, random.Next(50, 300),
                random.Next(1, 13), rows);
            RankingAnswer answer = Run(source, queries, query);
            QuotaProblem all = Problem(source, query, queries, out int[] items, out _);
            QuotaValue got = ValueOf(all, items, answer);
            QuotaValue best = QuotaSelection.Run(all).Value;
            Assert.True(got.Missing <= best.Missing && (got.Missing < best.Missing || got.Count >= best.Count),
                $"seed {seed}, run {run}: {got} of {best}");
            if (got.Missing == best.Missing && got.Count == best.Count)
                worst = Math.Max(worst, (best.Score - got.Score) / Math.Abs(best.Score));
            searches += source.Searches;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"worst loss {worst:P3}, {searches / 400.0:F1} searches a list");
        Assert.True(worst <= 0.02, $"seed {seed}: a loss of {worst:P2}");
    }

    [Fact]
    public void ValuesThatAreFullAreNotLookedAtAgain()
    {
        // 900 items of one value are nearest; the others, one value each, come after them.
        float[][] rows = [.. Enumerable.Range(0, 1000).Select(item => new[] { 1000f - item })];
        MemorySource source = new(
            Metric.InnerProduct, rows, [AttributeType.Keyword],
            [.. Enumerable.Range(0, 1000).Select(item => new[] { new[] { item < 900 ? "big" : $"v{item}" } })],
            [.. Enumerable.Range(0, 1000).Select(_ => Array.Empty<bool>())]);
        RankingAnswer answer = Run(source, [1], new RankingQuery { K = 20, Caps = [new Cap("a", 3)] });

        Assert.Equal([0, 1, 2, .. Enumerable.Range(900, 17)], answer.Hits.Select(hit => hit.Node));
        Assert.Equal(2, source.Searches);
        Assert.Equal(new QuotaFact(0, 0, -1, "big", 17), Assert.Single(answer.Quotas));
    }

    [Fact]
    public void AFloorBringsItemsFromFarAwayAndTellsWhatIsMissing()
    {
        float[][] rows = [.. Enumerable.Range(0, 500).Select(item => new[] { 500f - item })];
        MemorySource source = new(
            Metric.InnerProduct, rows, [], [.. rows.Select(_ => Array.Empty<string[]>())],
            [.. Enumerable.Range(0, 500).Select(item => new[] { item >= 497, item == 250 })]);
        RankingAnswer answer = Run(source, [1], new RankingQuery { K = 6, Floors = [new Floor(Any, 2), new Floor(Any, 3)] });

        Assert.Equal([0, 1, 2, 250, 497, 498], answer.Hits.Select(hit => hit.Node));
        Assert.Equal(new QuotaFact(0, -1, 1, "", 2), Assert.Single(answer.Quotas));
    }

    [Fact]
    public void FloorsThatNoKItemsMeetApartAreMetByItemsOfBothKinds()
    {
        float[][] rows = [.. Enumerable.Range(0, 400).Select(item => new[] { 400f - item })];
        MemorySource source = new(
            Metric.InnerProduct, rows, [], [.. rows.Select(_ => Array.Empty<string[]>())],
            [.. Enumerable.Range(0, 400).Select(item => new[] { item < 200 || item >= 398, item >= 200 })]);
        RankingAnswer answer = Run(source, [1], new RankingQuery { K = 2, Floors = [new Floor(Any, 2), new Floor(Any, 2)] });

        Assert.Equal([398, 399], answer.Hits.Select(hit => hit.Node));
        Assert.Empty(answer.Quotas);
    }

    [Fact]
    public void APassedDeadlineGivesWhatTheFirstSearchFound()
    {
        Random random = new(7);
        MemorySource source = MemorySource.Random(random, Metric.L2, 200, 1, 0, 3);
        RankingAnswer answer = RankingSearch.Run(
            source, MemorySource.Row(random, Metric.L2), new RankingQuery { K = 10, Caps = [new Cap("a", 1)] },
            new SearchBudget(0, default));

        Assert.Equal(StopReason.Deadline, answer.Statistics.Stopped);
        Assert.Equal(1, source.Searches);
        Assert.NotEmpty(answer.Hits);
    }

    [Theory]
    [InlineData(Metric.Cosine, 8)]
    [InlineData(Metric.L2, 9)]
    [InlineData(Metric.InnerProduct, 10)]
    public void DiversityChoosesAsItsDefinitionDoes(Metric metric, int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 300; run++)
        {
            (MemorySource source, RankingQuery query, float[] queries) = Case(random, metric, random.Next(1, 10), random.Next(1, 5), 1);
            query = query with { Diversity = new Diversity(random.Next(5) / 4f, 64) };
            RankingAnswer answer = Run(source, queries, query);
            QuotaProblem all = Problem(source, query, queries, out int[] items, out _);
            List<int> naive = DiverseSelectionTests.Naive(
                all, query.Diversity.Lambda, (a, b) => source.Score(source.Distance(source.RowOf(items[a]), items[b])));
            Assert.True(
                naive.Select(item => items[item]).SequenceEqual(answer.Hits.Select(hit => hit.Node)),
                $"seed {seed}, run {run}: {string.Join(' ', naive.Select(item => items[item]))} is not "
                    + $"{string.Join(' ', answer.Hits.Select(hit => hit.Node))}");
        }
    }

    [Fact]
    public void AUnionHasEachItemOnceForItsBestRow()
    {
        const int seed = 11;
        Random random = new(seed);
        for (int run = 0; run < 500; run++)
        {
            Metric metric = (Metric)random.Next(1, 4);
            int rows = random.Next(1, 5);
            MemorySource source = MemorySource.Random(random, metric, random.Next(1, 200), 0, 0, 1);
            float[] queries = [.. Enumerable.Range(0, rows).SelectMany(_ => MemorySource.Row(random, metric))];
            int k = random.Next(rows, 20);
            RankingQuery query = new() { K = k, Union = new UnionMerge(random.Next(k / rows + 1)) };
            RankingAnswer answer = Run(source, queries, query);
            Problem(source, query, queries, out int[] items, out int[] best);

            Assert.Equal([0, answer.Hits.Count], answer.Offsets);
            Assert.Equal(answer.Hits.Count, answer.Hits.Select(hit => hit.Node).Distinct().Count());
            Assert.Equal(answer.Hits.Select(hit => best[Array.IndexOf(items, hit.Node)]), answer.FromRows);
            Assert.Equal(answer.Hits.OrderBy(hit => hit.Distance).ThenBy(hit => hit.Node), answer.Hits);
            for (int row = 0; row < rows; row++)
            {
                int least = Math.Min(query.Union.LeastPerRow, best.Count(own => own == row));
                Assert.True(answer.FromRows.Count(own => own == row) >= least,
                    $"seed {seed}, run {run}: row {row} brings fewer than {least}");
            }
        }
    }

    private static RankingAnswer Run(MemorySource source, float[] queries, RankingQuery query) =>
        RankingSearch.Run(source, queries, query, SearchBudget.Unlimited);

    private static (MemorySource Source, RankingQuery Query, float[] Queries) Case(Random random, Metric metric, int count, int k, int rows)
    {
        int caps = random.Next(0, 4);
        int floors = random.Next(0, 3);
        MemorySource source = MemorySource.Random(random, metric, count, caps, floors, mostValues: 8);
        RankingQuery query = new()
        {
            K = k,
            Caps = [.. Enumerable.Range(0, caps).Select(_ => new Cap("a", random.Next(1, 4)))],
            Floors = [.. Enumerable.Range(0, floors).Select(_ => new Floor(Any, random.Next(1, k + 1)))],
            Union = new UnionMerge(random.Next(2) == 0 ? 0 : k / rows),
        };
        return (source, query, [.. Enumerable.Range(0, rows).SelectMany(_ => MemorySource.Row(random, metric))]);
    }

    /// <summary>All items as one problem.</summary>
    /// <param name="source">The items.</param>
    /// <param name="query">What is asked.</param>
    /// <param name="queries">The rows.</param>
    /// <param name="items">The item of each candidate.</param>
    /// <param name="best">The row that each candidate is nearest to.</param>
    private static QuotaProblem Problem(MemorySource source, RankingQuery query, float[] queries, out int[] items, out int[] best)
    {
        int rows = queries.Length / source.Dimension;
        (int Item, int Row, float Distance)[] all = [.. Enumerable.Range(0, source.Count)
            .Select(item => Enumerable.Range(0, rows)
                .Select(row => (item, row, Distance: source.Distance(queries.AsSpan(row * source.Dimension, source.Dimension), item)))
                .MinBy(pair => pair.Distance))
            .OrderBy(pair => pair.Distance).ThenBy(pair => pair.item)];
        items = [.. all.Select(one => one.Item)];
        best = [.. all.Select(one => one.Row)];
        QuotaProblem problem = new(query.K);
        Dictionary<(int, string), int> slots = [];
        foreach (Floor floor in query.Floors)
            problem.AddFloor(floor.Least);
        for (int row = 0; query.Union is { LeastPerRow: > 0 } union && row < rows; row++)
            problem.AddFloor(union.LeastPerRow);
        foreach ((int item, int row, float distance) in all)
        {
            List<int> own = [];
            for (int cap = 0; cap < query.Caps.Count; cap++)
            {
                foreach (string value in source.ValuesOf(item, cap))
                {
                    if (!slots.TryGetValue((cap, value), out int slot))
                        slots.Add((cap, value), slot = problem.AddSlot(cap, query.Caps[cap].Most));
                    own.Add(slot);
                }
            }
            List<int> floors = [.. Enumerable.Range(0, query.Floors.Count).Where(floor => source.IsOf(floor, item))];
            if (query.Union is { LeastPerRow: > 0 })
                floors.Add(query.Floors.Count + row);
            problem.Add(source.Score(distance), [.. own], [.. floors]);
        }
        return problem;
    }

    /// <summary>What an answer is worth; fails when it breaks a cap.</summary>
    private static QuotaValue ValueOf(QuotaProblem all, int[] items, RankingAnswer answer)
    {
        int[] chosen = [.. answer.Hits.Select(hit => Array.IndexOf(items, hit.Node))];
        QuotaValue? value = QuotaCases.ValueOf(all, chosen);
        Assert.NotNull(value);
        return value.Value;
    }
}
