using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a search among the nodes of a mask gives nodes of the mask alone, k whenever there are k, and nearly the nearest, whatever the
/// plan. Method: against the order of all rows by exact search of the same segment.
/// </summary>
public sealed class MaskedSearchTests
{
    private const int Seed = 51;
    private const int Count = 6000;
    private const int Dimension = 16;
    private const int K = 4;

    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed);
    private static readonly float[][] Queries = SegmentFixture.Clustered(25, Dimension, Seed + 1);

    public static TheoryData<Metric, CodesKind, SegmentLayout> Kinds
    {
        get
        {
            TheoryData<Metric, CodesKind, SegmentLayout> kinds = [];
            foreach (Metric metric in Enum.GetValues<Metric>())
            {
                kinds.Add(metric, CodesKind.F32, SegmentLayout.Lean);
                kinds.Add(metric, CodesKind.Int8, SegmentLayout.Lean);
                kinds.Add(metric, CodesKind.Int8, SegmentLayout.Fast);
                kinds.Add(metric, CodesKind.Int4, SegmentLayout.Compact);
            }
            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void MasksOfEveryShapeAreAnsweredFromTheMaskAndWhole(Metric metric, CodesKind codes, SegmentLayout layout)
    {
        LiveSealedSegment segment = Seal(metric, codes, layout);
        HashSet<SearchPlan> plans = [];
        (int right, int wanted) = (0, 0);
        foreach (int[] shape in Shapes())
        {
            using NodeMask mask = MaskOf(shape, Count);
            foreach (float[] query in Queries)
            {
                foreach (SearchParameters parameters in new SearchParameters[] { new(K, 10), new(300), new(K, Exact: true) })
                    Check(segment, query, mask, parameters, plans, ref right, ref wanted);
            }
        }
        Assert.True(right >= 0.97 * wanted, $"{right} of {wanted} found; seed {Seed}");
        Assert.Superset(new HashSet<SearchPlan> { SearchPlan.Scan, SearchPlan.FilteredWalk }, plans);
        segment.Release();
    }

    /// <summary>All rows near the query are refused: the walk is crowded out, and what is left is looked at.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void AFilterThatOpposesTheQueryIsAnswered(Metric metric, CodesKind codes, SegmentLayout layout)
    {
        LiveSealedSegment segment = Seal(metric, codes, layout);
        (int right, int wanted) = (0, 0);
        foreach (float[] query in Queries)
        {
            using NodeMask mask = MaskOf(Order(segment, query)[(Count * 4 / 10)..], Count);
            Check(segment, query, mask, new(K, 10), [], ref right, ref wanted);
        }
        Assert.True(right >= 0.97 * wanted, $"{right} of {wanted} found; seed {Seed}");
        segment.Release();
    }

    /// <summary>What a user has seen lies around the query: the walk has to come out on the other side with all there is.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void NothingIsLostBehindAHoleAroundTheQuery(Metric metric, CodesKind codes, SegmentLayout layout)
    {
        LiveSealedSegment segment = Seal(metric, codes, layout);
        (int right, int plain, int wanted) = (0, 0, 0);
        foreach (int seen in (int[])[80, 150, 300, 550])
        {
            foreach (float[] query in Queries)
            {
                int[] order = Order(segment, query);
                using NodeMask mask = MaskOf(order[seen..], Count);
                Check(segment, query, mask, new(K, 10), [], ref right, ref wanted);
                plain += Nodes(segment, query, null, new(K, 10), ReadPoint.All, out _).Intersect(order[..K]).Count();
            }
        }
        Assert.True(right >= plain - 0.02 * wanted, $"{right} of {wanted} found, {plain} without a hole; seed {Seed}");
        segment.Release();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void DeadNodesOfAMaskAreNotReturned(Metric metric, CodesKind codes, SegmentLayout layout)
    {
        LiveSealedSegment segment = Seal(metric, codes, layout);
        for (int node = 0; node < Count; node += 3)
            segment.Dead.Kill(node, sequence: 1 + node % 2);
        using NodeMask half = MaskOf(Enumerable.Range(0, Count / 2), Count);
        foreach (float[] query in Queries)
        {
            foreach (SearchParameters parameters in new SearchParameters[] { new(K, 10), new(1000), new(K, Exact: true) })
            {
                int[] seen = Nodes(segment, query, half, parameters, new ReadPoint(1, int.MaxValue), out _);
                Assert.Equal(parameters.K, seen.Length);
                Assert.All(seen, node => Assert.True(node < Count / 2 && (node % 3 != 0 || node % 2 == 1), $"node {node}; seed {Seed}"));
            }
        }

        using NodeMask dead = MaskOf(Enumerable.Range(0, 200).Select(i => 3 * i), Count);
        Assert.Empty(Nodes(segment, Queries[0], dead, new(K), ReadPoint.All, out _));
        segment.Release();
    }

    [Fact]
    public void OfEqualDistancesTheSmallestKeysComeFirst()
    {
        float[][] rows = [.. Enumerable.Range(0, 200).Select(row => new float[] { row / 50, 1 })];
        KeyColumn keys = new(KeyKind.UInt64);
        for (int row = 0; row < rows.Length; row++)
            keys.Add((ulong)(1000 - row));
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, SegmentFixture.Options(Metric.L2), keys));
        using NodeMask even = MaskOf(Enumerable.Range(0, 100).Select(i => 2 * i), rows.Length);

        int[] nodes = Nodes(segment, [0, 1], even, new(25), ReadPoint.All, out _);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => 48 - 2 * i), nodes);
        segment.Release();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ABudgetThatIsSpentEndsTheSearch(bool isExact)
    {
        LiveSealedSegment segment = Seal(Metric.L2, CodesKind.Int8, SegmentLayout.Fast);
        using NodeMask mask = MaskOf(Enumerable.Range(0, Count / 2), Count);
        SearchBudget cancelled = new(long.MaxValue, new CancellationToken(canceled: true));
        SearchBudget late = new(0, CancellationToken.None);
        Neighbor[] results = new Neighbor[K];
        foreach ((SearchBudget budget, StopReason reason) in new[] { (cancelled, StopReason.Cancelled), (late, StopReason.Deadline) })
        {
            int count = segment.Search(
                Queries[0], new(K, 10, isExact), in budget, ReadPoint.All, mask, results, out SearchStatistics statistics);
            Assert.Equal(reason, statistics.Stopped);
            Assert.All(results[..count], result => Assert.True(mask.Has(result.Node)));
        }
        segment.Release();
    }

    [Fact]
    public void ASteadySearchAllocatesNothing()
    {
        LiveSealedSegment segment = Seal(Metric.Cosine, CodesKind.Int8, SegmentLayout.Fast);
        int[] order = Order(segment, Queries[0]);
        NodeMask[] masks = [MaskOf(order[..3000], Count), MaskOf(order[3000..], Count), MaskOf(order[5000..5300], Count)];
        Neighbor[] results = new Neighbor[300];
        Assert.Equal(0, Allocations.OfSteady(Run));
        segment.Release();

        void Run()
        {
            foreach (NodeMask mask in masks)
            {
                foreach (float[] query in Queries)
                {
                    segment.Search(query, new(K, 10), SearchBudget.Unlimited, ReadPoint.All, mask, results, out _);
                    segment.Search(query, new(300), SearchBudget.Unlimited, ReadPoint.All, mask, results, out _);
                }
            }
        }
    }

    [Fact]
    public void ABatchIsItsQueriesOneByOne()
    {
        LiveSealedSegment segment = Seal(Metric.L2, CodesKind.Int8, SegmentLayout.Fast);
        using NodeMask mask = MaskOf(Enumerable.Range(0, Count).Where(node => node % 2 == 0), Count);
        Neighbor[] results = new Neighbor[Queries.Length * K];
        int[] counts = new int[Queries.Length];
        SearchStatistics[] statistics = new SearchStatistics[Queries.Length];
        segment.SearchMany(
            [.. Queries.SelectMany(query => query)], new(K, 10), SearchBudget.Unlimited, ReadPoint.All, mask, results, counts, statistics);
        for (int i = 0; i < Queries.Length; i++)
        {
            int[] alone = Nodes(segment, Queries[i], mask, new(K, 10), ReadPoint.All, out SearchStatistics single);
            Assert.Equal(alone, results[(i * K)..(i * K + counts[i])].Select(result => result.Node));
            Assert.Equal(single, statistics[i]);
        }
        segment.Release();
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.InnerProduct)]
    public void AHeadIsAnsweredLikeASealedSegment(Metric metric)
    {
        HeadSegment head = new(HeadFixture.Shape(Dimension, Count, metric));
        HeadFixture.Fill(head, Rows);
        (int right, int wanted) = (0, 0);
        HashSet<SearchPlan> plans = [];
        foreach (int[] shape in Shapes())
        {
            using NodeMask mask = MaskOf(shape, Count);
            foreach (float[] query in Queries)
            {
                foreach (SearchParameters parameters in new SearchParameters[] { new(K, 10), new(300), new(K, Exact: true) })
                    Check(head, query, mask, parameters, plans, ref right, ref wanted);
            }
        }
        Assert.True(right >= 0.97 * wanted, $"{right} of {wanted} found; seed {Seed}");

        // A reader of earlier writes: what came later is not returned, though a mask may speak of it.
        using NodeMask all = MaskOf(Enumerable.Range(0, Count / 2), Count);
        Assert.All(
            Nodes(head, Queries[0], all, new(300), new ReadPoint(1000, 1000), out _), node => Assert.True(node < 1000, $"node {node}"));
        head.Release();
    }

    private static LiveSealedSegment Seal(Metric metric, CodesKind codes, SegmentLayout layout) => new(SegmentFixture.Seal(
        Rows, SegmentFixture.Options(metric, codes) with { Layout = layout, EfConstruction = 60 }));

    /// <summary>Empty, one node, few, a tenth, half, whole clusters' worth of neighbours, all but a few.</summary>
    private static IEnumerable<int[]> Shapes()
    {
        Random random = new(Seed);
        int[] all = [.. Enumerable.Range(0, Count)];
        yield return [];
        yield return [random.Next(Count)];
        yield return [.. all.Where(_ => random.NextDouble() < 0.001)];
        yield return [.. all.Where(_ => random.NextDouble() < 0.1)];
        yield return [.. all.Where(_ => random.NextDouble() < 0.5)];
        yield return [.. all.Where(node => Rows[node][0] > 0)];
        yield return [.. all.Where(node => node % 50 != 0)];
    }

    private static void Check(
        LiveSegment segment, float[] query, NodeMask mask, SearchParameters parameters, HashSet<SearchPlan> plans, ref int right,
        ref int wanted)
    {
        int[] exact = [.. Order(segment, query).Where(mask.Has).Take(parameters.K)];
        int[] found = Nodes(segment, query, mask, parameters, ReadPoint.All, out SearchStatistics statistics);
        plans.Add(statistics.Plan);
        Assert.Equal(exact.Length, found.Length);
        Assert.All(found, node => Assert.True(mask.Has(node), $"node {node} is refused; seed {Seed}"));
        Assert.Equal(found.Length, found.Distinct().Count());
        if (parameters.Exact)
            Assert.Equal(exact, found);
        right += found.Intersect(exact).Count();
        wanted += exact.Length;
    }

    private static int[] Order(LiveSegment segment, float[] query)
    {
        Neighbor[] all = new Neighbor[Count];
        int count = segment.Search(query, new(Count, Exact: true), SearchBudget.Unlimited, ReadPoint.All, all, out _);
        return [.. all[..count].Select(neighbor => neighbor.Node)];
    }

    private static int[] Nodes(
        LiveSegment segment, float[] query, NodeMask? mask, SearchParameters parameters, ReadPoint at, out SearchStatistics statistics)
    {
        Neighbor[] results = new Neighbor[parameters.K];
        int count = segment.Search(query, in parameters, SearchBudget.Unlimited, at, mask, results, out statistics);
        float[] distances = [.. results[..count].Select(result => result.Distance)];
        Assert.Equal(distances.Order(), distances);
        return [.. results[..count].Select(result => result.Node)];
    }

    private static NodeMask MaskOf(IEnumerable<int> nodes, int count)
    {
        NodeMask mask = new(count, count);
        foreach (int node in nodes)
            mask.Words[node >> 6] |= 1UL << node;
        mask.Recount();
        return mask;
    }
}
