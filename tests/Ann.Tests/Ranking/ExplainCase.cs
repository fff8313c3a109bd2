using System.Globalization;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Tests.Attributes;

namespace Ann.Tests.Ranking;

/// <summary>A random search, an item, and what the items themselves say of it.</summary>
internal sealed record ExplainCase(RankingQuery Query, float[][] Rows, ulong Key, IReadOnlyList<NamedExclusion> Exclusions)
{
    private static readonly string[] Cappable = ["brand", "stock", "sale", "tags"];

    public float[] Flat => [.. Rows.SelectMany(static row => row)];

    public static ExplainCase Next(ExplainWorld world, Random random, RandomFilters filters)
    {
        int k = random.Next(1, 12);
        RankingQuery query = new()
        {
            K = k,
            EfSearch = random.Next(4) == 0 ? 0 : k,
            Exact = random.Next(12) == 0,
            Filter = random.Next(5) switch
            {
                0 => filters.Next(KeyKind.UInt64, world.Items.Count),
                1 => new Filter.AllOf([new Filter.Exists("brand"), new Filter.Exists("price"), new Filter.Exists("sale")]),
                _ => null,
            },
        };
        query = random.Next(14) switch
        {
            0 or 1 => query with { Caps = [new Cap(Cappable[random.Next(3)], random.Next(1, 3))] },
            2 => query with { Caps = [new Cap("tags", random.Next(1, 3)), new Cap("sale", random.Next(1, 8))] },
            3 => query with { Floors = [new Floor(new Filter.BoolIn("sale", [true]), random.Next(1, k + 1))] },
            4 => query with { Diversity = new Diversity((float)random.NextDouble(), random.Next(k, 4 * k)) },
            5 => query with { Union = new UnionMerge(0) },
            6 => query with { K = k + 4, EfSearch = 0, Union = new UnionMerge(random.Next(1, (k + 4) / 3 + 1)) },
            _ => query,
        };
        List<NamedExclusion> exclusions = [];
        foreach (string name in new[] { "keys", "seen:1" })
            if (random.Next(4) == 0)
                exclusions.Add(new NamedExclusion(name, Exclusion.OfKeys(Some(world, random.Next(1, 150)))));
        float[][] rows = [.. Enumerable.Range(0, query.Union is null ? 1 : random.Next(1, 4)).Select(_ => world.NewRow())];
        query = query with { Excluded = Exclusion.Union([.. exclusions.Select(static part => part.Keys)]) };
        if (query is { Caps.Count: 0, Floors.Count: 0, Diversity: null, Union: null } && random.Next(10) == 0)
        {
            ulong cut = world.CutOff[random.Next(world.CutOff.Count)];
            return new ExplainCase(query with { Exact = false }, [world.Find(cut)!.Row], cut, exclusions);
        }
        ExplainCase made = new(query, rows, 0, exclusions);
        ExplainWorld.Item[] allowed = made.Allowed(world);
        if (random.Next(5) == 0 && allowed.Length > 0)
            made = made with
            {
                Query = query with
                {
                    MaxDistance = world.DistanceOf(allowed[random.Next(Math.Min(30, allowed.Length))],
                rows, out _)
                }
            };
        bool isNear = random.Next(10) < 7 && allowed.Length > 0;
        int within = Math.Min(allowed.Length, random.Next(2) == 0 ? query.K : 2 * query.K + 1);
        return made with { Key = isNear ? allowed[random.Next(within)].Key : world.AnyKey() };
    }

    /// <summary>Items that filter and exclusions leave, in the order of an exact answer.</summary>
    public ExplainWorld.Item[] Allowed(ExplainWorld world) => Ordered(
        world, world.Items.Where(item => (Query.Filter is null || item.IsTakenBy(Query.Filter)) && NamesOf(item.Key).Count == 0));

    /// <summary>Nearest first, ties by key.</summary>
    public ExplainWorld.Item[] Ordered(ExplainWorld world, IEnumerable<ExplainWorld.Item> items) =>
        [.. items.OrderBy(item => world.DistanceOf(item, Rows, out _)).ThenBy(static item => item.Key)];

    /// <summary>What excludes a key.</summary>
    public List<string> NamesOf(ulong key) =>
        [.. Exclusions.Where(part => part.Keys.Contains(new ItemKey(key))).Select(static part => part.Name)];

