using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Ranking;

/// <summary>
/// Goal: a copy of the query has the best score there is, and a limit of that score lets it through, whatever rounding does.
/// </summary>
public sealed class ScoreLimitTests
{
    private const int Seed = 20_260_714;

    [Theory]
    [InlineData(Metric.Cosine, 3)]
    [InlineData(Metric.Cosine, 100)]
    [InlineData(Metric.Cosine, 384)]
    [InlineData(Metric.L2, 100)]
    [InlineData(Metric.InnerProduct, 100)]
    public void ACopyOfTheQueryIsWithinItsOwnScore(Metric metric, int dimension)
    {
        const int Count = 500;
        Random random = new(Seed);
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => SegmentFixture.Gaussian(random, dimension, 3))];
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, SegmentFixture.Options(metric) with { EfConstruction = 50 }));
        IndexSnapshot index = new("x", "g", default, [segment]);
        for (int row = 0; row < Count; row++)
        {
            double square = rows[row].Sum(static x => (double)x * x);
            float best = metric switch { Metric.Cosine => 1, Metric.L2 => 0, _ => (float)square };
            RankingQuery query = new() { K = 10, EfSearch = 100, MaxDistance = metric.ToDistance(best) };
            string where = $"seed {Seed}, row {row}";
            foreach (bool isExact in new[] { false, true })
            {
                RankingQuery asked = query with { Exact = isExact, EfSearch = isExact ? 0 : 100 };
                RankingAnswer plain = RankingSearch.Run(index, rows[row], 1, asked, SearchBudget.Unlimited);
                RangeAnswer range = RangeSearch.Run(index, rows[row], 1, asked, SearchBudget.Unlimited);
                RankingAnswer merged = RankingSearch.Run(
                    index, rows[row], 1, asked with { Union = new UnionMerge(0) }, SearchBudget.Unlimited);
                foreach (RankingAnswer answer in new[] { plain, range.Answer, merged })
                {
                    Assert.Contains((ulong)row, answer.Hits.Select(hit => index.KeyOf(hit).Number));
                    Assert.All(answer.Hits, hit => Assert.True(
                        metric != Metric.Cosine || metric.ToScore(hit.Distance) is >= -1 and <= 1, where));
                }
            }
            Explanation why = ExplainSearch.Run(
                index, rows[row], 1, query, new ItemKey((ulong)row), [], SearchBudget.Unlimited);
            Assert.True(why.Verdict == ExplainVerdict.Returned, $"{where}: {why.Text}");
        }
        index.Release();
        segment.Release();
    }

    /// <summary>What is worse than the limit by more than rounding is not returned.</summary>
    [Fact]
    public void ALimitKeepsOutWhatIsFartherByMoreThanRounding()
    {
        float[][] rows = [.. Enumerable.Range(0, 200).Select(i => new[] { MathF.Cos(i * 0.001f), MathF.Sin(i * 0.001f) })];
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.Cosine)));
        IndexSnapshot index = new("x", "g", default, [segment]);
        foreach (float limit in new[] { 0.999f, 0.99f, 0.985f })
        {
            RankingQuery query = new() { K = 200, Exact = true, MaxDistance = Metric.Cosine.ToDistance(limit) };
            RankingAnswer answer = RankingSearch.Run(index, new float[] { 1, 0 }, 1, query, SearchBudget.Unlimited);
            int least = Enumerable.Range(0, 200).Count(i => Math.Cos(i * 0.001) >= limit);
            int most = Enumerable.Range(0, 200).Count(i => Math.Cos(i * 0.001) >= limit - 2e-6);
            Assert.InRange(answer.Hits.Count, least, most);
        }
        index.Release();
        segment.Release();
    }
}
