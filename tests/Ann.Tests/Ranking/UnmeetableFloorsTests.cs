using System.Numerics;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

/// <summary>
/// Goal: a floor of a few items that caps keep apart is met as far as it can be, and the list is filled up beside that, or says that a
/// fuller one may exist. Method: every subset of the floor's items is tried, and filled up in several orders.
/// </summary>
public sealed class UnmeetableFloorsTests
{
    private const int Items = 4000;
    private const int Seed = 20_260_716;

    [Fact]
    public void LackNoMoreThanAnySubsetDoes()
    {
        int unproven = 0;
        for (int run = 0; run < 16; run++)
        {
            Random random = new(Seed + run);
            (MemorySource source, RankingQuery query, float[] row) = Case(random);
            RankingAnswer answer = RankingSearch.Run(source, row, query, SearchBudget.Unlimited);
            QuotaProblem all = Problem(source, query, row, out int[] items);
            QuotaValue? got = QuotaCases.ValueOf(all, [.. answer.Hits.Select(hit => Array.IndexOf(items, hit.Node))]);
            QuotaValue best = Fullest(all, random);

            string where = $"seed {Seed + run}: {got} of {best}, {source.Searches} searches";
            Assert.True(got is { } value && value.IsAsFull(best) || !answer.IsFullest, where);
            Assert.True(got!.Value.Missing == best.Missing && got.Value.Count >= best.Count - 1, where);
            Assert.InRange(source.Searches, 1, 150);
            unproven += answer.IsFullest ? 0 : 1;
        }
        Assert.InRange(unproven, 0, 8);
    }

    /// <summary>Choosing takes most of the time here: it looks at the budget, and what was found by then is the list.</summary>
    [Fact]
    public void ADeadlineEndsTheChoosing()
    {
        (MemorySource source, RankingQuery query, float[] row) = Case(new Random(Seed));
        CheckLimit whole = new(int.MaxValue);
        RankingSearch.Run(source, row, query, SearchBudget.Unlimited with { Limit = whole });
        Assert.True(whole.Looks > 3 * source.Searches, $"{whole.Looks} looks, {source.Searches} searches");
        for (int looks = 1; looks < whole.Looks; looks += 1 + whole.Looks / 12)
        {
            CheckLimit limit = new(looks);
            RankingAnswer answer = RankingSearch.Run(source, row, query, SearchBudget.Unlimited with { Limit = limit });
            QuotaProblem all = Problem(source, query, row, out int[] items);
            Assert.Equal(StopReason.Deadline, answer.Statistics.Stopped);
            Assert.NotEmpty(answer.Hits);
            Assert.NotNull(QuotaCases.ValueOf(all, [.. answer.Hits.Select(hit => Array.IndexOf(items, hit.Node))]));
            Assert.InRange(limit.Looks, looks, looks + 20);
        }
    }

    private static (MemorySource Source, RankingQuery Query, float[] Row) Case(Random random)
    {
        int brands = random.Next(12, 40), years = random.Next(12, 30), tags = random.Next(6, 14), kind = random.Next(8, 17);
        int k = random.Next(8, 16);
        HashSet<int> rare = [.. Enumerable.Range(0, kind).Select(_ => random.Next(Items))];
        MemorySource source = new(
            Metric.InnerProduct,
            [.. Enumerable.Range(0, Items).Select(_ => MemorySource.Row(random, Metric.InnerProduct))],
            [AttributeType.Keyword, AttributeType.Keyword, AttributeType.KeywordSet],
            [.. Enumerable.Range(0, Items).Select(_ => new string[][]
            {
                [$"b{(int)(brands * Math.Pow(random.NextDouble(), 2))}"], [$"y{random.Next(years)}"],
                [.. Enumerable.Range(0, random.Next(4)).Select(_ => $"t{random.Next(tags)}").Distinct()],
            })],
            [.. Enumerable.Range(0, Items).Select(item => new[] { rare.Contains(item) })]);
        RankingQuery query = new()
        {
            K = k,
            Caps = [new Cap("brand", 1), new Cap("year", 1), new Cap("tags", random.Next(1, 4))],
            Floors = [new Floor(new Filter.Exists("rare"), Math.Min(k, random.Next(5, 12)))],
        };
        return (source, query, MemorySource.Row(random, Metric.InnerProduct));
    }

    private static QuotaProblem Problem(MemorySource source, RankingQuery query, float[] row, out int[] items)
    {
        items = [.. Enumerable.Range(0, source.Count).OrderBy(item => source.Distance(row, item))];
        QuotaProblem problem = new(query.K);
        problem.AddFloor(query.Floors[0].Least);
        Dictionary<(int, string), int> slots = [];
        foreach (int item in items)
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
            problem.Add(source.Score(source.Distance(row, item)), [.. own], source.IsOf(0, item) ? [0] : []);
        }
        return problem;
    }

    private static QuotaValue Fullest(QuotaProblem all, Random random)
    {
        int[] rare = [.. Enumerable.Range(0, all.Count).Where(item => all.FloorsOf(item).Length > 0)];
        int[] others = [.. Enumerable.Range(0, all.Count).Except(rare)];
        QuotaState state = new(all);
        List<int[]> subsets = [];
        int missing = int.MaxValue;
        for (uint mask = 0; mask < 1u << rare.Length; mask++)
        {
            if (BitOperations.PopCount(mask) > all.K)
                continue;
            state.Reset([]);
            int[] subset = [.. rare.Where((_, place) => (mask >> place & 1) != 0)];
            if (all.LeastOf(0) - subset.Length > missing || !subset.All(item => TryAdd(state, item)))
                continue;
            if (state.Missing < missing)
                subsets.Clear();
            missing = state.Missing;
            subsets.Add(subset);
        }
        int most = 0;
        foreach (int[] subset in subsets)
        {
            for (int attempt = 0; attempt < 6 && most < all.K; attempt++)
            {
                if (attempt > 0)
                    random.Shuffle(others);
                state.Reset(subset);
                foreach (int item in attempt % 2 == 0 ? others : [.. others.OrderBy(item => all.SlotsOf(item).Length)])
                    TryAdd(state, item);
                most = Math.Max(most, state.Count);
            }
        }
        return new QuotaValue(missing, most, double.NegativeInfinity);
    }

    private static bool TryAdd(QuotaState state, int item)
    {
        if (!state.Fits(item))
            return false;
        state.Add(item);
        return true;
    }
}
