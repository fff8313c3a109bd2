using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: segments that are first searched by a share of the beam answer like one index, wherever the near items lie. Method: layouts made
/// to break it, against exact search of the same snapshot; and what is asked of each segment.
/// </summary>
public sealed class BeamShareTests : IDisposable
{
    private const int Seed = 4711;
    private const int Dimension = 16;

    private readonly List<LiveSegment> _segments = [];

    /// <summary>Rows of each segment, oldest first. The last one is a head where <see cref="Layout"/> is told so.</summary>
    public static TheoryData<int[], Metric> Layouts()
    {
        TheoryData<int[], Metric> layouts = [];
        foreach (Metric metric in Enum.GetValues<Metric>())
        {
            layouts.Add([2000, 60], metric); // a small head
            layouts.Add([60, 2000], metric); // the head is the large one
            layouts.Add([500, 500, 500, 500], metric);
            layouts.Add([1500, 1, 400, 7, 90], metric);
            layouts.Add([.. Enumerable.Repeat(25, 40)], metric); // many tiny ones
        }
        return layouts;
    }

    public void Dispose() => _segments.ForEach(segment => segment.Release());

    /// <summary>Each segment has a place of its own, so that all near items lie in one segment, whichever it is.</summary>
    [Theory]
    [MemberData(nameof(Layouts))]
    public void ItemsThatLieTogetherInOneSegmentAreFound(int[] sizes, Metric metric)
    {
        float[][] queries = Layout(sizes, metric, apart: true);
        IsLikeExactSearch(queries);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void ItemsThatLieEverywhereAreFound(int[] sizes, Metric metric)
    {
        float[][] queries = Layout(sizes, metric, apart: false);
        IsLikeExactSearch(queries);
    }

    /// <summary>Two of three rows are dead, so that the answer is nearly all that lives, and more is wanted than any segment has.</summary>
    [Theory]
    [MemberData(nameof(Layouts))]
    public void AsManyAsThereAreComeBackWhenMoreAreWantedThanASegmentHas(int[] sizes, Metric metric)
    {
        float[][] queries = Layout(sizes, metric, apart: true);
        HashSet<(int, int)> alive = [];
        for (int number = 0; number < _segments.Count; number++)
            for (int node = 0; node < _segments[number].Count; node++)
                if (node % 3 == 0)
                    alive.Add((number, node));
                else
                    _segments[number].Dead.Kill(node, sequence: 0);

        IndexSnapshot snapshot = Snapshot();
        foreach (float[] query in queries[..5])
        {
            foreach (int k in new[] { 100, alive.Count - 1, alive.Count, alive.Count + 50 })
            {
                SearchHit[] hits = Ask(snapshot, query, new SearchParameters(k, 2 * k));
                Assert.Equal(Math.Min(k, alive.Count), hits.Length);
                Assert.Equal(hits.Length, hits.Select(hit => (hit.Segment, hit.Node)).Distinct().Count());
                Assert.All(hits, hit => Assert.Contains((hit.Segment, hit.Node), alive));
            }
        }
        snapshot.Release();
    }

    /// <summary>Few distances, each many times in every segment: what is asked again comes with what was found before.</summary>
    [Fact]
    public void EqualDistancesComeOnceAndInTheOrderOfKeys()
    {
        Random random = new(Seed);
        float[][] places = [.. Enumerable.Range(0, 20).Select(_ => SegmentFixture.Gaussian(random, Dimension, 1))];
        ulong key = 0;
        foreach (int size in new[] { 600, 300, 120 })
            Add(Metric.L2, [.. Enumerable.Range(0, size).Select(row => places[row % places.Length])], () => key++ * 7919 % 100_003);

        IndexSnapshot snapshot = Snapshot();
        foreach (float[] query in places)
        {
            (float Distance, ulong Key)[] exact = Keyed(snapshot, Ask(snapshot, query, new SearchParameters(40, Exact: true)));
            (float Distance, ulong Key)[] found = Keyed(snapshot, Ask(snapshot, query, new SearchParameters(40, 400)));
            Assert.Equal(exact, found);
            Assert.Equal(found.Order(), found);
        }
        snapshot.Release();
    }

    [Fact]
    public void TheLargestSegmentGetsTheWholeBeamAndTheOthersTheirShare()
    {
        AskedSegment small = new(Add(Metric.L2, Rows(100, 0)));
        AskedSegment large = new(Add(Metric.L2, Rows(1900, 0)));
        _segments[0] = small;
        _segments[1] = large;
        IndexSnapshot snapshot = Snapshot();
        Ask(snapshot, [.. Enumerable.Repeat(0.5f, Dimension)], new SearchParameters(100, 200));
        Assert.Equal(new SearchParameters(100, 200), Assert.Single(large.Asked));
        Assert.Equal(BeamShare.Of(new SearchParameters(100, 200), 0.05), small.Asked[0]);
        Assert.InRange(small.Asked[0].BeamWidth, 16, 40);

        small.Asked.Clear();
        Ask(snapshot, [.. Enumerable.Repeat(0.5f, Dimension)], new SearchParameters(100, Exact: true));
        Assert.Equal(new SearchParameters(100, Exact: true), Assert.Single(small.Asked));
        snapshot.Release();
    }

    [Fact]
    public void OnlyASegmentThatMayHoldMoreIsAskedAgain()
    {
        AskedSegment far = new(Add(Metric.L2, Rows(300, 100)));
        AskedSegment near = new(Add(Metric.L2, Rows(300, 0)));
        Add(Metric.L2, Rows(1500, 50));
        _segments[0] = far;
        _segments[1] = near;
        IndexSnapshot snapshot = Snapshot();
        SearchHit[] hits = Ask(snapshot, new float[Dimension], new SearchParameters(50, 100));
        Assert.All(hits, hit => Assert.Equal(1, hit.Segment));
        Assert.Single(far.Asked);
        Assert.Equal([BeamShare.Of(new SearchParameters(50, 100), 300.0 / 2100), new SearchParameters(50, 100)], near.Asked);
        snapshot.Release();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 10)]
    [InlineData(10, 64)]
    [InlineData(1000, 1500)]
    [InlineData(10_000, 40_000)]
    public void ASharesParametersAreValidAndNoLargerThanTheWhole(int k, int ef)
    {
        SearchParameters whole = new(k, ef);
        int last = 0;
        for (int percent = 0; percent <= 100; percent++)
        {
            SearchParameters part = BeamShare.Of(in whole, percent / 100.0);
            part.Validate();
            Assert.InRange(part.K, 1, k);
            Assert.InRange(part.BeamWidth, last, ef);
            last = part.BeamWidth;
        }
        Assert.Equal(whole, BeamShare.Of(in whole, 1));
    }

