using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Hnsw;
using Ann.Core.Indexes;
using Ann.Core.Ranking;
using Ann.Core.Segments;
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

    private static readonly float[][] Rows = SegmentFixture.Clustered(3 * PerSegment, Dimension, Seed);
    private static readonly float[] Query = SegmentFixture.Clustered(1, Dimension, Seed + 1)[0];

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
    public void The_plain_list_ends_where_the_score_does()
    {
        float limit = _live.Select(item => item.Distance).Order().ElementAt(7);
        RankingAnswer answer = RankingSearch.Run(
            _snapshot, [.. Query, .. Rows[0]], 2, new RankingQuery { K = 20, Exact = true, MaxDistance = limit }, SearchBudget.Unlimited);

        Assert.Equal(Nearest(8), Keys(answer)[..answer.Offsets[1]]);
        Assert.Equal(answer.Hits.Count, answer.Offsets[2]);
        Assert.Null(answer.Matching);
    }

    [Theory]
    [InlineData(10, 50, false)]
    [InlineData(300, 400, false)]
    [InlineData(300, 300, true)]
    [InlineData(300, 20, true)]
    public void A_range_holds_all_items_within_it_or_k(int within, int k, bool isBounded)
    {
        float limit = _live.Select(item => item.Distance).Order().ElementAt(within - 1);
        RangeAnswer answer = RangeSearch.Run(
            _snapshot, Query, 1, new RankingQuery { K = k, Exact = true, MaxDistance = limit }, SearchBudget.Unlimited);

        Assert.Equal(Nearest(Math.Min(within, k)), Keys(answer.Answer));
        Assert.Equal([isBounded], answer.Bounded);
    }

    [Fact]
    public void A_range_takes_no_quotas_and_needs_an_end()
    {
        RankingQuery query = new() { K = 10, MaxDistance = 1 };
        Refused("search.min_score", query with { MaxDistance = null });
        Refused("search.caps", query with { Caps = [new Cap("brand", 1)] });
        Refused("search.floors", query with { Floors = [new Floor(new Filter.Exists("brand"), 1)] });
        Refused("search.diversity", query with { Diversity = new Diversity(0.5f, 10) });
        Refused("search.union", query with { Union = new UnionMerge(0) });

        void Refused(string field, RankingQuery wrong) => Assert.Equal(
            field,
            Assert.Throws<AnnException>(() => RangeSearch.Run(_snapshot, Query, 1, wrong, SearchBudget.Unlimited)).Field);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(10_000)]
    public void Scrolling_brings_every_item_once_in_the_order_of_keys(int limit)
    {
        Assert.Equal(_live.Select(item => item.Key).Order(), Scroll(null, limit));
        using ItemSelection? some = _snapshot.Select(new Filter.BoolIn("new", [true]), null);
        Assert.Equal(_live.Where(item => item.IsNew == true).Select(item => item.Key).Order(), Scroll(some, limit));
    }

    [Fact]
    public void Scrolling_orders_texts_by_their_bytes()
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
    public void A_page_of_the_wrong_size_or_kind_is_refused()
    {
        Assert.Equal("limit", Assert.Throws<AnnException>(() => Page(null, 0)).Field);
        Assert.Equal("limit", Assert.Throws<AnnException>(() => Page(null, 10_001)).Field);
        Assert.Equal("after", Assert.Throws<AnnException>(() => Page(SegmentFixture.Texts(["a"]), 1)).Field);

        SearchHit[] Page(KeyColumn? after, int limit) =>
            ItemScroll.Page(_snapshot, null, after, limit, SearchBudget.Unlimited, out _);
    }

    [Fact]
    public void A_union_is_refused_where_examples_take_its_place()
    {
        RecommendQuery query = new() { Search = new RankingQuery { K = 5, Union = new UnionMerge(0) }, Positives = Query };
        Assert.Equal("search.union", Field(query));
        Assert.Equal("positive_vectors", Field(query with { Search = new RankingQuery { K = 5 }, Positives = default }));
        Assert.Equal(
            "negative_vectors", Field(query with { Search = new RankingQuery { K = 5 }, Negatives = new float[] { float.NaN, .. Query[1..] } }));

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

    private LiveSealedSegment Segment(Random random, int number)
    {
        int from = number * PerSegment;
        KeyColumn keys = new(KeyKind.UInt64);
        AttributeBatch batch = new(Schema);
        List<bool?> isNew = [];
        for (int row = from; row < from + PerSegment; row++)
        {
            keys.Add((ulong)row * 7919 % 100_003);
            batch.Columns[0].Add("abc"u8.Slice(random.Next(3), 1));
            for (int tag = 0; tag < 3; tag++)
                if (random.Next(2) == 0)
                    batch.Columns[1].AddToSet("xyz"u8.Slice(tag, 1));
            batch.Columns[1].EndSet();
            batch.Columns[2].Add((long)random.Next(4));
            isNew.Add(random.Next(3) == 0 ? null : random.Next(2) == 0);
            if (isNew[^1] is { } value)
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
                _live.Add(new Item(segment.KeyOf(node).Number, isNew[node], Distance(Rows[from + node])));
        }
        return segment;
    }

    private static float Distance(float[] row)
    {
        float sum = 0;
        for (int i = 0; i < row.Length; i++)
            sum += (row[i] - Query[i]) * (row[i] - Query[i]);
        return sum;
    }

    private sealed record Item(ulong Key, bool? IsNew, float Distance);
}
