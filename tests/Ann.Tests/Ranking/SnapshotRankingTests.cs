using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Ranking;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Exclusions;
using Ann.Tests.Files;
using Ann.Tests.Segments;

namespace Ann.Tests.Ranking;

/// <summary>Ranking over a snapshot of several segments with deleted rows, against the rows themselves.</summary>
public sealed class SnapshotRankingTests : IDisposable
{
    private const int Seed = 31;
    private const int Dimension = 12;
    private const int PerSegment = 200;

    private static readonly AttributeSchema Schema = new(
    [
        new AttributeField("brand", AttributeType.Keyword), new AttributeField("tags", AttributeType.KeywordSet),
        new AttributeField("shop", AttributeType.Int64), new AttributeField("new", AttributeType.Bool),
    ]);

    private static readonly float[][] Rows = SegmentFixture.OnGrid(SegmentFixture.Clustered(3 * PerSegment, Dimension, Seed));
    private static readonly float[] Query = SegmentFixture.OnGrid(SegmentFixture.Clustered(1, Dimension, Seed + 1))[0];

    private readonly List<LiveSegment> _segments = [];
    private readonly List<Item> _live = [];
    private readonly IndexSnapshot _snapshot;

    public SnapshotRankingTests()
    {
        Random random = new(Seed);
        for (int number = 0; number < 3; number++)
            _segments.Add(Segment(random, number));
        _snapshot = new IndexSnapshot("x", "g", default, _segments);
    }

    public void Dispose()
    {
        _snapshot.Release();
        _segments.ForEach(segment => segment.Release());
    }

    [Fact]
    public void ThePlainListEndsWhereTheScoreDoes()
    {
        float limit = _live.Select(item => item.Distance).Order().ElementAt(7);
        RankingAnswer answer = RankingSearch.Run(
            _snapshot, [.. Query, .. Rows[0]], 2, new RankingQuery { K = 20, Exact = true, MaxDistance = limit }, SearchBudget.Unlimited);

        Assert.Equal(Within(limit), Keys(answer)[..answer.Offsets[1]]);
        Assert.Equal(answer.Hits.Count, answer.Offsets[2]);
        Assert.Null(answer.Matching);
    }

    [Theory]
    [InlineData(10, 50, false)]
    [InlineData(300, 400, false)]
    [InlineData(300, 300, true)]
    [InlineData(300, 20, true)]
    public void ARangeHoldsAllItemsWithinItOrK(int within, int k, bool isBounded)
    {
        float limit = _live.Select(item => item.Distance).Order().ElementAt(within - 1);
        RangeAnswer answer = RangeSearch.Run(
            _snapshot, Query, 1, new RankingQuery { K = k, Exact = true, MaxDistance = limit }, SearchBudget.Unlimited);

        Assert.Equal(Within(limit).Take(k), Keys(answer.Answer));
        Assert.Equal([isBounded], answer.Bounded);
    }

    /// <summary>
    /// Caps on each type of attribute, and a floor, hold over all segments; the list is what all items as one problem give.
    /// </summary>
    [Fact]
    public void CapsOnEveryTypeAndFloorsHoldOverAllSegments()
    {
        Random random = new(Seed);
        for (int run = 0; run < 60; run++)
        {
            RankingQuery query = new()
            {
                K = random.Next(1, 30),
                Filter = random.Next(2) == 0 ? null : new Filter.IntegerIn("shop", [0, 1, 2]),
                Caps = [.. new[] { "brand", "tags", "shop", "new" }.Where(_ => random.Next(2) == 0).Select(name => new Cap(name,
                    random.Next(1, 9)))],
            };
            if (random.Next(2) == 0)
                query = query with { Floors = [new Floor(new Filter.KeywordIn("brand", ["rare"]), random.Next(1, query.K + 1))] };
            RankingAnswer answer = RankingSearch.Run(_snapshot, Query, 1, query, SearchBudget.Unlimited);

            Item[] items = [.. _live.Where(item => query.Filter is null
                || item.Shop < 3).OrderBy(item => item.Distance).ThenBy(item => item.Key)];
            QuotaProblem all = Problem(query, items);
            QuotaValue best = QuotaSelection.Run(all).Value;
            QuotaValue? got = QuotaCases.ValueOf(all, [.. Keys(answer).Select(key => Array.FindIndex(items, item => item.Key == key))]);
            Assert.True(got is { } value && value.IsAsFull(best), $"seed {Seed}, run {run}: {got} of {best}");
            Assert.True(got.Value.Score >= best.Score * 1.02, $"seed {Seed}, run {run}: {got} of {best}"); // negative distances
            Assert.Equal(query.Filter is null, answer.Matching is null);
            Assert.Equal(best.Missing > 0, answer.Quotas.Any(fact => fact.Floor == 0));
        }
    }

