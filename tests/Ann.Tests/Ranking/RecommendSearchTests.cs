using Ann.Core;
using Ann.Core.Ranking;
using Ann.Core.Searching;

namespace Ann.Tests.Ranking;

public class RecommendSearchTests
{
    [Theory]
    [InlineData(Metric.Cosine, 1)]
    [InlineData(Metric.L2, 2)]
    [InlineData(Metric.InnerProduct, 3)]
    public void BestScoreRanksAsItsDefinitionDoes(Metric metric, int seed)
    {
        Random random = new(seed);
        for (int run = 0; run < 300; run++)
        {
            MemorySource source = MemorySource.Random(random, metric, random.Next(1, 30), 0, 0, 1);
            float[][] positives = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => MemorySource.Row(random, metric))];
            float[][] negatives = [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => MemorySource.Row(random, metric))];
            RankingQuery query = new() { K = random.Next(1, 40), Union = new UnionMerge(0) };
            RankingAnswer answer = RecommendSearch.Run(
                source, positives.SelectMany(x => x).ToArray(), negatives.SelectMany(x => x).ToArray(), query, SearchBudget.Unlimited);

            double[] scores = [.. Enumerable.Range(0, source.Count).Select(item => Score(source, positives, negatives, item))];
            Assert.Empty(answer.FromRows);
            Assert.Equal(Math.Min(query.K, source.Count), answer.Hits.Count);
            if (source.Count > query.K + query.K / 2 + 16)
                continue; // by definition of all items only where all are candidates
            double[] expected = [.. scores.OrderDescending().Take(query.K)];
            for (int i = 0; i < expected.Length; i++)
            {
                double got = source.Score(answer.Hits[i].Distance);
                Assert.True(Math.Abs(got - expected[i]) < 1e-4, $"seed {seed}, run {run}, place {i}: {got} is not {expected[i]}");
                Assert.Equal(scores[answer.Hits[i].Node], got, 1e-4);
            }
        }
    }

    [Fact]
    public void AnItemNearerToANegativeComesAfterThoseThatAreNot()
    {
        MemorySource source = new(
            Metric.InnerProduct, [[1, 0], [0.8f, 0.7f], [0.6f, 0.8f]], [], [[], [], []], [[], [], []]);
        RankingAnswer answer = RecommendSearch.Run(
            source, new float[] { 1, 0 }, new float[] { 0, 1 }, new RankingQuery { K = 3, Union = new UnionMerge(0) },
                SearchBudget.Unlimited);

        Assert.Equal([0, 1, 2], answer.Hits.Select(hit => hit.Node));
        Assert.Equal(-0.8f, Metric.InnerProduct.ToScore(answer.Hits[2].Distance), 1e-6f);
    }

    [Fact]
    public void TheAverageIsTheMeanOfThePositivesAndItsDifferenceToThatOfTheNegatives()
    {
        Assert.Equal([2, 3], RecommendSearch.Average(Metric.L2, [1, 2, 3, 4], [], 2));
        Assert.Equal([3, 5], RecommendSearch.Average(Metric.L2, [1, 2, 3, 4], [0, 1, 2, 1], 2));
    }

    [Fact]
    public void ExamplesThatCancelOutHaveNoDirection()
    {
        AnnException error = Assert.Throws<AnnException>(() => RecommendSearch.Average(Metric.Cosine, [1, 0, -1, 0], [], 2));
        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Equal("positives", error.Field);
        Assert.Equal([0, 0], RecommendSearch.Average(Metric.L2, [1, 0, -1, 0], [], 2));
    }

    private static double Score(MemorySource source, float[][] positives, float[][] negatives, int item)
    {
        double positive = positives.Max(row => source.Score(source.Distance(row, item)));
        double negative = negatives.Length == 0 ? double.NegativeInfinity : negatives.Max(row => source.Score(source.Distance(row, item)));
        if (negative <= positive)
            return positive;
        return source.Metric == Metric.L2 ? 2 * positive - negative : Math.Min(positive, -negative);
    }
}
