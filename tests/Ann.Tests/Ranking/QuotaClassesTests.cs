using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

/// <summary>
/// Goal: lists under caps, floors, diversity and unions are those of brute force, under each metric, on files and live indexes, exactly and
/// by walks that are wide enough.
/// </summary>
public sealed class QuotaClassesTests
{
    private const int Cases = 24;
    private static readonly string[] Cappable = ["brand", "tags", "shop", "new"];

    private static readonly (Filter Filter, Func<RankingWorld.Item, bool> IsOf)[] Kinds =
    [
        (new Filter.KeywordIn("brand", ["b1"]), static item => item.Brand == "b1"),
        (new Filter.KeywordIn("tags", ["z"]), static item => item.Tags.Contains("z")),
        (new Filter.BoolIn("new", [true]), static item => item.IsNew == true),
    ];

    public static TheoryData<Metric, bool, bool> Places() => RankingClasses.Places();

    /// <summary>
    /// Caps, floors, and both: of a few items every subset is tried, of all of them the choice that knows them all stands in.
    /// </summary>
    [Theory]
    [MemberData(nameof(Places))]
    public void QuotasAreMetAsWellAsByAnySubset(Metric metric, bool isLive, bool isExact)
    {
        using RankingWorld world = new(metric, isLive, RankingClasses.Seed);
        Random random = new(RankingClasses.Seed + 1);
        for (int number = 0; number < 4 * Cases; number++)
        {
            int k = random.Next(1, number % 2 == 0 ? 8 : 20);
            (RankingQuery query, RankingWorld.Item[] left) =
                RankingClasses.Next(world, random, k, isExact, number % 2 == 0 ? 12 : int.MaxValue);
            int kind = number / 2 % 4; // one cap, several, floors, both
            int caps = kind switch { 0 => 1, 2 => 0, _ => random.Next(2, 4) };
            (int Kind, int Least)[] floors = kind < 2 ? []
                : [.. Enumerable.Range(0, Kinds.Length).Where(_ => random.Next(2) == 0).Select(one => (one, random.Next(1, k + 1)))];
            query = query with
            {
                Caps = [.. Cappable.OrderBy(_ => random.Next()).Take(caps).Select(name => new Cap(name, random.Next(1, 4)))],
                Floors = [.. floors.Select(floor => new Floor(Kinds[floor.Kind].Filter, floor.Least))],
            };
            float[] row = world.NewRow();
            RankingAnswer answer = RankingSearch.Run(world.Index, row, 1, query, SearchBudget.Unlimited);

            string where = $"seed {RankingClasses.Seed}, case {number}: {query}";
            RankingWorld.Item[] ordered = [.. left.OrderByDescending(item => world.Score(row, item.Row))];
            QuotaProblem all = Problem(world, query, floors, ordered, row);
            int[] chosen = [.. answer.Hits.Select(hit => Array.FindIndex(ordered, item => item.Key == world.Of(hit).Key))];
            Assert.DoesNotContain(-1, chosen);
            Assert.Equal(chosen.Length, chosen.Distinct().Count());
            Assert.All(answer.Hits, hit => Assert.True(RankingWorld.IsSame(world.Told(hit), world.Score(row, world.Of(hit).Row)), where));
            QuotaValue? got = QuotaCases.ValueOf(all, chosen);
            QuotaValue best = ordered.Length <= 12 ? QuotaCases.Best(all) : QuotaSelection.Run(all).Value;
            Assert.True(got is { } value && value.IsAsFull(best), $"{where}: {got} of {best}");
            double loss = ordered.Length <= 12 || kind == 0 && query.Caps[0].Attribute != "tags" ? 2e-5 : 0.02;
            Assert.True(
                got.Value.Missing < best.Missing || got.Value.Count > best.Count
                || got.Value.Score >= best.Score - loss * (1 + Math.Abs(best.Score)), $"{where}: {got} of {best}");
            Assert.True(answer.IsFullest || answer.Hits.Count < k || best.Missing > 0, where);
        }
    }

