using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Exclusions;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: a snapshot of several segments answers like one index of all their live rows, as of one write. Method: brute force over the rows.
/// </summary>
public sealed class SnapshotSearchTests : IDisposable
{
    private const int Seed = 99;
    private const int Dimension = 20;
    private const int K = 10;
    private const int PerSegment = 300;

    private static readonly float[][] Rows = SegmentFixture.Clustered(4 * PerSegment, Dimension, Seed);
    private static readonly float[][] Queries = SegmentFixture.Clustered(30, Dimension, Seed + 1);
    private readonly List<LiveSegment> _segments = [];

    public static TheoryData<Metric> Metrics => new(Enum.GetValues<Metric>());

    public void Dispose() => _segments.ForEach(segment => segment.Release());

    [Theory]
    [MemberData(nameof(Metrics))]
    public void ExactSearchIsBruteForceOverTheUnion(Metric metric)
    {
        Dictionary<ulong, float[]> model = [];
        Random random = new(Seed);
        for (int i = 0; i < 4; i++)
        {
            LiveSealedSegment segment = Add(metric, i, keyOf: row => (ulong)row * 7919 % 100_003);
            for (int node = 0; node < PerSegment; node++)
            {
                if (random.NextDouble() < 0.3)
                    segment.Dead.Kill(node, 1);
                else
                    model.Add(segment.KeyOf(node).Number, segment.Row(node).ToArray());
            }
        }
        IndexSnapshot snapshot = Snapshot();

        foreach (float[] query in Queries)
        {
            (ulong Key, float Distance)[] found = Ask(snapshot, query, new(K, Exact: true), out _);
            float[] prepared = metric == Metric.Cosine ? Unit(query) : query;
            Dictionary<ulong, double> distances = model.ToDictionary(item => item.Key, item => Distance(metric, prepared, item.Value));
            Assert.Equal(K, found.DistinctBy(hit => hit.Key).Count());
            SegmentFixture.RequireNearest([.. found.Select(hit => distances[hit.Key])], distances.Values);
        }
        Assert.Equal(model.Count, snapshot.Items);
        snapshot.Release();
    }

    /// <summary>The same rows in every segment: each distance comes four times, and the keys of a later segment are smaller ones.</summary>
    [Fact]
    public void EqualDistancesComeInTheOrderOfKeysOverSegments()
    {
        for (int i = 0; i < 4; i++)
        {
            int number = i;
            Add(Metric.L2, i, keyOf: row => (ulong)(row % PerSegment * 10 + 3 - number), rowsFrom: 0);
        }
        IndexSnapshot snapshot = Snapshot();
        foreach (float[] query in Queries)
        {
            foreach (SearchParameters parameters in new SearchParameters[] { new(10, Exact: true), new(10, 60) })
            {
                (ulong Key, float Distance)[] hits = Ask(snapshot, query, parameters, out _);
                Assert.Equal(hits.OrderBy(hit => hit.Distance).ThenBy(hit => hit.Key), hits);
                Assert.Equal([0, 1, 2, 3], hits[..4].Select(hit => (int)(hit.Key % 10)));
                Assert.Single(hits[..4].Select(hit => hit.Key / 10).Distinct());
            }
        }
        snapshot.Release();
    }

    [Theory]
    [MemberData(nameof(Metrics))]
    public void ABatchIsItsQueriesOneByOne(Metric metric)
    {
        for (int i = 0; i < 3; i++)
            for (int node = i; node < PerSegment; node += 3)
                (_segments.ElementAtOrDefault(i) ?? Add(metric, i)).Dead.Kill(node, 1);
        IndexSnapshot snapshot = Snapshot();
        foreach (SearchParameters parameters in new SearchParameters[] { new(K, 40), new(K, Exact: true), new(1, 1), new(500, 500) })
        {
            foreach (int size in new[] { 1, 2, 7, 30 })
            {
                SearchHit[] hits = new SearchHit[size * parameters.K];
                int[] counts = new int[size];
                SearchStatistics[] statistics = new SearchStatistics[size];
                snapshot.SearchMany(
                    [.. Queries[..size].SelectMany(query => query)], in parameters, SearchBudget.Unlimited, hits, counts, statistics);
                for (int i = 0; i < size; i++)
                {
                    SearchHit[] alone = new SearchHit[parameters.K];
                    int count = snapshot.Search(
                        Queries[i], in parameters, SearchBudget.Unlimited, alone, out SearchStatistics cost);
                    Assert.Equal(alone[..count], hits[(i * parameters.K)..(i * parameters.K + counts[i])]);
                    Assert.Equal(cost, statistics[i]);
                }
            }
        }
        snapshot.Release();
    }

