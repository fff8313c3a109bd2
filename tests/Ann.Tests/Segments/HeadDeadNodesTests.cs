using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a head with deleted nodes answers like one of the others alone, wherever the deleted ones lie. Method: against exact search of the
/// live rows, and a head that never held the rest.
/// </summary>
public sealed class HeadDeadNodesTests
{
    private const int Seed = 4712;
    private const int Count = 3000;
    private const int K = 10;
    private const int Ef = 40;

    public static MatrixTheoryData<Metric, int> Kinds => new(Enum.GetValues<Metric>(), [12, 40]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void RecallIsThatOfAHeadOfTheLiveRows(Metric metric, int dimension)
    {
        float[][] rows = SegmentFixture.Clustered(Count, dimension, Seed);
        float[][] queries = [.. SegmentFixture.Clustered(2 * Count, dimension, Seed).Skip(Count).Take(100)];
        Random random = new(Seed);
        bool[] some = [.. rows.Select(_ => random.NextDouble() < 0.3)];
        foreach (bool[] dead in new[] { some, Around(rows, centres: 8, size: 150), Around(rows, centres: 1, size: 2000) })
        {
            HeadSegment head = Filled(metric, rows);
            Kill(head, dead, Count + 1);
            HeadSegment fresh = Filled(metric, [.. rows.Where((_, node) => !dead[node])]);
            float[][] asked = [.. queries, .. rows.Where((_, node) => dead[node]).Take(100)];

            double recall = HeadFixture.Recall(head, asked, K, Ef);
            double freshRecall = HeadFixture.Recall(fresh, asked, K, Ef);

            Assert.True(
                recall >= freshRecall - 0.01,
                $"recall {recall:F4} with {dead.Count(isDead => isDead)} of {Count} dead, {freshRecall:F4} without them; seed {Seed}");
            head.Release();
            fresh.Release();
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void FewLiveAmongManyDeadAreAllFound(Metric metric, int dimension)
    {
        float[][] rows = SegmentFixture.Clustered(Count, dimension, Seed);
        HeadSegment head = Filled(metric, rows);
        Kill(head, [.. Enumerable.Range(0, Count).Select(node => node % 250 != 3)], Count + 1);
        foreach (float[] query in rows[..20])
        {
            int[] nodes = HeadFixture.Nodes(head, query, new SearchParameters(K, K));
            Assert.Equal(HeadFixture.Nodes(head, query, new SearchParameters(K, Exact: true)), nodes);
            Assert.Equal(K, nodes.Length);
        }
        head.Release();
    }

    /// <summary>What died later is alive to a reader, but counts among the dead: it must not hide that the walk found too little.</summary>
    [Fact]
    public void AReaderFromBeforeFindsThoseThatDiedLater()
    {
        float[][] rows = SegmentFixture.Clustered(Count, 12, Seed);
        HeadSegment head = Filled(Metric.L2, rows);
        Kill(head, [.. Enumerable.Range(0, Count).Select(node => node % 250 != 3)], Count + 1);
        ReadPoint before = head.Published;
        Kill(head, [.. Enumerable.Range(0, Count).Select(node => node % 250 == 3)], Count + 2);
        foreach (float[] query in rows[..20])
        {
            int[] nodes = HeadFixture.Nodes(head, query, new SearchParameters(K, K), before);
            Assert.Equal(HeadFixture.Nodes(head, query, new SearchParameters(K, Exact: true), before), nodes);
            Assert.Equal(K, nodes.Length);
            Assert.Empty(HeadFixture.Nodes(head, query, new SearchParameters(K, K)));
        }
        head.Release();
    }

    private static HeadSegment Filled(Metric metric, float[][] rows)
    {
        HeadSegment head = new(HeadFixture.Shape(rows[0].Length, Count, metric));
        HeadFixture.Fill(head, rows);
        return head;
    }

    private static void Kill(HeadSegment head, bool[] dead, long sequence)
    {
        for (int node = 0; node < dead.Length; node++)
            if (dead[node])
                head.Dead.Kill(node, sequence);
        head.Publish(sequence);
    }

    /// <summary>The rows nearest to some rows.</summary>
    private static bool[] Around(float[][] rows, int centres, int size)
    {
        bool[] dead = new bool[rows.Length];
        for (int i = 0; i < centres; i++)
        {
            float[] centre = rows[i * 97];
            float[] distances = [.. rows.Select(row => row.Zip(centre, (a, b) => (a - b) * (a - b)).Sum())];
            foreach (int node in Enumerable.Range(0, rows.Length).OrderBy(node => distances[node]).Take(size))
                dead[node] = true;
        }
        return dead;
    }
}