    /// <summary>Each next item is the best of the rest by its definition; of equals any.</summary>
    [Theory]
    [MemberData(nameof(Places))]
    public void DiversityChoosesAmongTheNearestCandidates(Metric metric, bool isLive, bool isExact)
    {
        using RankingWorld world = new(metric, isLive, RankingClasses.Seed);
        Random random = new(RankingClasses.Seed + 2);
        for (int number = 0; number < Cases; number++)
        {
            int k = random.Next(1, 12);
            int candidates = random.Next(k, 5 * k);
            float lambda = random.Next(1, 5) / 4f;
            (RankingQuery query, RankingWorld.Item[] left) = RankingClasses.Next(world, random, k, isExact, int.MaxValue);
            float[][] rows = [.. Enumerable.Range(0, number % 2 == 0 ? 1 : 3).Select(_ => world.NewRow())];
            query = query with { Diversity = new Diversity(lambda, candidates), Union = number % 2 == 0 ? null : new UnionMerge(0) };
            RankingAnswer answer = RankingSearch.Run(
                world.Index, rows.SelectMany(static row => row).ToArray(), rows.Length, query, SearchBudget.Unlimited);

            string where = $"seed {RankingClasses.Seed}, case {number}: {query}, {rows.Length} rows";
            double Best(RankingWorld.Item item) => rows.Max(row => world.Score(row, item.Row));
            RankingWorld.Item[] pool = [.. left.OrderByDescending(Best).Take(candidates)];
            List<RankingWorld.Item> list = [];
            Assert.Equal(Math.Min(k, pool.Length), answer.Hits.Count);
            foreach (SearchHit hit in answer.Hits)
            {
                RankingWorld.Item next = world.Of(hit);
                double Value(RankingWorld.Item item) => lambda * Best(item)
                    - (list.Count == 0 ? 0 : (1 - lambda) * list.Max(other => world.Score(other.Row, item.Row)));
                Assert.True(Best(next) >= Best(pool[^1]) - 1e-4 && !list.Contains(next), $"{where}: key {next.Key}");
                double best = pool.Except(list).Max(Value);
                Assert.True(Value(next) >= best - 1e-4 * (1 + Math.Abs(best)), $"{where}: {Value(next)} is not {best}");
                list.Add(next);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void AUnionHasTheBestOfAllRows(Metric metric, bool isLive, bool isExact)
    {
        using RankingWorld world = new(metric, isLive, RankingClasses.Seed);
        Random random = new(RankingClasses.Seed + 3);
        for (int number = 0; number < Cases; number++)
        {
            int k = random.Next(1, 25);
            (RankingQuery query, RankingWorld.Item[] left) = RankingClasses.Next(world, random, k, isExact, int.MaxValue);
            float[][] rows = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => world.NewRow())];
            RankingAnswer answer = RankingSearch.Run(
                world.Index, rows.SelectMany(static row => row).ToArray(), rows.Length, query with { Union = new UnionMerge(0) },
                SearchBudget.Unlimited);
            string where = $"seed {RankingClasses.Seed}, case {number}: {query}, {rows.Length} rows";
            RankingClasses.IsBest(world, answer, left, k, item => rows.Max(row => world.Score(row, item.Row)), where);
            for (int place = 0; place < answer.Hits.Count; place++)
            {
                RankingWorld.Item item = world.Of(answer.Hits[place]);
                double own = world.Score(rows[answer.FromRows[place]], item.Row);
                Assert.True(RankingWorld.IsSame(own, rows.Max(row => world.Score(row, item.Row))), where);
            }
        }
    }

    private static QuotaProblem Problem(
        RankingWorld world, RankingQuery query, (int Kind, int Least)[] floors, RankingWorld.Item[] ordered, float[] row)
    {
        QuotaProblem problem = new(query.K);
        foreach ((int _, int least) in floors)
            problem.AddFloor(least);
        Dictionary<(int, string), int> slots = [];
        foreach (RankingWorld.Item item in ordered)
        {
            List<int> own = [];
            for (int cap = 0; cap < query.Caps.Count; cap++)
            {
                foreach (string value in item.ValuesOf(query.Caps[cap].Attribute))
                {
                    if (!slots.TryGetValue((cap, value), out int slot))
                        slots.Add((cap, value), slot = problem.AddSlot(cap, query.Caps[cap].Most));
                    own.Add(slot);
                }
            }
            problem.Add(
                world.Score(row, item.Row), [.. own],
                [.. Enumerable.Range(0, floors.Length).Where(floor => Kinds[floors[floor].Kind].IsOf(item))]);
        }
        return problem;
    }
}
