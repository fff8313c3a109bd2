using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: identical rows are found like any others, whatever their share and the size of their groups: with a beam far narrower than a
/// group,
/// with filters, and after deletions of some of a group. Method: against exact search, where ties go by key, so that answers are equal item
/// by item.
/// </summary>
public sealed class CopiesTests
{
    private const int Seed = 20261129;
    private const int Dimension = 32;
    private const int K = 10;
    private const int Ef = 128;

    public static MatrixTheoryData<Metric, string, string> Kinds =>
        new(Enum.GetValues<Metric>(), ["fast", "lean", "compact", "f32"], ["4 x 400", "one of 1500", "pairs", "nine of ten"]);

    public static MatrixTheoryData<Metric, string> Shapes => new(Enum.GetValues<Metric>(), ["fast", "lean", "compact", "f32"]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnswersAreThoseOfExactSearch(Metric metric, string shape, string groups)
    {
        float[][] rows = Rows(groups);
        using SealedSegment segment = SegmentFixture.Seal(rows, Options(metric, shape), Shuffled(rows.Length));
        float[][] queries = Queries(rows);
        int found = 0;
        foreach (float[] query in queries)
        {
            int[] exact = Nodes(segment, query, new(K, Exact: true));
            int[] walked = Nodes(segment, query, new(K, Ef));
            Assert.Equal(K, walked.Distinct().Count());
            found += walked.Intersect(exact).Count();
        }
        Assert.True(found >= 0.99 * queries.Length * K, $"recall {(double)found / queries.Length / K:F4}; seed {Seed}");
        Assert.Equal(segment.Count, segment.Certificate.Reachable);
    }

    /// <summary>A k that is larger than all distinct rows is met by their copies.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void AllItemsComeBackWhenAllAreWanted(Metric metric, string shape)
    {
        float[][] rows = Rows("4 x 400");
        using SealedSegment segment = SegmentFixture.Seal(rows, Options(metric, shape), Shuffled(rows.Length));
        int[] exact = Nodes(segment, rows[3], new(rows.Length, Exact: true));
        int[] walked = Nodes(segment, rows[3], new(rows.Length, rows.Length));
        Assert.Equal(rows.Length, walked.Length);
        Assert.Equal(exact, walked);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void NothingButCopiesOfOneRow(Metric metric, string shape)
    {
        float[] row = SegmentFixture.Gaussian(new Random(Seed), Dimension, 1);
        float[][] rows = [.. Enumerable.Repeat(row, 700)];
        KeyColumn keys = Shuffled(rows.Length);
        using SealedSegment segment = SegmentFixture.Seal(rows, Options(metric, shape), keys);

        int[] nodes = Nodes(segment, row, new(K, K));

        Assert.Equal(Enumerable.Range(0, K).Select(key => (ulong)key), nodes.Select(node => keys.Numbers[node]));
        Assert.Equal(700, Nodes(segment, row, new(700, 700)).Distinct().Count());
    }

    /// <summary>Zero has no sign: rows that differ in that alone are one vector.</summary>
    [Fact]
    public void NegativeZeroIsZero()
    {
        float[][] rows = [.. Enumerable.Range(0, 400).Select(i => new float[] { 1, i % 2 == 0 ? 0f : -0f, 2 })];
        using SealedSegment segment = SegmentFixture.Seal(rows, Options(Metric.L2, "fast"));
        Assert.Equal([0, 1, 2, 3], Nodes(segment, rows[0], new(4, 4)));
    }

    /// <summary>Some of each group may be returned, of some groups none, of some all; a leader counts for its copies.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void FiltersGoByItem(Metric metric, string shape)
    {
        float[][] rows = Rows("4 x 400");
        float[][] queries = Queries(rows);
        Random random = new(Seed);
        foreach (double share in new[] { 0.9, 0.5, 0.2, 0.05, 0.01 })
        {
            foreach (bool leaders in new[] { true, false })
            {
                LiveSealedSegment segment = new(SegmentFixture.Seal(rows, Options(metric, shape), Shuffled(rows.Length)));
                using NodeMask mask = new(rows.Length, rows.Length);
                for (int node = 0; node < rows.Length; node++)
                {
                    bool isCopy = node >= Distinct && node % 400 != Distinct % 400;
                    if (random.NextDouble() < share && (leaders || isCopy || node < Distinct))
                        mask.Words[node >> 6] |= 1UL << node;
                }
                mask.Recount();
                AssertFound(segment, mask, queries, $"share {share}, leaders {leaders}");
                segment.Release();
            }
        }
    }

    /// <summary>The last of a group is found after all others died, and none once it did too.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void DeathsGoByItem(Metric metric, string shape)
    {
        float[][] rows = Rows("4 x 400");
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, Options(metric, shape), Shuffled(rows.Length)));
        int[] group = [.. Enumerable.Range(Distinct, 400)];
        for (int i = 0; i < 399; i++)
            segment.Dead.Kill(group[i], i + 1);
        float[] query = rows[group[0]];
        if (metric != Metric.InnerProduct) // there other rows may have larger products
            Assert.Equal(group[399], Nodes(segment, query, null, new(K, Ef))[0]);
        AssertFound(segment, null, Queries(rows), "399 of 400 dead");

        segment.Dead.Kill(group[399], 400);
        Assert.Empty(Nodes(segment, query, null, new(K, Ef)).Intersect(group));
        AssertFound(segment, null, Queries(rows), "all of a group dead");
        segment.Release();
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ABatchIsItsQueriesOneByOneAndAllocatesNothing(Metric metric, string shape)
    {
        float[][] rows = Rows("4 x 400");
        float[][] queries = Queries(rows);
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, Options(metric, shape), Shuffled(rows.Length)));
        float[] all = [.. queries.SelectMany(query => query)];
        Neighbor[] results = new Neighbor[queries.Length * K];
        int[] counts = new int[queries.Length];
        SearchStatistics[] statistics = new SearchStatistics[queries.Length];
        foreach (bool dead in new[] { false, true })
        {
            if (dead)
                segment.Dead.Kill(Distinct, 1);
            Run();
            for (int i = 0; i < queries.Length; i++)
            {
                Assert.Equal(
                    Nodes(segment, queries[i], null, new(K, Ef)),
                    results[(i * K)..(i * K + counts[i])].Select(result => result.Node));
            }
            for (int round = 0; round < 30; round++)
                Run(); // compiles the loops in full
            Assert.Equal(0, Allocations.OfSteady(Run));
        }
        segment.Release();