    [Fact]
    public void AFilterOfAFloorThatIsWrongNamesTheFloor()
    {
        RankingQuery query = new()
        {
            K = 5,
            Floors = [new Floor(new Filter.Exists("brand"), 1), new Floor(new Filter.Exists("band"), 1)],
        };
        AnnException error = Assert.Throws<AnnException>(() => RankingSearch.Run(_snapshot, Query, 1, query, SearchBudget.Unlimited));
        Assert.StartsWith("floors[1].filter", error.Field, StringComparison.Ordinal);
    }

    [Fact]
    public void RecommendingByBestScoreExcludesWhatItIsToldTo()
    {
        ulong first = Nearest(1).Single();
        KeyColumn keys = new(KeyKind.UInt64);
        keys.Add(first);
        RankingQuery search = new() { K = 5, Exact = true, Excluded = Exclusion.OfKeys(keys) };
        foreach (RecommendStrategy strategy in Enum.GetValues<RecommendStrategy>())
        {
            RankingAnswer answer = RecommendSearch.Run(
                _snapshot, new RecommendQuery { Search = search, Positives = Query, Strategy = strategy }, SearchBudget.Unlimited);
            Assert.Equal(Nearest(6).Skip(1), Keys(answer));
            Assert.Empty(answer.FromRows);
        }
    }

