using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Tests.Codes;

public sealed unsafe class Int8CodesTests
{
    private const int Seed = 20261122;

    /// <summary>Half a step per component on each side bounds the error of a dot product of codes.</summary>
    [Theory]
    [InlineData(Metric.L2, 24)]
    [InlineData(Metric.Cosine, 128)]
    [InlineData(Metric.InnerProduct, 100)]
    public void EstimatesStayWithinTheQuantisationError(Metric metric, int dimension)
    {
        Random random = new(Seed);
        using VectorTable rows = new(200, dimension);
        for (int row = 0; row < rows.Count; row++)
            for (int i = 0; i < dimension; i++)
                rows.Values(row)[i] = 3 + (random.NextSingle() - 0.5f) * (row + 1);
        using Int8Codes codes = Int8Codes.Encode(rows, metric, threads: 2, progress: null, CancellationToken.None);
        float* mean = (float*)codes.Mean.Start;
        short[] quantised = new short[codes.Stride];
        using VectorTable queries = new(2, dimension); // the query and a row of scratch
        Span<float> query = queries.Values(0);
        for (int i = 0; i < dimension; i++)
            query[i] = random.NextSingle() * 4 - 1;
        CodedQuery coded = CodedQuery.Quantise(
            queries.Row(0), mean, queries.Row(1), queries.Stride, quantised, metric.Traits().IsSquared);
        fixed (short* q = quantised)
        {
            Int8Scorer scorer = new((sbyte*)codes.Codes.Start, codes.Stride, (float*)codes.Factors.Start, q, coded.Unit);

            // Estimates leave out one term that is the same for every row: row 0 shows it.
            double constant = Exact(metric, query, rows.Values(0)) - scorer.Score(0);
            for (int row = 0; row < rows.Count; row++)
            {
                double exact = Exact(metric, query, rows.Values(row));
                double bound = Bound(metric, query, rows.Values(row), mean, codes.Scale)
                    + Bound(metric, query, rows.Values(0), mean, codes.Scale);
                Assert.True(
                    Math.Abs(scorer.Score(row) + constant - exact) <= bound,
                    $"row {row}: estimate {scorer.Score(row) + constant}, exact {exact}, bound {bound}, seed {Seed}");
            }
            AssertFoursScoreAsOneByOne(in scorer, rows.Count);
            AssertFoursScoreAsOneByOne(
                new UniformScorer<SquaresTerm>((sbyte*)codes.Codes.Start, codes.Stride, q, coded.Unit, 0.5f), rows.Count);
            AssertFoursScoreAsOneByOne(new UniformScorer<NoTerm>((sbyte*)codes.Codes.Start, codes.Stride, q, coded.Unit, 0), rows.Count);
            CodePoint[] points = [.. Enumerable.Range(0, rows.Count).Select(static row => new CodePoint(row + 0.25f, 1 / (row + 1f)))];
            fixed (CodePoint* point = points)
            {
                AssertFoursScoreAsOneByOne(
                    new PointScorer((sbyte*)codes.Codes.Start, codes.Stride, point, q, coded.Unit, 0.5f), rows.Count);
            }
        }
    }

    /// <summary>Any number of nodes, so that each rest of a four is met, with one before it and without.</summary>
    private static void AssertFoursScoreAsOneByOne<TScorer>(in TScorer scorer, int rows)
        where TScorer : struct, INodeScorer
    {
        TScorer one = scorer;
        for (int count = 0; count <= 9; count++)
        {
            int[] nodes = [.. Enumerable.Range(0, count).Select(i => (i * 37 + 11) % rows)];
            float[] distances = new float[count];
            scorer.Score(nodes, distances);
            Assert.Equal(nodes.Select(node => one.Score(node)), distances);
        }
    }

    [Fact]
    public void RowsThatAreAllTheMeanCostNothing()
    {
        using VectorTable rows = new(3, 5);
        for (int row = 0; row < 3; row++)
            rows.Values(row).Fill(2);

        using Int8Codes codes = Int8Codes.Encode(rows, Metric.L2, threads: 1, progress: null, CancellationToken.None);

        Assert.Equal(new byte[3 * codes.Stride], codes.Codes.Slice(0).ToArray());
        Assert.Equal([0f, 0f, 0f, 0f, 0f, 0f], new ReadOnlySpan<float>(codes.Factors.Start, 6).ToArray());
    }

    [Fact]
    public void AZeroQueryQuantisesToZero()
    {
        short[] quantised = new short[64];
        using VectorTable rows = new(3, 10); // query, mean, scratch: all zero
        CodedQuery coded = CodedQuery.Quantise(rows.Row(0), rows.Row(1), rows.Row(2), rows.Stride, quantised, isCentred: false);
        Assert.Equal(0, coded.Unit);
        Assert.Equal(new short[64], quantised);
    }

    private static double Exact(Metric metric, ReadOnlySpan<float> query, ReadOnlySpan<float> row)
    {
        double sum = 0;
        for (int i = 0; i < row.Length; i++)
            sum += metric == Metric.L2 ? ((double)query[i] - row[i]) * ((double)query[i] - row[i]) : -(double)query[i] * row[i];
        return sum;
    }

    private static double Bound(Metric metric, ReadOnlySpan<float> query, ReadOnlySpan<float> row, float* mean, float common)
    {
        double largest = 0, queryLargest = 0, queryNorm1 = 0, norm1 = 0;
        for (int i = 0; i < row.Length; i++)
        {
            double q = metric == Metric.L2 ? query[i] - mean[i] : query[i];
            largest = Math.Max(largest, Math.Abs(row[i] - mean[i]));
            norm1 += Math.Abs(row[i] - mean[i]);
            queryLargest = Math.Max(queryLargest, Math.Abs(q));
            queryNorm1 += Math.Abs(q);
        }
        double step = common > 0 ? common : largest / 127;
        double queryStep = queryLargest / Int8Dot.MaxQueryComponent(Int8Codes.StrideOf(row.Length));
        double error = step / 2 * queryNorm1 + queryStep / 2 * (norm1 + row.Length * step);
        return (metric == Metric.L2 ? 2 * error : error) * 1.001 + 1e-3;
    }
}