    [Fact]
    public void OneSegmentAnswersAsItDoesByItself()
    {
        LiveSealedSegment segment = Add(Metric.Cosine, 0);
        IndexSnapshot snapshot = Snapshot();
        foreach (float[] query in Queries)
        {
            Neighbor[] expected = new Neighbor[K];
            segment.Sealed.Search(query, new(K, 40), SearchBudget.Unlimited, expected, out SearchStatistics cost);
            SearchHit[] hits = new SearchHit[K];
            int count = snapshot.Search(query, new(K, 40), SearchBudget.Unlimited, hits, out SearchStatistics statistics);
            Assert.Equal(expected.Select(neighbor => new SearchHit(0, neighbor.Node, neighbor.Distance)), hits[..count]);
            Assert.InRange(statistics.EstimatedRecall, 0.5, 1);
            Assert.Equal(cost with { EstimatedRecall = statistics.EstimatedRecall }, statistics);
        }
        snapshot.Release();
    }

    [Fact]
    public void StatisticsAreSumsOfAllThatWasAskedAndTheWidthIsThatOfTheWholeBeam()
    {
        AskedSegment[] asked = [.. Enumerable.Range(0, 3).Select(number => new AskedSegment(Add(Metric.L2, number)))];
        for (int i = 0; i < 3; i++)
            _segments[i] = asked[i];
        IndexSnapshot snapshot = Snapshot();
        Ask(snapshot, Queries[0], new(K, 40), out SearchStatistics statistics);

        SearchStatistics sum = new() { EfSearch = 40, Plan = SearchPlan.Walk };
        foreach (AskedSegment segment in asked)
        {
            foreach (SearchParameters parameters in segment.Asked.ToArray())
            {
                segment.Search(
                    Queries[0], in parameters, SearchBudget.Unlimited, ReadPoint.All, new Neighbor[K], out SearchStatistics one);
                sum.Visited += one.Visited;
                sum.Expanded += one.Expanded;
                sum.Reranked += one.Reranked;
            }
        }
        Assert.InRange(statistics.EstimatedRecall, 0.5, 1);
        Assert.Equal(sum with { EstimatedRecall = statistics.EstimatedRecall }, statistics);
        snapshot.Release();
    }

    /// <summary>A head that moves on while an old segment is searched: the read point of the beginning counts for all.</summary>
    [Fact]
    public void AllSegmentsAreSeenAsOfOneWrite()
    {
        LiveSealedSegment old = Add(Metric.L2, 0);
        int dying = NodesOf(old, Queries[0])[0];
        ScriptedHead head = new(Dimension, old, new ReadPoint(5, 0));
        _segments.Add(head);
        IndexSnapshot snapshot = Snapshot();
        old.Dead.Kill(dying, 6);

        Assert.Contains((ulong)dying, Ask(snapshot, Queries[0], new(K, 40), out _).Select(hit => hit.Key));
        Assert.Equal(1, head.PointsTaken);
        Assert.True(snapshot.TryFind(new ItemKey((ulong)dying), out SearchHit hit));
        Assert.Equal(new SearchHit(0, dying, 0), hit);

        head.Now = new ReadPoint(6, 1);
        Assert.DoesNotContain((ulong)dying, Ask(snapshot, Queries[0], new(K, 40), out _).Select(hit => hit.Key));
        Assert.False(snapshot.TryFind(new ItemKey((ulong)dying), out _));
        Assert.Equal(new ReadPoint(6, 1), head.SearchedAt);
        snapshot.Release();
    }

    /// <summary>
    /// Of a frozen head all rows are seen, those too that it never published, and of its deaths those up to the read point of the head that
    /// follows it.
    /// </summary>
    [Fact]
    public void AFrozenHeadIsSeenWholeAtTheReadPointOfTheNewOne()
    {
        ScriptedHead frozen = new(Dimension, Add(Metric.L2, 0), new ReadPoint(5, 40));
        ScriptedHead head = new(Dimension, frozen.Keys, new ReadPoint(9, 3));
        _segments.AddRange([frozen, head]);
        IndexSnapshot snapshot = Snapshot();
        Ask(snapshot, Queries[0], new(K, 40), out _);
        Assert.Equal((new ReadPoint(9, int.MaxValue), new ReadPoint(9, 3)), (frozen.SearchedAt, head.SearchedAt));
        snapshot.Release();
    }

