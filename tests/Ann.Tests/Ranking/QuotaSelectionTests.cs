using System.Globalization;
using Ann.Core.Ranking;

namespace Ann.Tests.Ranking;

public class QuotaSelectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void SmallCasesComeOutAsGoodAsEverySubsetTried(int seed)
    {
        Random random = new(seed);
        int proven = 0;
        for (int run = 0; run < 2000; run++)
        {
            QuotaProblem problem = QuotaCases.Random(random, 14, 6, random.Next(0, 4), random.Next(0, 3), negative: run % 3 == 0);
            QuotaChoice choice = QuotaSelection.Run(problem);
            QuotaValue best = QuotaCases.Best(problem);

            string context = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, run {run}: {choice.Value} of {best}");
            Assert.True(QuotaCases.ValueOf(problem, choice.Items) is { } value && !best.IsBetterThan(value), context);
            Assert.True(choice.Value.Missing == best.Missing && choice.Value.Count == best.Count, context);
            proven += choice.IsProven ? 1 : 0;
        }
        Assert.Equal(2000, proven);
    }

    [Fact]
    public void ItemsThatStayAreKeptAndTheRestIsAsFullAsCanBe()
    {
        const int seed = 3;
        Random random = new(seed);
        for (int run = 0; run < 1000; run++)
        {
            QuotaProblem problem = QuotaCases.Random(random, 11, 5, random.Next(1, 4), random.Next(0, 3), negative: false);
            int first = random.Next(problem.Count);
            QuotaValue best = QuotaCases.Best(problem, first);
            QuotaChoice choice = QuotaSelection.Run(problem, [first]);

            Assert.Contains(first, choice.Items);
            Assert.False(best.IsBetterThan(choice.Value), $"seed {seed}, run {run}: {choice.Value} of {best}");
        }
    }

    [Theory]
    [InlineData(2000, 100, 4)]
    [InlineData(600, 200, 5)]
    public void LargeCasesMeetPlantedQuotasAndLoseLittleToTheBound(int count, int k, int seed)
    {
        Random random = new(seed);
        double worst = 1;
        for (int run = 0; run < 20; run++)
        {
            QuotaProblem problem = Planted(random, count, k);
            QuotaChoice choice = QuotaSelection.Run(problem);

            Assert.Equal(0, choice.Value.Missing);
            Assert.Equal(k, choice.Value.Count);
            QuotaState state = new(problem);
            BestChoice best = new();
            state.Reset(choice.Items);
            best.Offer(state);
            state.Reset([]);
            QuotaWork.Part work = QuotaWork.Unlimited.PartOf(1_000_000);
            double bound = BoundOf(state, QuotaPrices.Find(state, [.. Enumerable.Range(0, count)], best, work), k);
            worst = Math.Min(worst, choice.Value.Score / bound);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"worst share of the bound {worst:F4}");
        Assert.True(worst >= 0.98, $"seed {seed}: {worst:F4} of the bound");
    }

    private static double BoundOf(QuotaState state, QuotaPrices prices, int k)
    {
        QuotaProblem problem = state.Problem;
        double bound = prices.Order.Take(k).Sum(prices.ReducedOf);
        for (int slot = 0; slot < problem.SlotCount; slot++)
            bound += prices.Slots[slot] * problem.MostOf(slot);
        for (int floor = 0; floor < problem.FloorCount; floor++)
            bound -= prices.Floors[floor] * problem.LeastOf(floor);
        return bound;
    }

    /// <summary>Three caps and two floors that a choice known beforehand meets exactly: a hidden one, of poor scores too.</summary>
    private static QuotaProblem Planted(Random random, int count, int k)
    {
        QuotaProblem problem = new(k);
        int values = k / 5;
        int[][] own = [.. Enumerable.Range(0, count).Select(_ => new[] { random.Next(values), random.Next(values), random.Next(values) })];
        bool[][] kinds = [.. Enumerable.Range(0, count).Select(_ => new[] { random.Next(12) == 0, random.Next(12) == 0 })];
        int[] hidden = [.. Enumerable.Range(0, count)];
        random.Shuffle(hidden);
        int[][] used = [new int[values], new int[values], new int[values]];
        int[] have = new int[2];
        foreach (int item in hidden[..k])
        {
            for (int cap = 0; cap < 3; cap++)
                used[cap][own[item][cap]]++;
            for (int floor = 0; floor < 2; floor++)
                have[floor] += kinds[item][floor] ? 1 : 0;
        }
        for (int cap = 0; cap < 3; cap++)
            for (int value = 0; value < values; value++)
                problem.AddSlot(cap, used[cap].Max());
        for (int floor = 0; floor < 2; floor++)
            problem.AddFloor(Math.Max(1, have[floor]));
        double[] scores = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble()).OrderDescending()];
        for (int item = 0; item < count; item++)
        {
            problem.Add(
                scores[item], [own[item][0], values + own[item][1], 2 * values + own[item][2]],
                [.. Enumerable.Range(0, 2).Where(floor => kinds[item][floor])]);
        }
        return problem;
    }
}