    [Fact]
    public void ARangeTakesNoQuotasAndNeedsAnEnd()
    {
        RankingQuery query = new() { K = 10, MaxDistance = 1 };
        Refused("min_score", query with { MaxDistance = null });
        Refused("caps", query with { Caps = [new Cap("brand", 1)] });
        Refused("floors", query with { Floors = [new Floor(new Filter.Exists("brand"), 1)] });
        Refused("diversity", query with { Diversity = new Diversity(0.5f, 10) });
        Refused("union", query with { Union = new UnionMerge(0) });

        void Refused(string field, RankingQuery wrong) => Assert.Equal(
            field,
            Assert.Throws<AnnException>(() => RangeSearch.Run(_snapshot, Query, 1, wrong, SearchBudget.Unlimited)).Field);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public void ScrollingBringsEveryItemOnceInTheOrderOfKeys(int limit)
    {
        Assert.Equal(_live.Select(item => item.Key).Order(), Scroll(null, limit));
        using ItemSelection? some = _snapshot.Select(new Filter.BoolIn("new", [true]), null);
        Assert.Equal(_live.Where(item => item.IsNew == true).Select(item => item.Key).Order(), Scroll(some, limit));
    }

    /// <summary>Each item found is compared with each of a thousand rows: a union that is stopped there ends soon, and says so.</summary>
    [Theory]
    [InlineData(StopReason.Deadline)]
    [InlineData(StopReason.Cancelled)]
    public void AUnionOfManyRowsIsStoppedWhileItsItemsAreScored(StopReason reason)
    {
        const int Many = 400;
        RankingQuery query = new() { K = 100, Exact = true, Union = new UnionMerge(0) };
        float[] rows = [.. Rows[..Many].SelectMany(static row => row)];
        CheckLimit whole = new(int.MaxValue);
        RankingSearch.Run(_snapshot, rows, Many, query, SearchBudget.Unlimited with { Limit = whole });
        Assert.True(whole.Looks > _live.Count * Many / 512, $"{whole.Looks} looks at the budget, {_live.Count} items, {Many} rows");
        for (int looks = 0; looks < whole.Looks; looks += 61)
        {
            CheckLimit limit = new(looks, reason);
            RankingAnswer answer = RankingSearch.Run(_snapshot, rows, Many, query, SearchBudget.Unlimited with { Limit = limit });
            Assert.Equal(reason, answer.Statistics.Stopped);
            Assert.InRange(limit.Looks, looks + 1, looks + 100);
        }
    }

    /// <summary>Whatever nodes a filter leaves, a page that nobody waits for ends within a thousand of them.</summary>
    [Fact]
    public void ScrollingStopsWhateverTheFilter()
    {
        const int Count = 20_000;
        AttributedSegment segment = new(KeyColumn.Ordinals(Count), null);
        IndexSnapshot snapshot = new("x", "g", default, [segment]);
        ulong[] round = [.. Enumerable.Range(0, Count).Where(static key => key % 1024 == 0).Select(static key => (ulong)key)];
        Filter others = new Filter.NoneOf(new Filter.KeyIn(ExcludedKeysTests.Column(round)));
        using ItemSelection selection = snapshot.Select(others, null)!;
        CheckLimit whole = new(int.MaxValue);
        SearchHit[] page = ItemScroll.Page(
            snapshot, selection, null, 10, SearchBudget.Unlimited with { Limit = whole }, out StopReason stopped);
        Assert.Equal((10, StopReason.None), (page.Length, stopped));
        Assert.InRange(whole.Looks, Count / 1024, Count / 64);
        ItemScroll.Page(snapshot, selection, null, 10, SearchBudget.Unlimited with { Limit = new CheckLimit(5) }, out stopped);
        Assert.Equal(StopReason.Deadline, stopped);
        snapshot.Release();
        segment.Release();
    }

    [Fact]
    public void ScrollingOrdersTextsByTheirBytes()
    {
        string[] texts = ["b", "a", "ä", "Z", "aa", "10", "9"];
        using SegmentBuilder builder = SegmentFixture.Build(
            Rows[..texts.Length], SegmentFixture.Options(Metric.L2), SegmentFixture.Texts(texts));
        MemoryFileSystem files = new();
        builder.Write(files, "t.ann");
        LiveSealedSegment segment = new(SealedSegment.Open(files, "t.ann"));
        IndexSnapshot snapshot = new("t", "g", default, [segment]);
        SearchHit[] page = ItemScroll.Page(snapshot, null, SegmentFixture.Texts(["9"]), 4, SearchBudget.Unlimited, out _);

        Assert.Equal(["Z", "a", "aa", "b"], page.Select(hit => snapshot.KeyOf(hit).ToString()));
        snapshot.Release();
        segment.Release();
    }

    [Fact]
    public void APageOfTheWrongSizeOrKindIsRefused()
    {
        Assert.Equal("limit", Assert.Throws<AnnException>(() => Page(null, 0)).Field);
        Assert.Equal("limit", Assert.Throws<AnnException>(() => Page(null, 10_001)).Field);
        Assert.Equal("after", Assert.Throws<AnnException>(() => Page(SegmentFixture.Texts(["a"]), 1)).Field);

        SearchHit[] Page(KeyColumn? after, int limit) =>
            ItemScroll.Page(_snapshot, null, after, limit, SearchBudget.Unlimited, out _);
    }

    [Fact]
    public void AUnionIsRefusedWhereExamplesTakeItsPlace()
    {
        RecommendQuery query = new() { Search = new RankingQuery { K = 5, Union = new UnionMerge(0) }, Positives = Query };
        Assert.Equal("union", Field(query));
        Assert.Equal("positives", Field(query with { Search = new RankingQuery { K = 5 }, Positives = default }));
        Assert.Equal(
            "negatives", Field(query with { Search = new RankingQuery { K = 5 }, Negatives = (float[])[float.NaN, .. Query[1..]] }));

        string? Field(RecommendQuery wrong) =>
            Assert.Throws<AnnException>(() => RecommendSearch.Run(_snapshot, wrong, SearchBudget.Unlimited)).Field;
    }

    private List<ulong> Scroll(ItemSelection? selection, int limit)
    {
        List<ulong> keys = [];
        KeyColumn after = new(KeyKind.UInt64);
        while (true)
        {
            SearchHit[] page = ItemScroll.Page(_snapshot, selection, after, limit, SearchBudget.Unlimited, out StopReason stopped);
            Assert.Equal(StopReason.None, stopped);
            foreach (SearchHit hit in page)
            {
                keys.Add(_snapshot.KeyOf(hit).Number);
                after.Add(keys[^1]);
            }
            if (page.Length < limit)
                return keys;
        }
    }

    private ulong[] Keys(RankingAnswer answer) => [.. answer.Hits.Select(hit => _snapshot.KeyOf(hit).Number)];

    private IEnumerable<ulong> Nearest(int count) =>
        _live.OrderBy(item => item.Distance).ThenBy(item => item.Key).Take(count).Select(item => item.Key);

    private IEnumerable<ulong> Within(float limit) => Nearest(_live.Count(item => item.Distance <= limit));

    private LiveSealedSegment Segment(Random random, int number)
    {
        int from = number * PerSegment;
        KeyColumn keys = new(KeyKind.UInt64);
        AttributeBatch batch = new(Schema);
        List<Item> items = [];
        for (int row = from; row < from + PerSegment; row++)
        {
            keys.Add((ulong)row * 7919 % 100_003);
            string brand = random.Next(40) == 0 ? "rare" : $"b{random.Next(6)}";
            string[] tags = [.. new[] { "x", "y", "z" }.Where(_ => random.Next(3) == 0)];
            long shop = random.Next(4);
            bool? isNew = random.Next(3) == 0 ? null : random.Next(2) == 0;
            items.Add(new Item(0, brand, tags, shop, isNew, Distance(Rows[row])));
            batch.Columns[0].Add(System.Text.Encoding.UTF8.GetBytes(brand));
            foreach (string tag in tags)
                batch.Columns[1].AddToSet(System.Text.Encoding.UTF8.GetBytes(tag));
            batch.Columns[1].EndSet();
            batch.Columns[2].Add(shop);
            if (isNew is { } value)
                batch.Columns[3].Add(value);
            else
                batch.Columns[3].AddMissing();
        }
        using SegmentBuilder builder = new(
            PerSegment, Dimension, SegmentFixture.Options(Metric.L2) with { Attributes = Schema, EfConstruction = 50 });
        foreach (float[] row in Rows.AsSpan(from, PerSegment))
            builder.Add(row);
        builder.AddAttributes(batch);
        builder.Build(keys);
        MemoryFileSystem files = new();
        builder.Write(files, "x.ann");
        LiveSealedSegment segment = new(SealedSegment.Open(files, "x.ann"));
        for (int node = 0; node < PerSegment; node++)
        {
            if (random.NextDouble() < 0.2)
                segment.Dead.Kill(node, 1);
            else
                _live.Add(items[node] with { Key = segment.KeyOf(node).Number });
        }
        return segment;
    }

    private static QuotaProblem Problem(RankingQuery query, Item[] items)
    {
        QuotaProblem problem = new(query.K);
        foreach (Floor floor in query.Floors)
            problem.AddFloor(floor.Least);
        Dictionary<(int, string), int> slots = [];
        foreach (Item item in items)
        {
            List<int> own = [];
            for (int cap = 0; cap < query.Caps.Count; cap++)
            {
                string[] values = query.Caps[cap].Attribute switch
                {
                    "brand" => [item.Brand],
                    "tags" => item.Tags,
                    "shop" => [$"{item.Shop}"],
                    _ => item.IsNew is { } value ? [$"{value}"] : [],
                };
                foreach (string value in values)
                {
                    if (!slots.TryGetValue((cap, value), out int slot))
                        slots.Add((cap, value), slot = problem.AddSlot(cap, query.Caps[cap].Most));
                    own.Add(slot);
                }
            }
            problem.Add(-Math.Sqrt(item.Distance), [.. own], query.Floors.Count > 0 && item.Brand == "rare" ? [0] : []);
        }
        return problem;
    }

    private static float Distance(float[] row)
    {
        float sum = 0;
        for (int i = 0; i < row.Length; i++)
            sum += (row[i] - Query[i]) * (row[i] - Query[i]);
        return sum;
    }

    private sealed record Item(ulong Key, string Brand, string[] Tags, long Shop, bool? IsNew, float Distance);
}
