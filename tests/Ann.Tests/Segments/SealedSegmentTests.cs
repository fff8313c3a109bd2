using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

public sealed class SealedSegmentTests
{
    private const int Seed = 42;
    private static readonly float[][] Rows = SegmentFixture.Clustered(500, 12, Seed);

    [Theory]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.L2)]
    [InlineData(Metric.InnerProduct)]
    public void ExactSearchIsBruteForce(Metric metric)
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(metric));
        Neighbor[] results = new Neighbor[25];
        foreach (float[] query in SegmentFixture.Clustered(20, 12, Seed + 1))
        {
            int count = segment.Search(
                query, new SearchParameters(25, Exact: true), SearchBudget.Unlimited, results, out SearchStatistics statistics);

            double[] scores = [.. Rows.Select(row => Score(metric, query, row))];
            int sign = metric == Metric.L2 ? 1 : -1;
            Assert.Equal(25, count);
            Assert.Equal(500, statistics.Visited);
            Assert.Equal(25, results.DistinctBy(n => n.Node).Count());
            SegmentFixture.RequireNearest([.. results.Select(n => sign * scores[n.Node])], scores.Select(score => sign * score));
            Assert.All(results, n => Assert.Equal(scores[n.Node], metric.ToScore(n.Distance), 1e-4));
        }
    }

    [Fact]
    public void TheFileSaysHowItWasMade()
    {
        SegmentBuildOptions options = SegmentFixture.Options(Metric.Cosine) with
        {
            M = 12,
            EfConstruction = 77,
            Seed = 5,
            Name = "products",
            EncoderFingerprint = "00ff00ff00ff00ff",
            EncoderName = "default",
            Source = "a.npy",
        };
        using SealedSegment segment = SegmentFixture.Seal(Rows, options);

        Assert.Equal((Metric.Cosine, CodesKind.Int8, 12, 500), (segment.Metric, segment.Codes, segment.Dimension, segment.Count));
        BuildRecord record = segment.BuildRecord;
        Assert.Equal(("products", 12, 77, 5UL, "int8"), (record.Name, record.M, record.EfConstruction, record.Seed, record.Codes));
        Assert.Equal(("00ff00ff00ff00ff", "default", "a.npy"), (record.EncoderFingerprint, record.EncoderName, record.Source));
        Assert.Equal(500, segment.Certificate.Reachable);
        Assert.Equal(1, segment.Certificate.Norms.Median, 1e-5);
        Assert.All(segment.Certificate.EfRecall, point => Assert.InRange(point.Recall, 0.5, 1));
    }

    [Fact]
    public void TheSameBuildGivesTheSameBytesOnAnyNumberOfThreads()
    {
        MemoryFileSystem files = new();
        foreach (int threads in new[] { 1, 4 })
        {
            using SegmentBuilder builder = SegmentFixture.Build(Rows, SegmentFixture.Options(Metric.L2, threads: threads));
            builder.Write(files, $"{threads}.ann");
        }

        Assert.Equal(files.Content["1.ann"], files.Content["4.ann"]);
    }

    [Fact]
    public void TheGenerationNamesTheContent()
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = SegmentFixture.Build(Rows, SegmentFixture.Options(Metric.L2));
        builder.Write(files, "a.ann");
        using SealedSegment a = SealedSegment.Open(files, "a.ann");
        using SealedSegment b = SegmentFixture.Seal([.. Rows.Reverse()], SegmentFixture.Options(Metric.L2));

        Assert.Equal(builder.Generation, a.Generation);
        Assert.NotEqual(a.Generation, b.Generation);
    }

    [Fact]
    public void EqualDistancesComeInKeyOrder()
    {
        float[][] rows = [.. Enumerable.Range(0, 60).Select(i => new float[] { i / 20, 1 })];
        string[] keys = [.. Enumerable.Range(0, 60).Select(i => $"k{i * 37 % 60:d2}")];
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2), SegmentFixture.Texts(keys));
        Neighbor[] results = new Neighbor[40];
        foreach (bool exact in new[] { false, true })
        {
            segment.Search([0, 1], new SearchParameters(40, 60, exact), SearchBudget.Unlimited, results, out _);

            string[] found = [.. results.Select(n => segment.Keys.Of(n.Node).ToString())];
            Assert.Equal(keys[..20].Order(StringComparer.Ordinal), found[..20]);
            Assert.Equal(keys[20..40].Order(StringComparer.Ordinal), found[20..]);
        }
    }

    [Fact]
    public void KeysComeBack()
    {
        string[] texts = [.. Enumerable.Range(0, 500).Select(i => i % 7 == 0 ? $"ключ-{i}" : $"key/{i}")];
        using SealedSegment strings = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.L2), SegmentFixture.Texts(texts));
        KeyColumn numbers = new(KeyKind.UInt64);
        for (int i = 0; i < 500; i++)
            numbers.Add(ulong.MaxValue - (ulong)i * 3);
        using SealedSegment numeric = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.L2), numbers);

        Assert.Equal(texts, Enumerable.Range(0, 500).Select(node => strings.Keys.Of(node).ToString()));
        Assert.Equal(ulong.MaxValue - 30, numeric.Keys.Number(10));
        Assert.Equal(Rows[10], numeric.Row(10).ToArray());
    }

    [Fact]
    public void MoreThanThereIsComesBackShort()
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows[..7], SegmentFixture.Options(Metric.L2));
        Neighbor[] results = new Neighbor[20];

        Assert.Equal(7, segment.Search(Rows[0], new SearchParameters(20), SearchBudget.Unlimited, results, out _));
        Assert.Equal(7, segment.Search(Rows[0], new SearchParameters(20, Exact: true), SearchBudget.Unlimited, results, out _));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnExpiredBudgetIsTold(bool exact)
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.L2));
        Neighbor[] results = new Neighbor[5];

        segment.Search(
            Rows[0], new SearchParameters(5, Exact: exact), new SearchBudget(0, CancellationToken.None),
            results, out SearchStatistics late);
        segment.Search(
            Rows[0], new SearchParameters(5, Exact: exact), new SearchBudget(long.MaxValue, new(true)),
            results, out SearchStatistics gone);

        Assert.Equal((StopReason.Deadline, StopReason.Cancelled), (late.Stopped, gone.Stopped));
    }

    [Fact]
    public void SteadySearchAllocatesNothing()
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.Cosine));
        Neighbor[] results = new Neighbor[100];
        SearchParameters[] kinds = [new(10), new(100, 300), new(100, Exact: true)];
        Assert.Equal(0, Allocations.OfSteady(Run));

        void Run()
        {
            for (int round = 0; round < 50; round++)
                foreach (ref readonly SearchParameters parameters in kinds.AsSpan())
                    segment.Search(Rows[round], in parameters, SearchBudget.Unlimited, results, out _);
        }
    }

    [Fact]
    public void ManyThreadsGetTheAnswersOfOne()
    {
        using SealedSegment segment = SegmentFixture.Seal(Rows, SegmentFixture.Options(Metric.L2));
        Neighbor[][] alone = [.. Rows.Select(Ask)];

        Parallel.For(
            0, 4 * Rows.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => Assert.Equal(alone[i % 500], Ask(Rows[i % 500])));

        Neighbor[] Ask(float[] query)
        {
            Neighbor[] results = new Neighbor[10];
            segment.Search(query, new SearchParameters(10, 40), SearchBudget.Unlimited, results, out _);
            return results;
        }
    }

    private static double Score(Metric metric, float[] a, float[] b)
    {
        double dot = a.Zip(b, (x, y) => (double)x * y).Sum();
        return metric switch
        {
            Metric.Cosine => dot / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x)),
            Metric.InnerProduct => dot,
            _ => Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum()),
        };
    }
}
