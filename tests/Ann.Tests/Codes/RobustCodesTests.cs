using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Tests.Segments;

namespace Ann.Tests.Codes;

/// <summary>
/// Goal: no row moves the mean by itself; codes with a scale and an offset a row err by the distance of the query, not by its length; and
/// the bound that the rerank stops by holds. Method: exact distances in double precision.
/// </summary>
public sealed unsafe class RobustCodesTests
{
    private const int Seed = 4242;

    [Fact]
    public void WithoutOutliersTheMeanIsThePlainOne()
    {
        float[][] rows = SegmentFixture.Clustered(400, 20, Seed);
        float[] mean = MeanOf(rows);
        for (int i = 0; i < mean.Length; i++)
            Assert.Equal((float)(rows.Sum(row => (double)row[i]) / rows.Length), mean[i]);
    }

    [Theory]
    [InlineData(1e9f, 1)]
    [InlineData(1e18f, 1)]
    [InlineData(-1e6f, 80)]
    public void OutliersDoNotMoveTheMean(float value, int outliers)
    {
        float[][] rows = SegmentFixture.Clustered(400, 20, Seed);
        float[] without = MeanOf(rows[outliers..]);
        for (int i = 0; i < outliers; i++)
            Array.Fill(rows[i], value);
        Assert.Equal(without, MeanOf(rows));
    }

    [Fact]
    public void OneRowManyTimesHidesNoStructure()
    {
        float[][] rows = [.. Enumerable.Range(0, 300).Select(_ => new float[20]), .. SegmentFixture.Clustered(100, 20, Seed)];
        float[] mean = MeanOf(rows);
        for (int i = 0; i < mean.Length; i++)
            Assert.Equal((float)(rows.Sum(row => (double)row[i]) / rows.Length), mean[i]);
    }

    /// <summary>Families of near-identical rows: the error is a share of the distance between query and row.</summary>
    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public void FinerCodesErrByTheDistanceOfTheQuery(Metric metric)
    {
        const int Dimension = 64;
        Random random = new(Seed);
        float[][] all = [.. Enumerable.Range(0, 10).SelectMany(_ =>
        {
            float[] centre = SegmentFixture.Gaussian(random, Dimension, 1);
            return Enumerable.Range(0, 41)
                .Select(_ => centre.Zip(SegmentFixture.Gaussian(random, Dimension, 0.01), (a, b) => a + b).ToArray());
        })];
        using VectorTable rows = new(all.Length, Dimension);
        for (int i = 0; i < all.Length; i++)
            RowPreparation.Prepare(metric, all[i], rows.Values(i), "rows", i);
        using Int8Codes codes = Int8Codes.Encode(rows, metric, 1, null, CancellationToken.None, finer: true);
        Assert.Equal(0, codes.Scale);
        using VectorTable scratch = new(1, Dimension);
        short[] quantised = new short[codes.Stride];
        for (int family = 0; family < 10; family++)
        {
            int query = family * 41;
            fixed (short* start = quantised)
            {
                CodedQuery coded = CodedQuery.Quantise(
                    rows.Row(query), (float*)codes.Mean.Start, scratch.Row(0), rows.Stride, quantised, metric.Traits().IsSquared);
                Int8Scorer scorer = new((sbyte*)codes.Codes.Start, codes.Stride, (float*)codes.Factors.Start, start, coded.Unit);
                for (int row = query + 1; row < query + 41; row++)
                {
                    double apart = 0, exact = 0;
                    for (int i = 0; i < Dimension; i++)
                    {
                        double a = rows.Row(query)[i], b = rows.Row(row)[i];
                        apart += (a - b) * (a - b);
                        exact += metric == Metric.L2 ? (a - b) * (a - b) : -a * b;
                    }
                    double error = Math.Abs(scorer.Score(row) + coded.Shift - exact);
                    double step = Math.Abs(((float*)codes.Factors.Start)[2 * row + 1]) / (metric == Metric.L2 ? 2 : 1);
                    double allowed = 5 / Math.Sqrt(12) * step * Math.Sqrt(apart) * (metric == Metric.L2 ? 2 : 1) + 2e-5 * coded.Square;
                    Assert.True(error <= allowed, $"{metric}: {error} is more than {allowed}, row {row}, seed {Seed}");
                }
            }
        }
    }

    [Fact]
    public void TheBoundIsBelowWhatIsTold()
    {
        CodeBound squares = CodeBound.OfDistance(Metric.L2, 0.5f, 100);
        // 4 + 2·2·3·0.1/√12 is told of a row at 4 at most.
        Assert.Equal(4, squares.LeastOf(4 + 4 * 3 * 0.1f / MathF.Sqrt(12), -0.2f), 0.001f);
        Assert.Equal(0, squares.LeastOf(-1, -0.2f));
        CodeBound unit = CodeBound.OfDistance(Metric.Cosine, 1, 1);
        Assert.Equal(-1, unit.LeastOf(-1.01f, 0.1f));
        Assert.True(unit.LeastOf(-0.5f, 0.1f) is < -0.5f and > -0.7f);
        Assert.Equal(1 - 3 / MathF.Sqrt(12) * 20, CodeBound.OfLength(10, 1).LeastOf(1, -2), 0.001f);
        Assert.True(float.IsFinite(squares.LeastOf(1e30f, 1e15f)));
    }

    private static float[] MeanOf(float[][] rows)
    {
        using VectorTable table = new(rows.Length, rows[0].Length);
        for (int i = 0; i < rows.Length; i++)
            table.Set(i, rows[i]);
        float[] mean = new float[rows[0].Length];
        RobustMean.Compute(table.Start, table.Stride, mean.Length, rows.Length, null, mean);
        return mean;
    }
}