        void Run() => segment.SearchMany(all, new(K, Ef), SearchBudget.Unlimited, ReadPoint.All, results, counts, statistics);
    }

    /// <summary>The same rows give the same file on any number of threads, and a file without copies has no section of them.</summary>
    [Fact]
    public void TheFileDoesNotDependOnTheThreads()
    {
        float[][] rows = Rows("pairs");
        string one = Generation(rows, threads: 1);
        Assert.Equal(one, Generation(rows, threads: 4));
        Assert.NotEqual(one, Generation(rows[..Distinct], threads: 1));

        static string Generation(float[][] rows, int threads)
        {
            Files.MemoryFileSystem files = new();
            using SegmentBuilder builder = SegmentFixture.Build(rows, Options(Metric.L2, "fast") with { Threads = threads });
            builder.Write(files, "x.ann");
            return builder.Generation!;
        }
    }

    private const int Distinct = 1500;

    private static float[][] Rows(string groups)
    {
        float[][] distinct = SegmentFixture.Clustered(groups == "nine of ten" ? 150 : Distinct, Dimension, Seed);
        return groups switch
        {
            "4 x 400" => [.. distinct, .. Enumerable.Range(0, 4).SelectMany(i => Enumerable.Repeat(Moved(distinct[i * 7]), 400))],
            "one of 1500" => [.. distinct, .. Enumerable.Repeat(Moved(distinct[0]), 1500)],
            "pairs" => [.. distinct, .. distinct[..700]],
            _ => [.. distinct, .. Enumerable.Range(0, 1350).Select(i => distinct[i % 15])],
        };

        static float[] Moved(float[] row) => Array.ConvertAll(row, x => x + 0.01f);
    }

    /// <summary>Near the groups, at them, and elsewhere.</summary>
    private static float[][] Queries(float[][] rows)
    {
        Random random = new(Seed + 1);
        return
        [
            .. Enumerable.Range(0, 60).Select(_ => Near(rows[random.Next(rows.Length)], 0.3)),
            .. Enumerable.Range(0, 20).Select(_ => rows[random.Next(rows.Length)]),
            .. SegmentFixture.Clustered(2 * Distinct, Dimension, Seed).Skip(Distinct).Take(60),
        ];

        float[] Near(float[] row, double noise) =>
            [.. row.Zip(SegmentFixture.Gaussian(random, row.Length, noise), static (x, y) => x + y)];
    }

    /// <summary>Keys in another order than rows, so that ties by key are not ties by node.</summary>
    private static KeyColumn Shuffled(int count)
    {
        ulong[] numbers = [.. Enumerable.Range(0, count).Select(static i => (ulong)i)];
        new Random(Seed).Shuffle(numbers);
        KeyColumn keys = new(KeyKind.UInt64);
        foreach (ulong number in numbers)
            keys.Add(number);
        return keys;
    }

    private static SegmentBuildOptions Options(Metric metric, string shape) =>
        SegmentFixture.Options(metric, shape == "f32" ? CodesKind.F32 : CodesKind.Int8) with
        {
            EfConstruction = 100,
            Layout = shape == "fast" ? SegmentLayout.Fast : shape == "compact" ? SegmentLayout.Compact : SegmentLayout.Lean,
        };

    private static void AssertFound(LiveSealedSegment segment, NodeMask? mask, float[][] queries, string what)
    {
        int found = 0;
        int wanted = 0;
        foreach (float[] query in queries)
        {
            int[] exact = Nodes(segment, query, mask, new(K, Exact: true));
            int[] walked = Nodes(segment, query, mask, new(K, Ef));
            Assert.Equal(exact.Length, walked.Distinct().Count());
            Assert.All(walked, node => Assert.True((mask?.Has(node) ?? true) && !segment.Dead.IsDead(node), what));
            found += walked.Intersect(exact).Count();
            wanted += exact.Length;
        }
        Assert.True(found >= 0.99 * wanted, $"{found} of {wanted} found; {what}; seed {Seed}");
    }

    private static int[] Nodes(LiveSealedSegment segment, float[] query, NodeMask? mask, SearchParameters parameters)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = segment.Search(query, in parameters, SearchBudget.Unlimited, ReadPoint.All, mask, results, out _);
        return [.. results[..count].Select(result => result.Node)];
    }

    private static int[] Nodes(SealedSegment segment, float[] query, SearchParameters parameters)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = segment.Search(query, in parameters, SearchBudget.Unlimited, results, out _);
        return [.. results[..count].Select(result => result.Node)];
    }
}