    [Fact]
    public void AKeyIsFoundInTheNewestSegmentThatShowsIt()
    {
        LiveSealedSegment first = Add(Metric.L2, 0, keyOf: row => (ulong)row);
        LiveSealedSegment second = Add(Metric.L2, 1, keyOf: row => (ulong)(row - PerSegment / 2));
        for (int node = PerSegment / 2; node < PerSegment; node++)
            first.Dead.Kill(node, 1); // replaced by those of the second
        second.Dead.Kill(0, 2);
        IndexSnapshot snapshot = Snapshot();

        Assert.True(snapshot.TryFind(new ItemKey(0), out SearchHit hit));
        Assert.Equal(new SearchHit(0, 0, 0), hit);
        Assert.Equal(first.Row(0), snapshot.RowOf(hit));
        Assert.False(snapshot.TryFind(new ItemKey(PerSegment / 2), out _));
        Assert.True(snapshot.TryFind(new ItemKey(PerSegment / 2 + 1), out hit));
        Assert.Equal((new SearchHit(1, 1, 0), PerSegment / 2 + 1UL), (hit, snapshot.KeyOf(hit).Number));
        Assert.False(snapshot.TryFind(new ItemKey(1_000_000), out _));
        Assert.Equal(AnnError.InvalidArgument, Assert.Throws<AnnException>(() => snapshot.TryFind(new ItemKey("x"u8), out _)).Error);
        snapshot.Release();
    }

    [Fact]
    public void AfterAStopNoSegmentIsSearchedAndEveryQueryTells()
    {
        Add(Metric.L2, 0);
        ScriptedHead head = new(Dimension, (LiveSealedSegment)_segments[0], new ReadPoint(1, 1));
        _segments.Add(head);
        IndexSnapshot snapshot = Snapshot();
        SearchStatistics[] statistics = new SearchStatistics[8];
        SearchBudget passed = new(0, CancellationToken.None);
        snapshot.SearchMany(
            [.. Queries[..8].SelectMany(query => query)], new(K, 40), passed, new SearchHit[8 * K], new int[8], statistics);
        Assert.All(statistics, one => Assert.Equal((StopReason.Deadline, 0.0), (one.Stopped, one.EstimatedRecall)));
        Assert.Equal(default, head.SearchedAt);
        snapshot.Release();
    }

    /// <summary>A scan of what matches is measured by that, not by all the rows; and what was never looked for is no success.</summary>
    [Fact]
    public void TheEstimateOfAStoppedFilterIsOfWhatMatches()
    {
        const int Matching = 2000;
        LiveSealedSegment segment = new(SegmentFixture.Seal(
            SegmentFixture.Clustered(4000, Dimension, 4), SegmentFixture.Options(Metric.L2), KeyColumn.Ordinals(4000)));
        _segments.Add(segment);
        IndexSnapshot snapshot = Snapshot();
        BoundFilter filter = snapshot.Bind(new Filter.KeyIn(KeyColumn.Ordinals(Matching)));
        SearchHit[] hits = new SearchHit[K];
        using ItemSelection whole = snapshot.Select(filter, null, SearchBudget.Unlimited)!;
        SearchParameters exact = new(K, Exact: true);
        foreach ((int looks, double expected) in new[] { (0, 0), (1, 1024.0 / Matching), (9, 1) })
        {
            SearchBudget budget = SearchBudget.Unlimited with { Limit = new CheckLimit(looks) };
            snapshot.Search(Queries[0], in exact, in budget, whole, hits, out SearchStatistics cost);
            Assert.InRange(cost.EstimatedRecall, expected - 0.05, expected + 0.05);
        }

        // Where the filter itself was stopped, nobody knows what would have matched.
        SearchBudget passed = SearchBudget.Unlimited with { Limit = new CheckLimit(3) };
        using ItemSelection stopped = snapshot.Select(filter, null, in passed)!;
        int count = snapshot.Search(Queries[0], in exact, SearchBudget.Unlimited, stopped, hits, out SearchStatistics none);
        Assert.Equal((0, StopReason.Deadline, 0.0), (count, none.Stopped, none.EstimatedRecall));

        using ItemSelection nothing = snapshot.Select(new Filter.KeyIn(ExcludedKeysTests.Column([9_999])), null)!;
        snapshot.Search(Queries[0], in exact, SearchBudget.Unlimited, nothing, hits, out SearchStatistics empty);
        Assert.Equal((StopReason.None, 1.0), (empty.Stopped, empty.EstimatedRecall));
        snapshot.Release();
    }

