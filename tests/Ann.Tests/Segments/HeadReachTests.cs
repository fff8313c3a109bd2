using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: no row of a head is ever out of reach. Method: data that starves a graph, counted over level 0 while it grows.</summary>
public sealed class HeadReachTests
{
    private const int Seed = 20261129;

    public static MatrixTheoryData<Metric, int> Kinds => new(Enum.GetValues<Metric>(), [4, 40]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void EveryRowIsReachableAtAnyTime(Metric metric, int dimension)
    {
        float[][] rows = SegmentFixture.Clustered(3000, dimension, Seed, clusters: 5);
        for (int row = 500; row < 1500; row++)
            rows[row] = rows[500]; // copies of one row crowd each other out
        HeadSegment head = new(HeadFixture.Shape(dimension, rows.Length, metric) with { Parameters = new HnswParameters(4, 30, 1) });
        for (int row = 0; row < rows.Length; row++)
        {
            HeadFixture.Append(head, new ItemKey((ulong)row), rows[row]);
            if (row % 10 != 0)
                continue;
            head.Link();
            if (row % 250 == 0)
                CheckReach(head);
        }
        head.Link();
        CheckReach(head);
        head.Release();
    }

    [Fact]
    public void ATinyGraphIsSoundAtItsSmallestDegree()
    {
        HeadSegment head = new(HeadFixture.Shape(2, 500) with { Parameters = new HnswParameters(2, 2, 1) });
        HeadFixture.Fill(head, SegmentFixture.Clustered(500, 2, Seed), group: 3);

        CheckReach(head);
        HnswGraph graph = head.Graph;
        for (int node = 0; node < 500; node++)
        {
            for (int level = 0; level <= graph.LevelOf(node); level++)
            {
                int[] neighbors = graph.Neighbors(level, node).ToArray();
                Assert.DoesNotContain(node, neighbors);
                Assert.Equal(neighbors.Length, neighbors.Distinct().Count());
                Assert.All(neighbors, neighbor => Assert.True(graph.LevelOf(neighbor) >= level));
            }
        }
        head.Release();
    }

    /// <summary>An item whose price changes by the minute: one live version among hundreds of dead ones at the same place.</summary>
    [Fact]
    public void TheLiveVersionIsFoundAmongItsDead()
    {
        float[][] rows = SegmentFixture.Clustered(2000, 16, Seed);
        HeadSegment head = new(HeadFixture.Shape(16, 3000));
        HeadFixture.Fill(head, rows);
        long sequence = 2000;
        for (int version = 0; version < 900; version++)
        {
            int old = head.FindNewest(new ItemKey(5));
            int node = HeadFixture.Append(head, new ItemKey(5), rows[5]);
            head.Link();
            head.Dead.Kill(old, ++sequence);
            head.Publish(sequence);

            int[] found = HeadFixture.Nodes(head, rows[5], new SearchParameters(10, 50));
            Assert.Equal(node, found[0]);
            Assert.Equal(10, found.Length);
        }
        CheckReach(head);
        head.Release();
    }

    private static void CheckReach(HeadSegment head)
    {
        HnswGraph graph = head.Graph;
        int reached = Reachability.Count(in graph);
        Assert.True(reached == head.Count, $"{reached} of {head.Count} nodes can be reached, seed {Seed}");
    }
}
