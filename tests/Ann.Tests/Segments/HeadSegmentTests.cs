using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>What a reader sees of a head: writes up to its read point, and no others.</summary>
public sealed class HeadSegmentTests
{
    private const int Seed = 20261125;
    private const int Dimension = 12;
    private static readonly SearchParameters Exact = new(10, Exact: true);
    private static readonly SearchParameters Walk = new(10, 50);

    [Fact]
    public void AnEmptyHeadHasNoAnswers()
    {
        HeadSegment head = new(HeadFixture.Shape(Dimension, 100));

        Assert.Empty(HeadFixture.Nodes(head, new float[Dimension], Walk));
        Assert.Empty(HeadFixture.Nodes(head, new float[Dimension], Exact));
        Assert.Empty(HeadFixture.Nodes(head, new float[Dimension], Walk, ReadPoint.All));
        Assert.Equal(-1, head.Find(new ItemKey(1), head.Published));
        head.Release();
    }

    [Fact]
    public void RowsAreSeenOnceTheyArePublished()
    {
        float[][] rows = SegmentFixture.Clustered(300, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 300));
        HeadFixture.Fill(head, rows[..200]);
        ReadPoint before = head.Published;
        for (int row = 200; row < 300; row++)
            HeadFixture.Append(head, new ItemKey((ulong)row), rows[row]);
        CheckSeen(head, before, 200);
        head.Link();
        CheckSeen(head, before, 200);
        CheckSeen(head, head.Published, 200);
        head.Publish(300);

        CheckSeen(head, before, 200);
        CheckSeen(head, head.Published, 300);
        Assert.Equal(new ReadPoint(300, 300), head.Published);
        head.Release();

