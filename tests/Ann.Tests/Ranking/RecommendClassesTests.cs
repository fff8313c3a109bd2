using Ann.Core;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

/// <summary>
/// Goal: recommendations are those of brute force, for each strategy, with negatives and without, under each metric, on files and live
/// indexes, exactly and by walks that are wide enough.
/// </summary>
public sealed class RecommendClassesTests
{
    private const int Cases = 40;

    public static TheoryData<Metric, bool, bool> Places() => RankingClasses.Places();

    [Theory]
    [MemberData(nameof(Places))]
    public void AreTheBestOfAllItems(Metric metric, bool isLive, bool isExact)
    {
        using RankingWorld world = new(metric, isLive, RankingClasses.Seed);
        Random random = new(RankingClasses.Seed);
        for (int number = 0; number < Cases; number++)
        {
            int k = random.Next(1, 25);
            (RankingQuery search, RankingWorld.Item[] left) = RankingClasses.Next(world, random, k, isExact, int.MaxValue);
            float[][] positives = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Example(world, random))];
            float[][] negatives = [.. Enumerable.Range(0, number % 2 == 0 ? 0 : random.Next(1, 4)).Select(_ => Example(world, random))];
            RecommendStrategy strategy = number / 2 % 2 == 0 ? RecommendStrategy.Average : RecommendStrategy.BestScore;
            if (strategy == RecommendStrategy.BestScore && random.Next(4) == 0 && left.Length > 0)
            {
                double least = ScoreOf(world, left[random.Next(left.Length)], positives, negatives);
                search = search with { MaxDistance = (float)(metric == Metric.L2 ? least * least : -least) };
                left = [.. left.Where(item => ScoreOf(world, item, positives, negatives) >= least - 1e-9)];
            }
            RecommendQuery query = new()
            {
                Search = search,
                Positives = positives.SelectMany(static row => row).ToArray(),
                Negatives = negatives.SelectMany(static row => row).ToArray(),
                Strategy = strategy,
            };
            RankingAnswer answer = RecommendSearch.Run(world.Index, query, SearchBudget.Unlimited);
            string where = $"seed {RankingClasses.Seed}, case {number}, {strategy}, {positives.Length} and {negatives.Length} examples";
            float[] mean = Mean(metric, positives, negatives);
            Func<RankingWorld.Item, double> scoreOf = strategy == RecommendStrategy.Average
                ? item => world.Score(mean, item.Row)
                : item => ScoreOf(world, item, positives, negatives);
            RankingClasses.IsBest(world, answer, left, k, scoreOf, where);
        }
    }

    /// <summary>
    /// The nearest to the positive are all nearer to a negative: what is best lies behind more of them than a search of a few times k
    /// finds.
    /// </summary>
    [Theory]
    [InlineData(true, 4000)]
    [InlineData(false, 4000)]
    [InlineData(false, 300)]
    public void ItemsThatANegativeIsNearerToAreLeftBehind(bool isExact, int hurt)
    {
        float[][] rows = [.. Enumerable.Range(0, hurt + 40).Select(i => i < hurt
            ? new[] { 100 + i * 0.01f, 156 + i * 0.01f }
            : new[] { 1.5f + (hurt + 40 - i) * 0.1f, -1 })];
        using Core.Segments.SealedSegment segment = Segments.SegmentFixture.Seal(
            rows, Segments.SegmentFixture.Options(Metric.InnerProduct, Core.Segments.CodesKind.F32));
        Core.Segments.LiveSealedSegment live = new(segment);
        Core.Indexes.IndexSnapshot index = new("x", "g", default, [live]);
        RecommendQuery query = new()
        {
            Search = new RankingQuery { K = 10, Exact = isExact },
            Positives = new float[] { 1, 0 },
            Negatives = new float[] { 0, 1 },
            Strategy = RecommendStrategy.BestScore,
        };
        RankingAnswer answer = RecommendSearch.Run(index, query, SearchBudget.Unlimited);

        double[] scores = [.. rows.Select(static row => row[1] > row[0] ? Math.Min(row[0], -row[1]) : (double)row[0])];
        Assert.Equal(10, answer.Hits.Count);
        foreach ((double expected, Core.Searching.SearchHit hit) in scores.OrderDescending().Zip(answer.Hits))
            Assert.True(RankingWorld.IsSame(expected, -hit.Distance), $"{-hit.Distance} is not {expected}");
        index.Release();
        live.Release();
    }

    /// <summary>An item that is near, or any vector.</summary>
    private static float[] Example(RankingWorld world, Random random) =>
        random.Next(2) == 0 ? world.Items.ElementAt(random.Next(world.Items.Count)).Row : world.NewRow();

    private static float[] Mean(Metric metric, float[][] positives, float[][] negatives)
    {
        double[] sum = new double[RankingWorld.Dimension];
        Add(positives, (negatives.Length == 0 ? 1.0 : 2.0) / positives.Length);
        Add(negatives, -1.0 / Math.Max(1, negatives.Length));
        return Array.ConvertAll(sum, static component => (float)component);

        void Add(float[][] rows, double share)
        {
            foreach (float[] row in rows)
            {
                double norm = metric == Metric.Cosine ? Math.Sqrt(row.Sum(static x => (double)x * x)) : 1;
                for (int i = 0; i < row.Length; i++)
                    sum[i] += share * row[i] / norm;
            }
        }
    }

    /// <summary>As the documentation of <see cref="RecommendStrategy.BestScore"/> says.</summary>
    private static double ScoreOf(RankingWorld world, RankingWorld.Item item, float[][] positives, float[][] negatives)
    {
        double positive = positives.Max(row => world.Score(row, item.Row));
        double negative = negatives.Length == 0 ? double.NegativeInfinity : negatives.Max(row => world.Score(row, item.Row));
        if (negative <= positive)
            return positive;
        return world.Metric == Metric.L2 ? 2 * positive - negative : Math.Min(positive, -negative);
    }
}
