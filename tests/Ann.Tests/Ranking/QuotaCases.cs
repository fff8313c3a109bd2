using Ann.Core.Ranking;

namespace Ann.Tests.Ranking;

/// <summary>Random problems, and what every subset of their candidates is worth.</summary>
internal static class QuotaCases
{
    public static QuotaProblem Random(Random random, int mostItems, int mostK, int caps, int floors, bool negative)
    {
        int count = random.Next(1, mostItems + 1);
        QuotaProblem problem = new(random.Next(1, mostK + 1));
        int[] firstSlots = new int[caps];
        int[] values = new int[caps];
        for (int cap = 0; cap < caps; cap++)
        {
            firstSlots[cap] = problem.SlotCount;
            values[cap] = random.Next(1, 6);
            int most = random.Next(1, 4);
            for (int value = 0; value < values[cap]; value++)
                problem.AddSlot(cap, most);
        }
        bool[] isSet = [.. Enumerable.Range(0, caps).Select(_ => random.Next(3) == 0)];
        for (int floor = 0; floor < floors; floor++)
            problem.AddFloor(random.Next(1, problem.K + 1));

        double[] scores = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - (negative ? 1.5 : 0)).OrderDescending()];
        foreach (double score in scores)
        {
            HashSet<int> slots = [];
            for (int cap = 0; cap < caps; cap++)
            {
                int own = isSet[cap] ? random.Next(0, 4) : random.Next(0, 8) == 0 ? 0 : 1;
                for (int i = 0; i < own; i++)
                    slots.Add(firstSlots[cap] + random.Next(values[cap]));
            }
            int[] kinds = [.. Enumerable.Range(0, floors).Where(_ => random.Next(3) == 0)];
            problem.Add(score, [.. slots], kinds);
        }
        return problem;
    }

    /// <summary>The best value of any subset that has all of <paramref name="chosen"/>.</summary>
    public static QuotaValue Best(QuotaProblem problem, params int[] chosen)
    {
        QuotaValue best = new(int.MaxValue, 0, 0);
        int needed = chosen.Aggregate(0, static (mask, item) => mask | 1 << item);
        for (int mask = 0; mask < 1 << problem.Count; mask++)
        {
            if ((mask & needed) == needed && ValueOf(problem, Items(mask, problem.Count)) is { } value && value.IsBetterThan(best))
                best = value;
        }
        return best;
    }

    /// <summary>What a choice is worth; null when it breaks a cap or takes too many.</summary>
    public static QuotaValue? ValueOf(QuotaProblem problem, IReadOnlyCollection<int> items)
    {
        if (items.Count > problem.K)
            return null;
        int[] used = new int[problem.SlotCount];
        int[] have = new int[problem.FloorCount];
        double score = 0;
        foreach (int item in items)
        {
            score += problem.ScoreOf(item);
            foreach (int slot in problem.SlotsOf(item))
                if (++used[slot] > problem.MostOf(slot))
                    return null;
            foreach (int floor in problem.FloorsOf(item))
                have[floor]++;
        }
        int missing = have.Select((count, floor) => Math.Max(0, problem.LeastOf(floor) - count)).Sum();
        return new QuotaValue(missing, items.Count, score);
    }

    private static List<int> Items(int mask, int count)
    {
        List<int> items = [];
        for (int item = 0; item < count; item++)
            if ((mask >> item & 1) != 0)
                items.Add(item);
        return items;
    }
}