    /// <summary>The clause of the filter that a path names.</summary>
    public Filter ClauseAt(string path)
    {
        Filter clause = Query.Filter!;
        foreach (string step in path.Split('.'))
        {
            int place = step.Contains('[', StringComparison.Ordinal)
                ? int.Parse(step.AsSpan(step.IndexOf('[', StringComparison.Ordinal) + 1).TrimEnd(']'), CultureInfo.InvariantCulture)
                : -1;
            clause = (clause, place) switch
            {
                (Filter.AllOf all, >= 0) => all.Clauses[place],
                (Filter.AnyOf any, >= 0) => any.Clauses[place],
                (Filter.NoneOf none, _) when step != path.Split('.')[^1] => none.Clause,
                _ => clause,
            };
        }
        return clause;
    }

    /// <summary>The reason, from the definition of each.</summary>
    public ExplainVerdict Expected(ExplainWorld world, out int position, out int[] capped, out int? neededEf)
    {
        position = -1;
        capped = [];
        neededEf = null;
        if (world.Find(Key) is not { } item)
            return ExplainVerdict.NoSuchItem;
        if (Query.Filter is not null && !item.IsTakenBy(Query.Filter))
            return ExplainVerdict.Filtered;
        if (NamesOf(Key).Count > 0)
            return ExplainVerdict.Excluded;
        if (world.DistanceOf(item, Rows, out _) > Query.MaxDistance)
            return ExplainVerdict.BelowMinScore;
        position = Array.IndexOf(Answer(world, Query), Key);
        if (position >= 0)
            return ExplainVerdict.Returned;

        ulong[] exact = ExactAnswer(world);
        if (exact.Contains(Key))
        {
            for (int ef = 2 * (Query.EfSearch == 0 ? 128 : Query.EfSearch); ef <= 40_000 && neededEf is null; ef *= 2)
                neededEf = Answer(world, Query with { EfSearch = ef }).Contains(Key) ? ef : null;
            return neededEf is null && !world.IsReachable(Key) ? ExplainVerdict.Unreachable : ExplainVerdict.MissedByWalk;
        }
        ExplainWorld.Item[] list = [.. exact.Select(key => world.Find(key)!)];
        if (list.Length == Query.K && Ordered(world, [.. list, item])[^1] == item)
            return ExplainVerdict.Outranked;
        capped = [.. Enumerable.Range(0, Query.Caps.Count).Where(cap => IsFull(Query.Caps[cap], list, item))];
        return capped.Length > 0 ? ExplainVerdict.Capped : ExplainVerdict.Displaced;
    }

    private static bool IsFull(Cap cap, IEnumerable<ExplainWorld.Item> list, ExplainWorld.Item item) =>
        item.ValuesOf(cap.Attribute).Any(value => list.Count(other => other.ValuesOf(cap.Attribute).Contains(value)) >= cap.Most);

    /// <summary>
    /// The exact answer: by the items where the nearest that fits is best, or one floor asks; otherwise as an exact search gives it.
    /// </summary>
    private ulong[] ExactAnswer(ExplainWorld world)
    {
        bool isSimple = Query.Diversity is null && Query.Caps.Count < 2 && Query.Union is not { LeastPerRow: > 0 };
        if (!isSimple)
            return Answer(world, Query with { Exact = true });
        List<ExplainWorld.Item> list = [];
        ExplainWorld.Item[] near = [.. Allowed(world).Where(item => !(world.DistanceOf(item, Rows, out _) > Query.MaxDistance))];
        foreach (ExplainWorld.Item item in near)
            if (list.Count < Query.K && !Query.Caps.Any(cap => IsFull(cap, list, item)))
                list.Add(item);
        foreach (Floor floor in Query.Floors)
        {
            foreach (ExplainWorld.Item item in near.Where(item => item.IsTakenBy(floor.Filter) && !list.Contains(item)).ToArray())
            {
                if (list.Count(other => other.IsTakenBy(floor.Filter)) >= floor.Least)
                    break;
                list.Remove(list.Last(other => !other.IsTakenBy(floor.Filter)));
                list.Add(item);
                list = [.. Ordered(world, list)];
            }
        }
        return [.. list.Select(static item => item.Key)];
    }

    private ulong[] Answer(ExplainWorld world, RankingQuery query)
    {
        RankingAnswer answer = RankingSearch.Run(world.Index, Flat, Rows.Length, query, SearchBudget.Unlimited);
        return [.. answer.Hits.Select(hit => world.Index.KeyOf(hit).Number)];
    }

    private static KeyColumn Some(ExplainWorld world, int count)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        for (int i = 0; i < count; i++)
            keys.Add(world.AnyKey());
        return keys;
    }
}
