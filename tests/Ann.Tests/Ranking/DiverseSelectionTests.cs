using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

public class DiverseSelectionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ChoosesAsTheNaiveGreedyDoesUnderCapsAndFloors(int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 500; run++)
        {
            QuotaProblem problem = QuotaCases.Random(random, 10, 5, random.Next(0, 4), random.Next(0, 3), negative: false);
            Grid similarities = new(random, problem.Count);
            float lambda = random.Next(5) / 4f;
            int[] list = DiverseSelection.Run(
                problem, QuotaSelection.Run(problem), lambda, similarities, SearchBudget.Unlimited, out StopReason stopped);

            Assert.Equal(StopReason.None, stopped);
            List<int> naive = Naive(problem, lambda, (a, b) => similarities.Of(a, b));
            Assert.True(
                naive.SequenceEqual(list), $"seed {seed}, run {run}: {string.Join(' ', naive)} is not {string.Join(' ', list)}");
        }
    }

    [Fact]
    public void ByScoreAloneItIsTheOrderOfTheScores()
    {
        QuotaProblem problem = QuotaCases.Random(new Random(5), 14, 6, 0, 0, negative: true);
        int[] list = DiverseSelection.Run(
            problem, QuotaSelection.Run(problem), 1, new Grid(new Random(6), problem.Count), SearchBudget.Unlimited, out _);

        Assert.Equal(Enumerable.Range(0, Math.Min(problem.K, problem.Count)), list);
    }

    [Fact]
    public void APassedDeadlineStillGivesAFullList()
    {
        QuotaProblem problem = new(20);
        for (int item = 0; item < 40; item++)
            problem.Add(1 - item / 100.0, [], []);
        int[] list = DiverseSelection.Run(
            problem, QuotaSelection.Run(problem), 0.5f, new Grid(new Random(7), 40), new SearchBudget(0, default), out StopReason stopped);

        Assert.Equal(StopReason.Deadline, stopped);
        Assert.Equal(20, list.Distinct().Count());
    }

    /// <summary>Ten thousand candidates of many dimensions are compared with each item chosen: too much between two looks.</summary>
    [Fact]
    public void ItStopsWithinAFewHundredSimilarities()
    {
        const int Candidates = 2000;
        QuotaProblem problem = new(40);
        for (int item = 0; item < Candidates; item++)
            problem.Add(1 - item / 10_000.0, [], []);
        Grid similarities = new(new Random(8), Candidates);
        CheckLimit whole = new(int.MaxValue);
        int[] list = Run(whole, out StopReason stopped);
        Assert.Equal((40, StopReason.None), (list.Length, stopped));
        Assert.InRange(whole.Looks, 39 * (Candidates - 40) / 256, int.MaxValue);
        for (int looks = 0; looks < whole.Looks; looks += 17)
        {
            Assert.Equal(40, Run(new CheckLimit(looks), out stopped).Distinct().Count());
            Assert.Equal(StopReason.Deadline, stopped);
        }

        int[] Run(CheckLimit limit, out StopReason reason) => DiverseSelection.Run(
            problem, QuotaSelection.Run(problem), 0.5f, similarities, SearchBudget.Unlimited with { Limit = limit }, out reason);
    }

    /// <summary>By its definition: the best of all with which the list can become as full as any.</summary>
    internal static List<int> Naive(QuotaProblem problem, float lambda, Func<int, int, double> similarity)
    {
        QuotaValue fullest = QuotaCases.Best(problem);
        List<int> list = [];
        while (list.Count < problem.K)
        {
            int best = -1;
            double highest = double.NegativeInfinity;
            for (int item = 0; item < problem.Count; item++)
            {
                if (list.Contains(item))
                    continue;
                double redundancy = list.Count == 0 ? 0 : (1 - (double)lambda) * list.Max(other => similarity(other, item));
                double value = lambda * problem.ScoreOf(item) - redundancy;
                if (value <= highest || !QuotaCases.Best(problem, [.. list, item]).IsAsFull(fullest))
                    continue;
                (best, highest) = (item, value);
            }
            if (best < 0)
                break;
            list.Add(best);
        }
        return list;
    }

    private sealed class Grid(Random random, int count) : ISimilarities
    {
        private readonly float[] _values = [.. Enumerable.Range(0, count * count).Select(_ => random.NextSingle())];

        public float Of(int item, int other) => _values[Math.Min(item, other) * count + Math.Max(item, other)];

        public void Between(int item, ReadOnlySpan<int> others, Span<float> similarities)
        {
            for (int i = 0; i < others.Length; i++)
                similarities[i] = Of(item, others[i]);
        }
    }
}
