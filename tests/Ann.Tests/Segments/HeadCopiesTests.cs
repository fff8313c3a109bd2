using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: identical rows that come one by one are found like any others, by readers of every read point, after some of them died, and after
/// the head was sealed with its graph. Method: against exact search of the same head, item by item, since ties go by key.
/// </summary>
public sealed class HeadCopiesTests
{
    private const int Seed = 20261130;
    private const int K = 10;
    private const int Ef = 128;

    public static MatrixTheoryData<Metric, int, CodesKind> Kinds => new(Enum.GetValues<Metric>(), [12, 40], Enum.GetValues<CodesKind>());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnswersAreThoseOfExactSearch(Metric metric, int dimension, CodesKind codes)
    {
        float[][] rows = Rows(dimension);
        HeadSegment head = new(HeadFixture.Shape(dimension, rows.Length, metric, codes: codes));
        HeadFixture.Fill(head, rows, group: 37);
        AssertFound(head, rows, head.Published, "all alive");
        AssertFound(head, rows, new ReadPoint(1500, 1500), "a reader from before");

        Random random = new(Seed);
        for (int node = 0; node < rows.Length; node++)
            if (random.NextDouble() < 0.5)
                head.Dead.Kill(node, rows.Length + 1);
        head.Publish(rows.Length + 1);
        AssertFound(head, rows, head.Published, "half are dead");
        head.Release();
    }

    /// <summary>An item that is written again and again as it is makes a chain of dead copies with one alive.</summary>
    [Fact]
    public void TheLastVersionOfAnUnchangedItemIsFound()
    {
        float[][] rows = SegmentFixture.Clustered(300, 12, Seed);
        HeadSegment head = new(HeadFixture.Shape(12, 3000));
        HeadFixture.Fill(head, rows);
        for (int version = 0; version < 2000; version++)
        {
            int older = head.FindNewest(new ItemKey(7));
            head.Dead.Kill(older, 300 + version + 1);
            HeadFixture.Append(head, new ItemKey(7), rows[7]);
            head.Link();
            head.Publish(300 + version + 1);
            Assert.Equal(300 + version, HeadFixture.Nodes(head, rows[7], new SearchParameters(K, K))[0]);
        }
        Assert.True(head.Reaches(2299, SearchBudget.Unlimited));
        head.Release();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void FiltersGoByItem(Metric metric, int dimension, CodesKind codes)
    {
        float[][] rows = Rows(dimension);
        HeadSegment head = new(HeadFixture.Shape(dimension, rows.Length, metric, codes: codes));
        HeadFixture.Fill(head, rows, group: 100);
        Random random = new(Seed);
        foreach (double share in new[] { 0.8, 0.3, 0.05 })
        {
            using NodeMask mask = new(rows.Length, rows.Length);
            for (int node = 0; node < rows.Length; node++)
                if (random.NextDouble() < share)
                    mask.Words[node >> 6] |= 1UL << node;
            mask.Recount();
            AssertFound(head, rows, head.Published, $"share {share}", mask);
        }
        head.Release();
    }

    /// <summary>Sealing keeps the graph of a head: where a leader died, one of its copies takes its place.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void ASealedHeadKeepsItsGraph(Metric metric, int dimension, CodesKind codes)
    {
        float[][] rows = Rows(dimension);
        HeadSegment head = new(HeadFixture.Shape(dimension, rows.Length, metric, codes: codes));
        HeadFixture.Fill(head, rows, group: 100);
        int[] nodes = [.. Enumerable.Range(0, rows.Length).Where(static node => node % 13 != 0 && node is < 1000 or > 1350)];

        MemoryFileSystem files = new();
        using SegmentBuilder builder = new(nodes.Length, dimension, SegmentFixture.Options(metric, codes));
        foreach (int node in nodes)
            builder.AddStored(head.Row(node));
        builder.Adopt(head.Graph, nodes);
        builder.Build(KeyColumn.Ordinals(nodes.Length));
        builder.Write(files, "x.ann");
        using SealedSegment segment = SealedSegment.Open(files, "x.ann");

        int found = 0;
        float[][] queries = Queries(rows);
        foreach (float[] query in queries)
            found += Search(query, new(K, Ef)).Intersect(Search(query, new(K, Exact: true))).Count();
        Assert.True(found >= 0.99 * queries.Length * K, $"recall {(double)found / queries.Length / K:F4}; seed {Seed}");
        Assert.Equal(nodes.Length, segment.Certificate.Reachable);
        head.Release();

        IEnumerable<int> Search(float[] query, SearchParameters parameters)
        {
            Neighbor[] results = new Neighbor[K];
            int count = segment.Search(query, in parameters, SearchBudget.Unlimited, results, out _);
            return results[..count].Select(static result => result.Node);
        }
    }

    /// <summary>1,000 rows, 350 copies of one, 1,000 rows, and as many copies as there is room for of three of them.</summary>
    private static float[][] Rows(int dimension)
    {
        float[][] distinct = SegmentFixture.Clustered(2000, dimension, Seed);
        return
        [
            .. distinct[..1000], .. Enumerable.Repeat(distinct[5], 350), .. distinct[1000..],
            .. Enumerable.Range(0, 900).Select(i => distinct[1000 + i % 3]),
        ];
    }

    private static float[][] Queries(float[][] rows)
    {
        Random random = new(Seed + 1);
        return
        [
            .. Enumerable.Range(0, 60).Select(_ => Near(rows[random.Next(rows.Length)])),
            .. Enumerable.Range(0, 20).Select(_ => rows[random.Next(rows.Length)]),
        ];

        float[] Near(float[] row) => [.. row.Zip(SegmentFixture.Gaussian(random, row.Length, 0.3), static (x, y) => x + y)];
    }

    private static void AssertFound(HeadSegment head, float[][] rows, ReadPoint at, string what, NodeMask? mask = null)
    {
        int found = 0;
        float[][] queries = Queries(rows);
        foreach (float[] query in queries)
        {
            int[] exact = Nodes(query, new(K, Exact: true));
            int[] walked = Nodes(query, new(K, Ef));
            Assert.Equal(K, walked.Distinct().Count());
            Assert.All(walked, node => Assert.True(node < at.Rows && (mask?.Has(node) ?? true), what));
            found += walked.Intersect(exact).Count();
        }
        Assert.True(found >= 0.99 * queries.Length * K, $"recall {(double)found / queries.Length / K:F4}; {what}; seed {Seed}");

        int[] Nodes(float[] query, SearchParameters parameters)
        {
            Neighbor[] results = new Neighbor[parameters.K];
            int count = head.Search(query, in parameters, SearchBudget.Unlimited, at, mask, results, out _);
            return [.. results[..count].Select(static result => result.Node)];
        }
    }
}
