using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: rows in a head are found as well as in a sealed segment of them. Method: recall of both at one beam width.</summary>
public sealed class HeadRecallTests(ITestOutputHelper output)
{
    private const int Seed = 20261127;
    private const int Count = 6000;
    private const double Tolerance = 0.01;

    public static MatrixTheoryData<Metric, int> Kinds => new(Enum.GetValues<Metric>(), [8, 128]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AHeadFindsWhatAFreshBuildFinds(Metric metric, int dimension) => Compare(
        SegmentFixture.Clustered(Count, dimension, Seed), SegmentFixture.Clustered(100, dimension, Seed + 1), metric, group: 700);

    [Theory]
    [InlineData(CodesKind.F32)]
    [InlineData(CodesKind.Int8)]
    public void RowsMayComeOneByOne(CodesKind codes) => Compare(
        SegmentFixture.Clustered(Count, 48, Seed), SegmentFixture.Clustered(100, 48, Seed + 1), Metric.Cosine, group: 1, codes);

    [Fact]
    public void NormsMayBeSkewed() => Compare(
        SegmentFixture.NormSkewed(Count, 64, sigma: 1, Seed), SegmentFixture.NormSkewed(100, 64, sigma: 0, Seed + 1),
        Metric.InnerProduct, group: 300);

    /// <summary>A catalogue is often written category by category: then all rows of a batch are of one neighbourhood.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(Count)]
    public void RowsMayComeClusterByCluster(int group)
    {
        float[][] rows = SegmentFixture.Clustered(Count, 32, Seed);
        float[] lead = rows[0];
        Array.Sort(Array.ConvertAll(rows, row => row.Zip(lead, (a, b) => (a - b) * (a - b)).Sum()), rows);

        Compare(rows, SegmentFixture.Clustered(100, 32, Seed + 1), Metric.L2, group);
    }

    private void Compare(float[][] rows, float[][] queries, Metric metric, int group, CodesKind codes = CodesKind.Int8)
    {
        const int K = 10, Ef = 40;
        HeadSegment head = new(HeadFixture.Shape(rows[0].Length, rows.Length, metric, codes: codes));
        HeadFixture.Fill(head, rows, group);
        double grown = HeadFixture.Recall(head, queries, K, Ef);
        double wide = HeadFixture.Recall(head, queries, K, 4 * Ef);

        SegmentBuildOptions options = SegmentFixture.Options(metric, codes) with { Layout = SegmentLayout.Lean };
        using SealedSegment segment = SegmentFixture.Seal(rows, options);
        Neighbor[] exact = new Neighbor[K], found = new Neighbor[K];
        int hits = 0;
        foreach (float[] query in queries)
        {
            segment.Search(query, new SearchParameters(K, Exact: true), SearchBudget.Unlimited, exact, out _);
            segment.Search(query, new SearchParameters(K, Ef), SearchBudget.Unlimited, found, out _);
            hits += TieAwareRecall.Of(exact).CountRight(found);
        }
        double built = (double)hits / (K * queries.Length);
        output.WriteLine(
            $"{metric}, {rows[0].Length} components, seed {Seed}: head {grown:F4} (ef {4 * Ef}: {wide:F4}), built {built:F4}");
        double tolerance = metric == Metric.InnerProduct ? 1.5 * Tolerance : Tolerance; // half of a row leads outwards, by what came so far
        Assert.True(grown >= built - tolerance, $"the head has recall {grown:F4}, a fresh build {built:F4}, seed {Seed}");
        head.Release();
    }
}
