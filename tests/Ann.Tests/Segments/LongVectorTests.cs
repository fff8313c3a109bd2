using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;
using Ann.Tests.Indexes;

namespace Ann.Tests.Segments;

/// <summary>Goal: distances between any two vectors that are taken are finite, and the longest that are taken are answered right.</summary>
public sealed class LongVectorTests
{
    private const float Longest = 1UL << 60;

    /// <summary>Rows whose distances overflowed float32: the nearest came with no finite distance, or not at all.</summary>
    private static readonly float[][] TooLong =
        [[1e19f, 0], [1.1e19f, 0], [1.8e19f, 0], [1.5e19f, 0], [1.2e19f, 0], [1e19f, 1e19f], [-1e19f, 0]];

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.InnerProduct)]
    public void LongerVectorsAreRefusedWithTheirRowAndTheLimit(Metric metric)
    {
        foreach (float[] row in TooLong)
        {
            using SegmentBuilder builder = new(2, 2, SegmentFixture.Options(metric));
            builder.Add([1, 2]);
            AnnException error = Assert.Throws<AnnException>(() => builder.Add(row));
            Assert.Equal("input", error.Field);
            Assert.Contains("row 1 has length", error.Message, StringComparison.Ordinal);
            Assert.Contains("at most 1.153e+18", error.Message, StringComparison.Ordinal);
        }
        using SealedSegment segment = SegmentFixture.Seal([[1, 2], [3, 4]], SegmentFixture.Options(metric));
        foreach (bool isExact in new[] { false, true })
        {
            AnnException error = Assert.Throws<AnnException>(() => segment.Search(
                [-1.8e19f, 0], new SearchParameters(2, Exact: isExact), SearchBudget.Unlimited, new Neighbor[2], out _));
            Assert.Equal("queries", error.Field);
        }
    }

    [Fact]
    public async Task ALiveIndexRefusesThem()
    {
        await using LiveFixture live = new();
        float[] row = new float[LiveFixture.Dimension];
        row[3] = 2 * Longest;
        KeyColumn keys = new(KeyKind.UInt64);
        keys.Add(1);
        AnnException error = await Assert.ThrowsAsync<AnnException>(
            () => live.WriteAsync(new WriteBatch { Mode = WriteMode.Upsert, Keys = keys, Rows = row }));
        Assert.Equal("vectors", error.Field);
    }

    /// <summary>Under cosine any length has a direction.</summary>
    [Fact]
    public void CosineTakesAnyLength()
    {
        using SealedSegment segment = SegmentFixture.Seal(
            [.. TooLong, [3e38f, 3e38f], [1e-40f, 0]], SegmentFixture.Options(Metric.Cosine));
        Neighbor[] found = new Neighbor[3];
        Assert.Equal(3, segment.Search([3e38f, 2.9e38f], new SearchParameters(3), SearchBudget.Unlimited, found, out _));
        Assert.True(found[0].Node is 5 or 7);
    }

    [Theory]
    [InlineData(Metric.L2, 2)]
    [InlineData(Metric.L2, 64)]
    [InlineData(Metric.InnerProduct, 2)]
    [InlineData(Metric.InnerProduct, 64)]
    public void TheLongestAreAnsweredRightByEveryWay(Metric metric, int dimension)
    {
        const int Seed = 20_260_715;
        const int Count = 300;
        Random random = new(Seed);
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => OfLength(random, dimension, Longest * (1 - 1e-6f)))];
        KeyColumn keys = KeyColumn.Ordinals(Count);
        foreach (SegmentLayout layout in new[] { SegmentLayout.Fast, SegmentLayout.Lean })
        {
            foreach (CodesKind codes in new[] { CodesKind.Int8, CodesKind.F32 })
            {
                SegmentLayout own = codes == CodesKind.F32 ? SegmentLayout.Lean : layout;
                using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric, codes) with { Layout = own }, keys);
                for (int round = 0; round < 20; round++)
                {
                    float[] query = OfLength(random, dimension, Longest * (1 - 1e-6f));
                    double[] right = [.. rows.Select(row => Distance(metric, query, row)).Order()];
                    foreach (bool isExact in new[] { false, true })
                    {
                        Neighbor[] found = new Neighbor[20];
                        SearchParameters parameters = new(20, isExact ? 0 : Count, isExact);
                        Assert.Equal(20, segment.Search(query, parameters, SearchBudget.Unlimited, found, out _));
                        for (int place = 0; place < 20; place++)
                        {
                            double off = Math.Abs(found[place].Distance - right[place]);
                            Assert.True(
                                float.IsFinite(found[place].Distance) && off <= 1e-5 * Longest * Longest,
                                $"seed {Seed}, {codes}, {layout}, exact {isExact}, place {place}: {found[place]}, {right[place]:g7}");
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// What was written before there was a limit opens and answers: distances that overflow are infinite and come last, in the order of
    /// keys; the others are right.
    /// </summary>
    [Theory]
    [InlineData(CodesKind.F32)]
    [InlineData(CodesKind.Int8)]
    public void OlderFilesWithLongerRowsStillAnswer(CodesKind codes)
    {
        float[][] near = [.. Enumerable.Range(0, 40).Select(static i => new[] { 1e17f * i, 0 })];
        using SegmentBuilder builder = new(near.Length + TooLong.Length, 2, SegmentFixture.Options(Metric.L2, codes));
        foreach (float[] row in near.Concat(TooLong))
            builder.AddStored(row);
        builder.Build(KeyColumn.Ordinals(near.Length + TooLong.Length));
        MemoryFileSystem files = new();
        builder.Write(files, "x.ann");
        using SealedSegment segment = SealedSegment.Open(files, "x.ann");
        Neighbor[] found = new Neighbor[47];
        int count = segment.Search([-1e18f, 0], new SearchParameters(47, Exact: true), SearchBudget.Unlimited, found, out _);
        Assert.Equal(47, count);
        Assert.Equal(Enumerable.Range(0, 40), found[..40].Select(static neighbor => neighbor.Node));
        Assert.All(found[..40], static neighbor => Assert.True(float.IsFinite(neighbor.Distance)));
        Assert.Equal(float.PositiveInfinity, found[^1].Distance);
        Assert.InRange(segment.Search([-1e18f, 0], new SearchParameters(10), SearchBudget.Unlimited, found, out _), 1, 10);
        Assert.All(found[..10], static neighbor => Assert.False(float.IsNaN(neighbor.Distance)));
    }

    private static float[] OfLength(Random random, int dimension, float length)
    {
        float[] row = SegmentFixture.Gaussian(random, dimension, 1);
        double norm = Math.Sqrt(row.Sum(static x => (double)x * x));
        return Array.ConvertAll(row, x => (float)(x * length / norm));
    }

    private static double Distance(Metric metric, float[] a, float[] b) => metric == Metric.L2
        ? a.Zip(b, static (x, y) => ((double)x - y) * ((double)x - y)).Sum()
        : -a.Zip(b, static (x, y) => (double)x * y).Sum();
}
