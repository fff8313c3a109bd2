using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>Goal: the fast layout answers as the lean one does, at every shape of block and every size of graph.</summary>
public sealed class FastLayoutTests
{
    private const int Seed = 20261123;

    /// <summary>Share of the exact answers that estimates may cost at equal ef.</summary>
    private const double MaxRecallDrop = 0.01;

    /// <summary>With ten links a node there is no way around one that an estimate passed over.</summary>
    private const double MaxRecallDropOfSparseGraphs = 0.03;
    private const int SparseM = 5;

    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    public static TheoryData<Metric, int, int> Shapes
    {
        get
        {
            TheoryData<Metric, int, int> shapes = [];
            foreach (Metric metric in Metrics)
                foreach ((int m, int dimension) in new[] { (5, 3), (16, 17), (24, 64), (5, 100), (24, 200) })
                    shapes.Add(metric, m, dimension);
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void RecallStaysWithinTheBudgetOfTheLeanLayout(Metric metric, int m, int dimension)
    {
        float[][] rows = SegmentFixture.Clustered(2500, dimension, Seed);
        float[][] queries = SegmentFixture.Clustered(100, dimension, Seed + 1);
        SegmentBuildOptions options = SegmentFixture.Options(metric) with { M = m, EfConstruction = 60 };
        using SealedSegment fast = SegmentFixture.Seal(rows, options);
        using SealedSegment lean = SegmentFixture.Seal(rows, options with { Layout = SegmentLayout.Lean });

        Assert.Equal((SegmentLayout.Fast, SegmentLayout.Lean), (fast.Layout, lean.Layout));
        (double ofFast, long visitedByFast) = Recall(fast, queries, ef: 40);
        (double ofLean, long visitedByLean) = Recall(lean, queries, ef: 40);
        double drop = m == SparseM ? MaxRecallDropOfSparseGraphs : MaxRecallDrop;
        Assert.True(ofFast >= ofLean - drop, $"fast {ofFast:f4}, lean {ofLean:f4}, seed {Seed}");
        Assert.True(visitedByFast < visitedByLean, $"fast scored {visitedByFast}, lean {visitedByLean}: estimates passed over nobody");
    }

    /// <summary>Graphs that a beam holds whole: every answer is exact, whatever the estimates say, since nobody is passed over.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(33)]
    [InlineData(60)]
    public void TinyGraphsAnswerExactly(int count)
    {
        foreach (Metric metric in Metrics)
        {
            float[][] rows = SegmentFixture.Clustered(count, 20, Seed, clusters: 3);
            using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric) with { M = 4 });
            foreach (float[] query in SegmentFixture.Clustered(10, 20, Seed + 1, clusters: 3))
                Assert.Equal(Ask(segment, query, new(count, Exact: true)), Ask(segment, query, new(count, Math.Max(count, 60))));
        }
    }

    [Fact]
    public void DuplicatesAreAllFound()
    {
        foreach (Metric metric in Metrics)
        {
            float[][] few = SegmentFixture.Clustered(30, 16, Seed);
            float[][] rows = [.. Enumerable.Range(0, 300).Select(i => few[i % 30])];
            using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric));
            foreach (float[] query in few)
                Assert.Equal(Ask(segment, query, new(10, Exact: true)), Ask(segment, query, new(10, 300)));
        }
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(0f)]
    public void RowsThatAreAllEqualAreAllFound(float value)
    {
        foreach (Metric metric in Metrics.Where(metric => value != 0 || metric != Metric.Cosine))
        {
            float[][] rows = [.. Enumerable.Range(0, 100).Select(_ => Enumerable.Repeat(value, 24).ToArray())];
            using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric));
            float[] query = [.. rows[0]];
            query[0] += 0.5f;

            Neighbor[] found = Ask(segment, query, new(100, 100));

            Assert.Equal(Enumerable.Range(0, 100), found.Select(n => n.Node));
            Assert.Single(found.Select(n => n.Distance).Distinct());
        }
    }

    [Fact]
    public void EveryResidenceGivesTheSameAnswers()
    {
        MemoryFileSystem files = new();
        float[][] rows = SegmentFixture.Clustered(400, 40, Seed);
        foreach (SegmentLayout layout in Enum.GetValues<SegmentLayout>())
        {
            using SegmentBuilder builder =
                SegmentFixture.Build(rows, SegmentFixture.Options(Metric.InnerProduct) with { Layout = layout });
            builder.Write(files, $"{layout}.ann");
            using SealedSegment mapped = SealedSegment.Open(files, $"{layout}.ann", SegmentResidence.Mapped);
            using SealedSegment loaded = SealedSegment.Open(files, $"{layout}.ann", SegmentResidence.Loaded);
            using SealedSegment byLayout = SealedSegment.Open(files, $"{layout}.ann");

            Assert.Equal(0, mapped.LoadedBytes);
            int least = layout == SegmentLayout.Compact ? 32 + 32 * 9 / 8 : 64 + 32 * 4; // a code, and links of level 0
            Assert.InRange(loaded.LoadedBytes, 400 * least, loaded.SizeInBytes);
            Assert.Equal(layout == SegmentLayout.Lean ? 0 : loaded.LoadedBytes, byLayout.LoadedBytes);
            Assert.Equal(builder.Generation, loaded.Generation);
            foreach (float[] query in rows[..40])
            {
                Neighbor[] expected = Ask(mapped, query, new(10, 50));
                Assert.Equal(expected, Ask(loaded, query, new(10, 50)));
                Assert.Equal(expected, Ask(byLayout, query, new(10, 50)));
            }
        }
    }

    [Fact]
    public void TheFastFileIsTheSameOnAnyNumberOfThreads()
    {
        MemoryFileSystem files = new();
        float[][] rows = SegmentFixture.Clustered(600, 40, Seed);
        foreach (int threads in new[] { 1, 4 })
        {
            using SegmentBuilder builder = SegmentFixture.Build(rows, SegmentFixture.Options(Metric.L2, threads: threads));
            builder.Write(files, $"{threads}.ann");
        }

        Assert.Equal(files.Content["1.ann"], files.Content["4.ann"]);
    }

    private static Neighbor[] Ask(SealedSegment segment, float[] query, SearchParameters parameters)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = segment.Search(query, in parameters, SearchBudget.Unlimited, results, out _);
        return results[..count];
    }

    private static (double Recall, long Visited) Recall(SealedSegment segment, float[][] queries, int ef)
    {
        const int K = 10;
        Neighbor[] found = new Neighbor[K];
        int hits = 0;
        long visited = 0;
        foreach (float[] query in queries)
        {
            TieAwareRecall exact = TieAwareRecall.Of(Ask(segment, query, new(K, Exact: true)));
            segment.Search(query, new(K, ef), SearchBudget.Unlimited, found, out SearchStatistics statistics);
            hits += exact.CountRight(found);
            visited += statistics.Visited;
        }
        return ((double)hits / (queries.Length * K), visited);
    }
}
