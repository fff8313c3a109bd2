using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Keys;
using Ann.Core.Ranking;

namespace Ann.Tests.Ranking;

/// <summary>What the tests of the classes of ranking queries share: random filters and exclusions, and what they leave.</summary>
internal static class RankingClasses
{
    public const int Seed = 20_260_712;

    /// <summary>Metric, file or live index, exact or by a walk.</summary>
    public static TheoryData<Metric, bool, bool> Places()
    {
        TheoryData<Metric, bool, bool> places = [];
        foreach (Metric metric in Enum.GetValues<Metric>())
            foreach (bool isLive in new[] { false, true })
                foreach (bool isExact in new[] { false, true })
                    places.Add(metric, isLive, isExact);
        return places;
    }

    /// <summary>A query that some items are kept from, and the items that are left.</summary>
    public static (RankingQuery Query, RankingWorld.Item[] Left) Next(RankingWorld world, Random random, int k, bool isExact, int most)
    {
        RankingWorld.Item[] left = [.. world.Items];
        RankingQuery query = new() { K = k, Exact = isExact, EfSearch = isExact ? 0 : RankingWorld.WideEf };
        if (most < int.MaxValue)
        {
            random.Shuffle(left);
            left = left[..Math.Min(most, left.Length)];
            query = query with { Filter = new Filter.KeyIn(Keys(left.Select(static item => item.Key))) };
        }
        else if (random.Next(2) == 0)
        {
            query = query with { Filter = new Filter.IntegerIn("shop", [0, 2, 3]) };
            left = [.. left.Where(static item => item.Shop is 0 or 2 or 3)];
        }
        if (random.Next(2) == 0)
        {
            HashSet<ulong> gone = [.. world.Items.Where(_ => random.Next(4) == 0).Select(static item => item.Key)];
            query = query with { Excluded = Exclusion.OfKeys(Keys(gone)) };
            left = [.. left.Where(item => !gone.Contains(item.Key))];
        }
        return (query, left);
    }

    /// <summary>The list has the best scores there are, in their order, each item once, and tells them; equal scores may stand in for each
    /// other.</summary>
    public static void IsBest(
        RankingWorld world, RankingAnswer answer, RankingWorld.Item[] left, int k, Func<RankingWorld.Item, double> scoreOf, string where)
    {
        double[] best = [.. left.Select(scoreOf).OrderDescending().Take(k)];
        Assert.True(best.Length == answer.Hits.Count, $"{where}: {answer.Hits.Count} of {best.Length}");
        HashSet<ulong> seen = [];
        HashSet<ulong> allowed = [.. left.Select(static item => item.Key)];
        for (int place = 0; place < best.Length; place++)
        {
            RankingWorld.Item item = world.Of(answer.Hits[place]);
            double told = world.Told(answer.Hits[place]);
            double own = scoreOf(item);
            Assert.True(seen.Add(item.Key) && allowed.Contains(item.Key), $"{where}, place {place}: key {item.Key}");
            Assert.True(RankingWorld.IsSame(own, told), $"{where}, place {place}: {told} is told, {own} is right");
            Assert.True(RankingWorld.IsSame(own, best[place]), $"{where}, place {place}: {own} is not {best[place]}");
        }
    }

    public static KeyColumn Keys(IEnumerable<ulong> numbers)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        foreach (ulong number in numbers)
            keys.Add(number);
        return keys;
    }
}