    [Fact]
    public void BadRequestsAreNamed()
    {
        Add(Metric.L2, 0);
        IndexSnapshot snapshot = Snapshot();
        SearchHit[] hits = new SearchHit[K];
        SearchBudget free = SearchBudget.Unlimited;
        AnnException k = Assert.Throws<AnnException>(() => snapshot.Search(Queries[0], new(0), free, hits, out _));
        AnnException dimension = Assert.Throws<AnnException>(() => snapshot.Search(new float[3], new(K), free, hits, out _));
        Assert.Throws<AnnException>(() => snapshot.SearchMany(new float[41], new(K), free, hits, new int[2], new SearchStatistics[2]));
        Assert.Throws<ArgumentException>(() => snapshot.Search(Queries[0], new(K + 1), free, hits, out _));
        Assert.Equal(("k", "queries"), (k.Field, dimension.Field));
        snapshot.Release();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ASteadySearchAllocatesNothing(int segments)
    {
        for (int i = 0; i < segments; i++)
            Add(Metric.Cosine, i).Dead.Kill(i, 1);
        IndexSnapshot snapshot = Snapshot();
        float[] queries = [.. Queries.SelectMany(query => query)];
        SearchHit[] hits = new SearchHit[Queries.Length * K];
        int[] counts = new int[Queries.Length];
        SearchStatistics[] statistics = new SearchStatistics[Queries.Length];
        Assert.Equal(0, Allocations.OfSteady(Run));
        snapshot.Release();

        void Run()
        {
            for (int round = 0; round < 50; round++)
            {
                snapshot.SearchMany(queries, new(K, 40), SearchBudget.Unlimited, hits, counts, statistics);
                snapshot.Search(Rows[round], new(K, 40), SearchBudget.Unlimited, hits, out _);
                snapshot.TryFind(new ItemKey((ulong)round), out _);
            }
        }
    }

    /// <summary>Held by the test, two snapshots and a lease: freed once, when the last of them lets go.</summary>
    [Fact]
    public void ASegmentIsFreedOnceAndOnlyAfterItsLastHolder()
    {
        ScriptedHead segment = new(Dimension, Add(Metric.L2, 0), new ReadPoint(1, 1));
        IndexSnapshot first = new("x", "g", default, [segment]);
        IndexSnapshot second = new("x", "g", default, [segment]);
        segment.Release();
        Assert.True(first.TryHold());
        SnapshotLease lease = new(first);
        first.Release();
        second.Release();
        Assert.Equal(0, segment.TimesFreed);
        lease.Dispose();
        Assert.Equal(1, segment.TimesFreed);
        Assert.False(first.TryHold());
        Assert.False(second.TryHold());
    }

    [Fact]
    public void HoldersOnManyThreadsFreeASegmentOnce()
    {
        ScriptedHead segment = new(Dimension, Add(Metric.L2, 0), new ReadPoint(1, 1));
        IndexSnapshot snapshot = new("x", "g", default, [segment]);
        segment.Release();
        Parallel.For(0, 20_000, i =>
        {
            if (i == 10_000)
                snapshot.Release();
            if (!snapshot.TryHold())
                return;
            Assert.Equal(0, segment.TimesFreed);
            snapshot.Release();
        });
        Assert.Equal(1, segment.TimesFreed);
    }

    private static float[] Unit(float[] row)
    {
        float[] unit = [.. row];
        Core.Distances.RowPreparation.Prepare(Metric.Cosine, row, unit, "queries", 0);
        return unit;
    }

    private static double Distance(Metric metric, float[] a, float[] b) => metric == Metric.L2
        ? a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Sum()
        : -a.Zip(b, (x, y) => (double)x * y).Sum();

    private static (ulong Key, float Distance)[] Ask(
        IndexSnapshot snapshot, float[] query, SearchParameters parameters, out SearchStatistics statistics)
    {
        SearchHit[] hits = new SearchHit[parameters.K];
        int count = snapshot.Search(query, in parameters, SearchBudget.Unlimited, hits, out statistics);
        return [.. hits[..count].Select(hit => (snapshot.KeyOf(hit).Number, hit.Distance))];
    }

    private static int[] NodesOf(LiveSegment segment, float[] query)
    {
        Neighbor[] results = new Neighbor[K];
        int count = segment.Search(query, new(K, 40), SearchBudget.Unlimited, ReadPoint.All, results, out _);
        return [.. results[..count].Select(result => result.Node)];
    }

    private LiveSealedSegment Add(Metric metric, int number, Func<int, ulong>? keyOf = null, int? rowsFrom = null)
    {
        int from = rowsFrom ?? number * PerSegment;
        KeyColumn keys = new(KeyKind.UInt64);
        for (int row = from; row < from + PerSegment; row++)
            keys.Add(keyOf?.Invoke(row) ?? (ulong)row);
        SegmentBuildOptions options = SegmentFixture.Options(metric) with { EfConstruction = 50 };
        LiveSealedSegment segment = new(SegmentFixture.Seal(Rows[from..(from + PerSegment)], options, keys));
        _segments.Add(segment);
        return segment;
    }

    private IndexSnapshot Snapshot() => new("x", "g", default, _segments);
}