    private static float[][] Rows(int count, float place)
    {
        Random random = new(Seed + count);
        return [.. Enumerable.Range(0, count).Select(_ => Array.ConvertAll(
            SegmentFixture.Gaussian(random, Dimension, 1), component => component + place))];
    }

    private static (float, ulong)[] Keyed(IndexSnapshot snapshot, SearchHit[] hits) =>
        [.. hits.Select(hit => (hit.Distance, snapshot.KeyOf(hit).Number))];

    private static SearchHit[] Ask(IndexSnapshot snapshot, float[] query, SearchParameters parameters)
    {
        SearchHit[] hits = new SearchHit[parameters.K];
        int count = snapshot.Search(query, in parameters, SearchBudget.Unlimited, hits, out _);
        return hits[..count];
    }

    private void IsLikeExactSearch(float[][] queries)
    {
        IndexSnapshot snapshot = Snapshot();
        foreach (int k in new[] { 1, 10, 100 })
        {
            foreach (float[] query in queries)
            {
                SearchHit[] exact = Ask(snapshot, query, new SearchParameters(k, Exact: true));
                SearchHit[] found = Ask(snapshot, query, new SearchParameters(k, 400));
                Assert.Equal(exact, found);
            }

            SearchHit[] many = new SearchHit[queries.Length * k];
            int[] counts = new int[queries.Length];
            snapshot.SearchMany(
                [.. queries.SelectMany(query => query)], new SearchParameters(k, 400), SearchBudget.Unlimited, many, counts,
                new SearchStatistics[queries.Length]);
            for (int i = 0; i < queries.Length; i++)
                Assert.Equal(Ask(snapshot, queries[i], new SearchParameters(k, Exact: true)), many[(i * k)..(i * k + counts[i])]);
        }
        snapshot.Release();
    }

    /// <summary>Sealed segments of some sizes, and a head as the last.</summary>
    /// <returns>Queries: near a few rows of each segment, and in between.</returns>
    private float[][] Layout(int[] sizes, Metric metric, bool apart)
    {
        Random random = new(Seed);
        List<float[]> queries = [];
        ulong key = 0;
        for (int number = 0; number < sizes.Length; number++)
        {
            float[] place = SegmentFixture.Gaussian(random, Dimension, apart ? 2 : 0);
            float[][] rows = [.. Enumerable.Range(0, sizes[number]).Select(_ => SegmentFixture.Gaussian(random, Dimension, 0.5)
                .Zip(place, (a, b) => a + b).ToArray())];
            queries.Add(Array.ConvertAll(rows[0], component => component + 0.01f));
            queries.Add(Array.ConvertAll(place, component => component + 0.1f));
            if (number < sizes.Length - 1)
            {
                Add(metric, rows, () => key++);
                continue;
            }
            HeadSegment head = new(HeadFixture.Shape(Dimension, rows.Length, metric));
            _segments.Add(head);
            foreach (float[] row in rows)
                HeadFixture.Append(head, new ItemKey(key++), row);
            head.Link();
            head.Publish(1);
        }
        queries.Add([.. Enumerable.Repeat(0.3f, Dimension)]);
        return [.. queries.Take(20)];
    }

    private LiveSealedSegment Add(Metric metric, float[][] rows, Func<ulong>? keyOf = null)
    {
        ulong next = (ulong)_segments.Sum(segment => segment.Count);
        KeyColumn keys = new(KeyKind.UInt64);
        foreach (float[] _ in rows)
            keys.Add(keyOf?.Invoke() ?? next++);
        LiveSealedSegment segment = new(SegmentFixture.Seal(rows, SegmentFixture.Options(metric), keys));
        _segments.Add(segment);
        return segment;
    }

    private IndexSnapshot Snapshot() => new("x", "g", default, _segments);
}
