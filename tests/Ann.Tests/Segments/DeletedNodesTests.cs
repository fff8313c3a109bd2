using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a sealed segment with deleted nodes answers like one built of the others: nothing deleted, nothing missed. Method: against exact
/// search of the live rows, and a fresh build of them.
/// </summary>
public sealed class DeletedNodesTests
{
    private const int Seed = 4711;
    private const int Count = 2000;
    private const int Dimension = 24;
    private const int K = 10;
    private const int Ef = 40;
    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed);
    private static readonly float[][] Queries = [.. SegmentFixture.Clustered(2 * Count, Dimension, Seed).Skip(Count).Take(150)];

    public static MatrixTheoryData<Metric, SegmentLayout> Kinds => new(Enum.GetValues<Metric>(), Enum.GetValues<SegmentLayout>());

    public static MatrixTheoryData<Metric, CodesKind> Codes => new(Enum.GetValues<Metric>(), Enum.GetValues<CodesKind>());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void RecallIsThatOfAFreshBuildOfTheLiveRows(Metric metric, SegmentLayout layout)
    {
        SegmentBuildOptions options = SegmentFixture.Options(metric) with { Layout = layout, EfConstruction = 100 };
        foreach (bool[] dead in new[] { AtRandom(0.1), AtRandom(0.3), AtRandom(0.6), WholeClusters(8) })
        {
            LiveSealedSegment segment = Live(options, dead);
            int[] live = [.. Enumerable.Range(0, Count).Where(node => !dead[node])];
            using SealedSegment fresh = SegmentFixture.Seal([.. live.Select(node => Rows[node])], options);
            (int found, int foundFresh) = (0, 0);
            foreach (float[] query in Queries.Concat(Rows.Where((_, node) => dead[node]).Take(150)))
            {
                int[] nodes = Nodes(segment, query, new(K, Ef), ReadPoint.All, out SearchStatistics statistics);
                int[] exact = Nodes(segment, query, new(K, Exact: true), ReadPoint.All, out _);
                Assert.All(nodes, node => Assert.False(dead[node], $"node {node} is deleted; seed {Seed}"));
                Assert.Equal((K, Ef), (nodes.Length, statistics.EfSearch));
                found += nodes.Intersect(exact).Count();

                Neighbor[] results = new Neighbor[K];
                int count = fresh.Search(query, new(K, Ef), SearchBudget.Unlimited, results, out _);
                foundFresh += results[..count].Select(result => live[result.Node]).Intersect(exact).Count();
            }
            Assert.True(
                found >= foundFresh - 0.01 * K * 300,
                $"{found} were found, {foundFresh} by a fresh build; {Count - live.Length} of {Count} deleted; seed {Seed}");
            segment.Release();
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void ExactSearchGivesTheNearestLiveRows(Metric metric, CodesKind codes)
    {
        bool[] dead = AtRandom(0.5);
        LiveSealedSegment segment = Live(Options(metric, codes), dead);
        foreach (float[] query in Queries.Take(20))
        {
            int[] nodes = Nodes(segment, query, new(K, Exact: true), ReadPoint.All, out SearchStatistics statistics);

            Neighbor[] all = new Neighbor[Count];
            segment.Sealed.Search(query, new(Count, Exact: true), SearchBudget.Unlimited, all, out _);
            Assert.Equal(all.Select(neighbor => neighbor.Node).Where(node => !dead[node]).Take(K), nodes);
            Assert.Equal(dead.Count(isDead => !isDead), statistics.Visited);
        }
        segment.Release();
    }

    /// <summary>More deleted nodes around a query than a walk has room for: then all rows are looked at.</summary>
    [Theory]
    [MemberData(nameof(Codes))]
    public void FewLiveAmongManyDeadAreAllFound(Metric metric, CodesKind codes)
    {
        LiveSealedSegment segment = Live(Options(metric, codes), [.. Enumerable.Range(0, Count).Select(node => node % 250 != 3)]);
        foreach (float[] query in Queries.Take(20))
        {
            int[] nodes = Nodes(segment, query, new(K, K), ReadPoint.All, out _);
            Assert.Equal([3, 253, 503, 753, 1003, 1253, 1503, 1753], nodes.Order());
            Assert.Equal(nodes, Nodes(segment, query, new(K, Exact: true), ReadPoint.All, out _));
        }
        AssertManyIsOneByOne(segment, new(K, K));
        segment.Release();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AllDeadGivesNothing(Metric metric, SegmentLayout layout)
    {
        LiveSealedSegment segment = Live(Options(metric) with { Layout = layout }, [.. Enumerable.Repeat(true, Count)]);
        Assert.Empty(Nodes(segment, Queries[0], new(K, Ef), ReadPoint.All, out _));
        Assert.Empty(Nodes(segment, Queries[0], new(K, Exact: true), ReadPoint.All, out _));
        AssertManyIsOneByOne(segment, new(K, Ef));
        segment.Release();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ABatchIsItsQueriesOneByOne(Metric metric, SegmentLayout layout)
    {
        LiveSealedSegment segment = Live(Options(metric) with { Layout = layout }, AtRandom(0.4));
        AssertManyIsOneByOne(segment, new(K, Ef));
        AssertManyIsOneByOne(segment, new(1, 1));
        AssertManyIsOneByOne(segment, new(K, Exact: true));
        segment.Release();
    }

    [Fact]
    public void AReaderSeesTheDeathsUpToItsReadPoint()
    {
        LiveSealedSegment segment = Live(Options(Metric.L2), new bool[Count]);
        int[] before = Nodes(segment, Queries[0], new(K, Ef), ReadPoint.All, out _);
        for (int i = 0; i < 5; i++)
            segment.Dead.Kill(before[i], 10 + i);

        for (int i = 0; i <= 5; i++)
        {
            ReadPoint at = new(9 + i, int.MaxValue); // sees the first i deaths
            foreach (bool exact in new[] { false, true })
                Assert.Equal(before[i..], Nodes(segment, Queries[0], new(K, exact ? 0 : Ef, exact), at, out _)[..(K - i)]);
            for (int j = 0; j < 5; j++)
                Assert.Equal(j < i ? -1 : before[j], segment.Find(new ItemKey((ulong)before[j]), at));
        }
        Assert.Equal(before[0], segment.FindNewest(new ItemKey((ulong)before[0])));
        Assert.Equal(5, segment.DeadCount);
        segment.Release();
    }

    [Fact]
    public void AStoppedSearchAmongDeadNodesLooksAtNoMoreRows()
    {
        LiveSealedSegment segment = Live(Options(Metric.L2), [.. Enumerable.Repeat(true, Count)]);
        Neighbor[] results = new Neighbor[K];
        int count = segment.Search(
            Queries[0], new(K, Ef), new SearchBudget(0, CancellationToken.None), ReadPoint.All, results, out SearchStatistics statistics);
        Assert.Equal((0, StopReason.Deadline), (count, statistics.Stopped));
        segment.Release();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ASteadySearchAllocatesNothing(Metric metric, SegmentLayout layout)
    {
        LiveSealedSegment segment = Live(Options(metric) with { Layout = layout }, AtRandom(0.3));
        float[] queries = [.. Queries.SelectMany(query => query)];
        Neighbor[] results = new Neighbor[Queries.Length * K];
        int[] counts = new int[Queries.Length];
        SearchStatistics[] statistics = new SearchStatistics[Queries.Length];
        Assert.Equal(0, Allocations.OfSteady(Run));
        segment.Release();

        void Run()
        {
            for (int round = 0; round < 40; round++)
            {
                segment.SearchMany(queries, new(K, Ef), SearchBudget.Unlimited, ReadPoint.All, results, counts, statistics);
                segment.Search(Queries[round], new(K, Ef), SearchBudget.Unlimited, ReadPoint.All, results, out _);
                segment.Find(new ItemKey((ulong)round), ReadPoint.All);
            }
        }
    }

    private static SegmentBuildOptions Options(Metric metric, CodesKind codes = CodesKind.Int8) =>
        SegmentFixture.Options(metric, codes) with
        {
            EfConstruction = 50,
            Layout = codes == CodesKind.F32 ? SegmentLayout.Lean : SegmentLayout.Fast,
        };

    private static LiveSealedSegment Live(SegmentBuildOptions options, bool[] dead)
    {
        LiveSealedSegment segment = new(SegmentFixture.Seal(Rows, options));
        for (int node = 0; node < Count; node++)
            if (dead[node])
                segment.Dead.Kill(node, 1);
        return segment;
    }

    private static bool[] AtRandom(double share)
    {
        Random random = new(Seed);
        return [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() < share)];
    }

    /// <summary>The rows around some rows: as many as a cluster has.</summary>
    private static bool[] WholeClusters(int clusters)
    {
        bool[] dead = new bool[Count];
        for (int cluster = 0; cluster < clusters; cluster++)
        {
            float[] centre = Rows[cluster * 97];
            foreach (int node in Enumerable.Range(0, Count).OrderBy(node => SquaredDistance(Rows[node], centre)).Take(90))
                dead[node] = true;
        }
        return dead;

        static double SquaredDistance(float[] a, float[] b) => a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Sum();
    }

    private static int[] Nodes(
        LiveSealedSegment segment, float[] query, SearchParameters parameters, ReadPoint at, out SearchStatistics statistics)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = segment.Search(query, in parameters, SearchBudget.Unlimited, at, results, out statistics);
        return [.. results[..count].Select(result => result.Node)];
    }

    private static void AssertManyIsOneByOne(LiveSealedSegment segment, SearchParameters parameters)
    {
        float[][] queries = Queries[..40];
        Neighbor[] results = new Neighbor[40 * parameters.K];
        int[] counts = new int[40];
        SearchStatistics[] statistics = new SearchStatistics[40];
        segment.SearchMany(
            [.. queries.SelectMany(query => query)], in parameters, SearchBudget.Unlimited, ReadPoint.All, results, counts, statistics);
        for (int i = 0; i < 40; i++)
        {
            int[] alone = Nodes(segment, queries[i], parameters, ReadPoint.All, out SearchStatistics cost);
            Assert.Equal(alone, results[(i * parameters.K)..(i * parameters.K + counts[i])].Select(result => result.Node));
            Assert.Equal(cost, statistics[i]);
        }
    }
}
