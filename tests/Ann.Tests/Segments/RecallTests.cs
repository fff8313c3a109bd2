using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Recall floors. One seed makes each number exact; the floor is what we promise, not what we measured.</summary>
public sealed class RecallTests(ITestOutputHelper output)
{
    private const int Seed = 20261122;

    public static MatrixTheoryData<Metric, CodesKind, int> Kinds => new(Enum.GetValues<Metric>(), Enum.GetValues<CodesKind>(), [1, 3]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void RecallStaysAboveItsFloor(Metric metric, CodesKind codes, int threads)
    {
        float[][] rows = SegmentFixture.Clustered(4000, 32, Seed);
        float[][] queries = SegmentFixture.Clustered(60, 32, Seed + 1);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric, codes, threads));

        AssertRecall(segment, queries, k: 10, ef: 100, floor: 0.97);
        AssertRecall(segment, queries, k: 500, ef: 800, floor: 0.97);
        Assert.Equal(segment.Count, segment.Certificate.Reachable);
    }

    /// <summary>
    /// Norms by a log-normal law, σ = 1: on such data a raw inner-product graph finds a twentieth of the answers and no beam mends it.
    /// </summary>
    [Theory]
    [InlineData(CodesKind.F32)]
    [InlineData(CodesKind.Int8)]
    public void MaximumInnerProductSurvivesSkewedNorms(CodesKind codes)
    {
        const int Count = 50_000;
        float[][] rows = SegmentFixture.NormSkewed(Count, 64, sigma: 1, Seed);
        float[][] queries = SegmentFixture.NormSkewed(100, 64, sigma: 0, Seed + 1);
        SegmentBuildOptions options = SegmentFixture.Options(Metric.InnerProduct, codes, Environment.ProcessorCount);
        using SealedSegment segment = SegmentFixture.Seal(rows, options);

        double atTen = AssertRecall(segment, queries, k: 10, ef: 256, floor: 0.98);
        double atThousand = AssertRecall(segment, queries, k: 1000, ef: 1500, floor: 0.97);
        output.WriteLine($"{Count} × 64, log-normal norms, σ = 1, seed {Seed}, {codes}: recall@10 {atTen:F4}, recall@1000 {atThousand:F4}");
        Assert.True(segment.Certificate.Norms.P99 > 5 * segment.Certificate.Norms.Median, "the certificate shows the skew");
    }

    /// <summary>Without skew the same path serves as well as L2 does.</summary>
    [Fact]
    public void MaximumInnerProductOfEqualNormsIsEasy()
    {
        float[][] rows = SegmentFixture.NormSkewed(4000, 24, sigma: 0, Seed);
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.InnerProduct));

        AssertRecall(segment, SegmentFixture.NormSkewed(60, 24, sigma: 0, Seed + 1), k: 10, ef: 100, floor: 0.95);
    }

    /// <summary>Zero rows and norms twenty orders of magnitude apart are legal inner-product data.</summary>
    [Fact]
    public void MaximumInnerProductTakesZeroAndExtremeRows()
    {
        float[][] rows = SegmentFixture.Clustered(1000, 16, Seed);
        for (int i = 0; i < 100; i++)
            Array.Clear(rows[i]);
        for (int i = 100; i < 200; i++)
            rows[i] = Array.ConvertAll(rows[i], x => x * (i % 2 == 0 ? 1e-14f : 1e6f));
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.InnerProduct));

        Assert.Equal(1000, segment.Certificate.Reachable);
        AssertRecall(segment, SegmentFixture.Clustered(40, 16, Seed + 1), k: 10, ef: 256, floor: 0.9);
    }

    private static double AssertRecall(SealedSegment segment, float[][] queries, int k, int ef, double floor)
    {
        Neighbor[] exact = new Neighbor[k], found = new Neighbor[k];
        int hits = 0;
        foreach (float[] query in queries)
        {
            segment.Search(query, new SearchParameters(k, Exact: true), SearchBudget.Unlimited, exact, out _);
            int count = segment.Search(query, new SearchParameters(k, ef), SearchBudget.Unlimited, found, out _);
            Assert.Equal(k, count);
            Assert.Equal(k, found.Select(n => n.Node).Distinct().Count());
            hits += TieAwareRecall.Of(exact).CountRight(found);
        }
        double recall = (double)hits / (queries.Length * k);
        Assert.True(recall >= floor, $"recall@{k} fell to {recall:F4}; floor {floor} at ef {ef}, seed {Seed}");
        return recall;
    }
}