        void CheckSeen(HeadSegment head, ReadPoint at, int seen)
        {
            for (int row = 0; row < 300; row += 7)
            {
                foreach (SearchParameters parameters in new[] { Walk, Exact })
                {
                    int[] nodes = HeadFixture.Nodes(head, rows[row], parameters, at);
                    Assert.Equal(10, nodes.Length);
                    Assert.All(nodes, node => Assert.InRange(node, 0, seen - 1));
                    Assert.Equal(row < seen, nodes[0] == row);
                }
                Assert.Equal(row < seen ? row : -1, head.Find(new ItemKey((ulong)row), at));
            }
        }
    }

    [Fact]
    public void AReaderSeesTheVersionOfItsReadPoint()
    {
        float[][] rows = SegmentFixture.Clustered(120, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 200));
        HeadFixture.Fill(head, rows[..100]);
        List<(ReadPoint At, int Node)> versions = [(head.Published, 7)];
        long sequence = 100;
        for (int version = 100; version < 120; version++)
        {
            int old = head.FindNewest(new ItemKey(7));
            int node = HeadFixture.Append(head, new ItemKey(7), rows[version]);
            Assert.Equal(version, node);
            Assert.Equal(node, head.FindNewest(new ItemKey(7)));
            head.Link();
            head.Dead.Kill(old, ++sequence);
            head.Publish(sequence);
            versions.Add((head.Published, node));
        }

        foreach ((ReadPoint at, int node) in versions)
        {
            Assert.Equal(node, head.Find(new ItemKey(7), at));
            Assert.Equal(7UL, head.KeyOf(node).Number);
            foreach (SearchParameters parameters in new[] { new SearchParameters(100, Exact: true), new SearchParameters(100, 100) })
            {
                int[] nodes = HeadFixture.Nodes(head, rows[7], parameters, at);
                Assert.Equal(100, nodes.Length); // every item is there, once
                Assert.Equal([node], nodes.Where(n => n == 7 || n >= 100));
            }
        }
        head.Dead.Kill(119, ++sequence);
        head.Publish(sequence);
        Assert.Equal(-1, head.Find(new ItemKey(7), head.Published));
        Assert.Equal(119, head.FindNewest(new ItemKey(7)));
        Assert.Equal(119, head.Find(new ItemKey(7), versions[^1].At));
        head.Release();
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.6)]
    [InlineData(0.99)]
    public void TheDeadAreNotReturnedAndHideNobody(double share)
    {
        const int Count = 2000;
        float[][] rows = SegmentFixture.Clustered(Count, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, Count));
        HeadFixture.Fill(head, rows);
        ReadPoint before = head.Published;
        Random random = new(Seed);
        HashSet<int> dead = [.. Enumerable.Range(0, Count).Where(_ => random.NextDouble() < share)];
        long sequence = Count;
        foreach (int node in dead)
            head.Dead.Kill(node, ++sequence);
        Assert.Equal(0, head.Dead.Count - dead.Count);
        head.Publish(sequence);

        int hits = 0, wanted = 0;
        foreach (float[] query in SegmentFixture.Clustered(40, Dimension, Seed + 1))
        {
            int[] exact = HeadFixture.Nodes(head, query, Exact), found = HeadFixture.Nodes(head, query, Walk);
            Assert.Equal(Math.Min(10, Count - dead.Count), found.Length);
            Assert.DoesNotContain(found.Concat(exact), dead.Contains);
            hits += found.Intersect(exact).Count();
            wanted += exact.Length;
        }
        Assert.True(hits >= 0.97 * wanted, $"{hits} of {wanted} found, seed {Seed}");
        Assert.Equal(0, HeadFixture.Nodes(head, rows[0], Walk, before)[0]); // who came before sees them still
        head.Release();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public void FewerRowsThanAskedForAreAllReturned(int count)
    {
        float[][] rows = SegmentFixture.Clustered(count, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 50));
        HeadFixture.Fill(head, rows, group: 1);

        Assert.Equal(Enumerable.Range(0, count), HeadFixture.Nodes(head, rows[0], Walk).Order());
        Assert.Equal(HeadFixture.Nodes(head, rows[0], Exact), HeadFixture.Nodes(head, rows[0], Walk));
        head.Release();
    }

    [Fact]
    public void TiesComeInKeyOrder()
    {
        HeadSegment head = new(HeadFixture.Shape(4, 64));
        for (int i = 0; i < 60; i++) // points at ±1 on each axis, keys descending
        {
            float[] row = [.. Enumerable.Range(0, 4).Select(axis => axis == i / 2 % 4 ? i % 2 * 2f - 1 : 0)];
            HeadFixture.Append(head, new ItemKey((ulong)(1000 - i)), row);
        }
        head.Link();
        head.Publish(60);

        foreach (SearchParameters parameters in new[] { new SearchParameters(60, Exact: true), new SearchParameters(60, 60) })
        {
            Neighbor[] found = HeadFixture.Search(head, new float[4], parameters);
            Assert.All(found, neighbor => Assert.Equal(1, neighbor.Distance));
            Assert.Equal(Enumerable.Range(941, 60).Select(key => (ulong)key), found.Select(n => head.KeyOf(n.Node).Number));
        }
        head.Release();
    }

    [Fact]
    public void ASpentBudgetStopsTheSearchAndSaysWhy()
    {
        float[][] rows = SegmentFixture.Clustered(500, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 500));
        HeadFixture.Fill(head, rows);
        Neighbor[] results = new Neighbor[10];
        foreach (SearchParameters parameters in new[] { Walk, Exact })
        {
            head.Search(
                rows[0], in parameters, new SearchBudget(0, CancellationToken.None), head.Published, results, out SearchStatistics late);
            head.Search(
                rows[0], in parameters, new SearchBudget(long.MaxValue, new CancellationToken(true)), head.Published, results,
                out SearchStatistics left);
            Assert.Equal((StopReason.Deadline, StopReason.Cancelled), (late.Stopped, left.Stopped));
            Assert.Equal(0, HeadFixture.Nodes(head, rows[0], parameters)[0]); // and nothing is left behind
        }
        head.Release();
    }

    [Fact]
    public void SearchManyIsItsSearchesAndNamesTheBadRow()
    {
        float[][] rows = SegmentFixture.Clustered(500, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 500, Metric.Cosine));
        HeadFixture.Fill(head, rows);
        Neighbor[] results = new Neighbor[50];
        int[] counts = new int[5];
        float[] queries = [.. rows[..5].SelectMany(row => row)];

        head.SearchMany(queries, in Walk, SearchBudget.Unlimited, head.Published, results, counts, new SearchStatistics[5]);
        for (int i = 0; i < 5; i++)
            Assert.Equal(HeadFixture.Search(head, rows[i], Walk), results[(10 * i)..(10 * i + counts[i])]);

        queries[3 * Dimension + 1] = float.NaN;
        AnnException error = Assert.Throws<AnnException>(() => head.SearchMany(
            queries, in Walk, SearchBudget.Unlimited, head.Published, results, counts, new SearchStatistics[5]));
        Assert.Contains("row 3, component 1 is NaN", error.Message, StringComparison.Ordinal);
        Assert.Throws<AnnException>(() => HeadFixture.Search(head, new float[Dimension - 1], Walk));
        head.Release();
    }

    [Fact]
    public void ASteadySearchAllocatesNothing()
    {
        float[][] rows = SegmentFixture.Clustered(500, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 500));
        HeadFixture.Fill(head, rows);
        Neighbor[] results = new Neighbor[10];
        Assert.Equal(0, Allocations.OfSteady(Run));
        head.Release();

        void Run()
        {
            for (int row = 0; row < 50; row++)
            {
                head.Search(rows[row], in Walk, SearchBudget.Unlimited, head.Published, results, out _);
                head.Search(rows[row], in Exact, SearchBudget.Unlimited, head.Published, results, out _);
                head.Find(new ItemKey((ulong)row), head.Published);
            }
        }
    }

    [Fact]
    public void RowsAndKeysAreGivenBackAsTheyCame()
    {
        float[][] rows = SegmentFixture.Clustered(40, Dimension, Seed);
        HeadSegment head = new(HeadFixture.Shape(Dimension, 40));
        HeadFixture.Fill(head, rows);

        Assert.True(head.IsFull);
        Assert.Equal((40, 0), (head.Count, head.DeadCount));
        Assert.Equal((Metric.L2, Dimension, KeyKind.UInt64), (head.Metric, head.Dimension, head.KeyKind));
        for (int row = 0; row < 40; row++)
        {
            Assert.Equal(rows[row], head.Row(row).ToArray());
            Assert.Equal((ulong)row, head.KeyOf(row).Number);
        }
        head.Release();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(5000)]
    public void AFullHeadHoldsNoMoreThanWasSaid(int capacity)
    {
        HeadShape shape = HeadFixture.Shape(40, capacity, Metric.InnerProduct);
        HeadSegment head = new(shape);
        HeadFixture.Fill(head, SegmentFixture.Clustered(capacity, 40, Seed));
        head.Dead.Kill(0, capacity + 1);

        Assert.InRange(head.MemoryBytes, capacity * 40L * sizeof(float), HeadSegment.BytesOf(shape));
        head.Release();
    }
}
