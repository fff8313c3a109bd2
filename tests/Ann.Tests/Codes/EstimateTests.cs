using Ann.Core;
using Ann.Core.Codes;
using Ann.Tests.Segments;

namespace Ann.Tests.Codes;

/// <summary>
/// Goal: estimates err as documented at <see cref="EstimateEncoder"/>: not to one side, and by |x|·|r|·√(1 − β²)/(β·√(D − 1)).
/// Method: blocks of random rows; the limit at which a neighbour starts to pass, found by bisection, is its estimate less the margin.
/// </summary>
public sealed unsafe class EstimateTests
{
    private const int Seed = 20261122;

    public static MatrixTheoryData<Metric, int> Cases => new(Enum.GetValues<Metric>(), [17, 64, 100, 400]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EstimatesErrAsDocumented(Metric metric, int dimension)
    {
        // Errors around one node go together, since they share its direction: many nodes, few neighbours and queries of each.
        double sum = 0, squares = 0;
        int count = 0;
        for (int node = 0; node < 40; node++)
        {
            using BlockOfRows block = new(metric, SegmentFixture.Clustered(30, dimension, Seed + node, clusters: 100), links: 8);
            foreach (float[] query in SegmentFixture.Clustered(6, dimension, Seed - 1 - node, clusters: 100))
            {
                double[] least = block.LeastDistances(query);
                for (int slot = 0; slot < least.Length; slot++, count++)
                {
                    double z = (least[slot] - block.Exact(slot + 1)) / block.StandardError(slot) + EstimateTables.MarginOf(metric);
                    sum += z;
                    squares += z * z;
                }
            }
        }

        double mean = sum / count;
        double spread = Math.Sqrt(squares / count - mean * mean);
        string figures = $"{metric}, {dimension}: mean {mean:f3}, spread {spread:f3}, of standard errors; seed {Seed}";
        Assert.True(Math.Abs(mean) < 0.25, figures);
        Assert.True(spread is > 0.6 and < 1.5, figures);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void WithoutALimitAllLinksPassAndNoEmptySlot(Metric metric, int dimension)
    {
        foreach (int links in new[] { 1, 10, 31, 32, 33, 48 })
        {
            using BlockOfRows block = new(metric, SegmentFixture.Clustered(91, dimension, Seed), links, slots: 48);
            block.Use(SegmentFixture.Clustered(1, dimension, Seed + 1)[0]);
            ulong passing = 0;
            for (int group = 0; group < 2; group++)
                passing |= (ulong)block.Below(group, float.PositiveInfinity) << (32 * group);
            Assert.Equal((1UL << links) - 1, passing);
        }
    }

    /// <summary>A neighbour that equals the node is as far as the node.</summary>
    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.InnerProduct)]
    public void ADuplicateIsEstimatedExactly(Metric metric)
    {
        float[] row = SegmentFixture.Clustered(1, 40, Seed)[0];
        using BlockOfRows block = new(metric, [row, row, row, .. SegmentFixture.Clustered(10, 40, Seed + 1)], links: 2);
        block.Use(SegmentFixture.Clustered(1, 40, Seed + 2)[0]);

        Assert.Equal(0u, block.Below(0, block.DistanceOfNode));
        Assert.Equal(3u, block.Below(0, MathF.BitIncrement(block.DistanceOfNode)));
    }

    /// <summary>NaN is below no limit, so a query that made one would see no neighbour at all.</summary>
    [Theory]
    [InlineData(Metric.L2, 0f)]
    [InlineData(Metric.L2, 1e-30f)]
    [InlineData(Metric.L2, 1e15f)]
    [InlineData(Metric.InnerProduct, 0f)]
    [InlineData(Metric.InnerProduct, 1e-40f)]
    [InlineData(Metric.InnerProduct, 1e15f)]
    [InlineData(Metric.Cosine, 1f)]
    public void DegenerateQueriesSeeAllNeighbours(Metric metric, float value)
    {
        using BlockOfRows block = new(metric, SegmentFixture.Clustered(91, 20, Seed), links: 30);
        float[] query = new float[20];
        query[3] = value;
        block.Use(query);
        Assert.Equal((1u << 30) - 1, block.Below(0, float.PositiveInfinity));

        using BlockOfRows zeros = new(metric, [.. Enumerable.Range(0, 91).Select(_ => query)], links: 30);
        zeros.Use(query);
        Assert.Equal((1u << 30) - 1, zeros.Below(0, float.PositiveInfinity));
    }
}
