using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Embedded;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Embedded;

/// <summary>Goal: a program that knows the front door alone can do what the server does, and is told what it does wrong.</summary>
public sealed class AnnIndexTests : IDisposable
{
    private const int Dimension = 8;

    private static readonly float[][] Rows = SegmentFixture.Clustered(300, Dimension, seed: 24);

    private static readonly AttributeField[] Fields =
    [
        new("brand", AttributeType.Keyword), new("tags", AttributeType.KeywordSet), new("stock", AttributeType.Int64),
        new("price", AttributeType.Double), new("new", AttributeType.Bool), new("since", AttributeType.Timestamp),
    ];

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ann-door-");

    private string Live => Path.Combine(_root.FullName, "live");

    [Fact]
    public async Task ASearchGivesWhatAComparisonOfAllItemsGives()
    {
        await using AnnIndex index = await CreateAsync();
        await index.UpsertAsync(Items());
        SearchOptions options = new()
        {
            Filter = new Filter.Between("stock", new FilterBound(50, null), null),
            ExcludedKeys = [60, 61, 9_999],
            Attributes = ["stock"],
        };
        foreach (SearchOptions asked in (SearchOptions[])[options with { EfSearch = 300 }, options with { Exact = true }])
        {
            SearchResults found = index.Search(Rows[60], 10, asked);

            var expected = Enumerable.Range(50, 250).Where(static row => row is not (60 or 61))
                .Select(row => (Key: (ulong)row, Distance: Distance(Rows[60], Rows[row])))
                .OrderBy(static one => one.Distance).Take(10).ToArray();
            Assert.Equal(expected.Select(static one => one.Key), found.Select(static one => one.Key.Number));
            Assert.All(expected.Zip(found), static pair => Assert.Equal(pair.First.Distance, pair.Second.Score, tolerance: 1e-4));
            Assert.All(found, static one => Assert.Equal((long)one.Key.Number, one["stock"]));
            Assert.Equal(248, found.Matching);
            Assert.Equal(StopReason.None, found.Stopped);
        }
        float third = index.Search(Rows[0], 3)[2].Score;
        Assert.Equal(3, index.Search(Rows[0], 10, new SearchOptions { MinScore = third }).Count);
        SearchResults keyed = index.Search(Rows[0], 10, new SearchOptions { Filter = Filter.OfKeys([7, 8]) });
        Assert.Equal([7UL, 8UL], keyed.Select(static one => one.Key.Number).Order());
        Assert.Throws<KeyNotFoundException>(() => keyed[0]["stock"]);
    }

    [Fact]
    public async Task WritesAreSeenAndStay()
    {
        DateTimeOffset since = new(2026, 1, 31, 12, 0, 0, TimeSpan.FromHours(1));
        await using (AnnIndex index = await CreateAsync())
        {
            await index.UpsertAsync([]);
            await index.UpsertAsync(Items().Take(20));
            AnnItem full = new(5, Rows[250])
            {
                ["brand"] = "acme",
                ["tags"] = new[] { "a", "b" },
                ["stock"] = 3,
                ["price"] = 19.9f,
                ["new"] = true,
                ["since"] = since,
            };
            await index.UpsertAsync([full, new AnnItem(6, Rows[251]) { ["since"] = long.MaxValue, ["price"] = null }]);
            Assert.Equal(2, await index.DeleteAsync([1, 2, 400]));
            Assert.Equal(0, await index.DeleteAsync([]));
            Check(index);
        }
        await using (AnnIndex index = AnnIndex.Open(Live))
            Check(index);

        void Check(AnnIndex index)
        {
            Assert.Equal(18, index.Count);
            Assert.False(index.IsReadOnly);
            Assert.Equal((Dimension, Metric.L2, false), (index.Dimension, index.Metric, index.HasStringKeys));
            Assert.Equal(Fields, index.Attributes);
            Assert.Null(index.Fetch(1));
            AnnItem item = index.Fetch(5)!;
            Assert.Equal(Rows[250], item.Vector.ToArray());
            Assert.Equal(Fields.Length, item.Attributes.Count);
            Assert.Equal(("acme", 3L, (double)19.9f, true), (item["brand"], item["stock"], item["price"], item["new"]));
            Assert.Equal(["a", "b"], ((IReadOnlyList<string>)item["tags"]!).Order(StringComparer.Ordinal));
            Assert.Equal(since, item["since"]);
            Assert.Equal(long.MaxValue, Assert.Single(index.Fetch(6)!.Attributes).Value);
            Assert.Equal(5UL, index.Search(Rows[250], 1)[0].Key.Number);
            SearchOptions others = new() { ExcludedKeys = [5], Attributes = ["brand"] };
            SearchResult other = Assert.Single(index.Search(Rows[250], 1, others));
            Assert.NotEqual(5UL, other.Key.Number);
            Assert.Null(other["brand"]);
        }
    }

    [Fact]
    public async Task AFileIsSearchedAndNotWrittenTo()
    {
        KeyColumn keys = new(KeyKind.String);
        for (int row = 0; row < Rows.Length; row++)
            keys.Add($"sku-{row}");
        string path = Path.Combine(_root.FullName, "items.ann");
        using (SegmentBuilder builder = SegmentFixture.Build(Rows, SegmentFixture.Options(Metric.Cosine, CodesKind.Int8), keys))
            builder.Write(PhysicalFileSystem.Instance, path);

        using AnnIndex index = AnnIndex.Open(path, new AnnIndexOptions { Residence = SegmentResidence.Mapped });
        Assert.True(index is { IsReadOnly: true, HasStringKeys: true, Count: 300, Metric: Metric.Cosine, Attributes: [] });
        SearchResults found = index.Search(Rows[17], 2, new SearchOptions { ExcludedKeys = ["sku-3"] });
        Assert.Equal("sku-17", found[0].Key.ToString());
        Assert.Equal(1, found[0].Score, tolerance: 1e-5);
        Assert.Equal(1, Math.Sqrt(index.Fetch("sku-17")!.Vector.ToArray().Sum(static x => (double)x * x)), tolerance: 1e-5);
        AnnException refused = await Assert.ThrowsAsync<AnnException>(() => index.DeleteAsync(["sku-17"]));
        Assert.Equal(AnnError.FailedPrecondition, refused.Error);
        Expect(AnnError.InvalidArgument, "key", () => index.Fetch(17));
    }

    [Fact]
    public async Task WhatCannotBeAskedIsToldByField()
    {
        await using AnnIndex index = await CreateAsync();
        await index.UpsertAsync(Items());
        float[] query = Rows[0];
        Expect(AnnError.InvalidArgument, "queries", () => index.Search([1f], 10));
        Expect(AnnError.InvalidArgument, "k", () => index.Search(query, 0));
        Expect(AnnError.InvalidArgument, "k", () => index.Search(query, 10_001));
        Refused("ef_search", new SearchOptions { EfSearch = 9 });
        Refused("ef_search", new SearchOptions { EfSearch = 0 });
        Refused("min_score", new SearchOptions { MinScore = float.NaN });
        Refused("min_score", new SearchOptions { MinScore = -1 });
        Refused("time_limit", new SearchOptions { TimeLimit = TimeSpan.Zero });
        Refused("attributes", new SearchOptions { Attributes = ["colour"] });
        Refused("excluded_keys", new SearchOptions { ExcludedKeys = [1, "two"] });
        Refused("excluded_keys", new SearchOptions { ExcludedKeys = [.. Enumerable.Repeat<AnnKey>(1, 100_001)] });
        Refused("filter.exists", new SearchOptions { Filter = new Filter.Exists("colour") });
        Refused("filter.keys", new SearchOptions { Filter = Filter.OfKeys(["two"]) });
        Expect(AnnError.InvalidArgument, "key", () => Filter.OfKeys([1, "two"]));
        await WriteRefused("vectors", new AnnItem(1, new float[3]));
        await WriteRefused("vectors", new AnnItem(1, Enumerable.Repeat(float.NaN, Dimension).ToArray()));
        await WriteRefused("keys", new AnnItem("one", query));
        await WriteRefused("attributes", new AnnItem(1, query) { ["colour"] = "red" });
        object[] wrong = [1, "a", 1.5, "x", 1, DateTime.UnixEpoch];
        for (int field = 0; field < Fields.Length; field++)
            await WriteRefused("attributes", new AnnItem(1, query) { [Fields[field].Name] = wrong[field] });
        await WriteRefused("attributes", new AnnItem(1, query) { ["tags"] = new string[] { null! } });
        await WriteRefused("attributes", new AnnItem(1, query) { ["price"] = double.NaN });
        await WriteRefused("items", [.. Enumerable.Repeat(new AnnItem(1, query), 65_537)]);
        Assert.Equal(300, index.Count);

        void Refused(string field, SearchOptions options) =>
            Expect(AnnError.InvalidArgument, field, () => index.Search(query, 10, options));

        async Task WriteRefused(string field, params AnnItem[] items)
        {
            AnnException error = await Assert.ThrowsAsync<AnnException>(() => index.UpsertAsync(items));
            Assert.Equal((AnnError.InvalidArgument, field), (error.Error, error.Field));
        }
    }

    [Fact]
    public async Task ASearchEndsWithItsTimeAndItsToken()
    {
        await using AnnIndex index = await CreateAsync();
        await index.UpsertAsync(Items());
        SearchOptions late = new() { Exact = true, TimeLimit = TimeSpan.FromTicks(1), Filter = new Filter.Exists("stock") };
        Assert.Equal(StopReason.Deadline, index.Search(Rows[0], 10, late).Stopped);
        Assert.Equal(StopReason.None, index.Search(Rows[0], 10, late with { TimeLimit = TimeSpan.MaxValue }).Stopped);
        SearchOptions gone = new() { CancellationToken = new CancellationToken(canceled: true) };
        Assert.Throws<OperationCanceledException>(() => index.Search(Rows[0], 10, gone));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => index.UpsertAsync(Items(), gone.CancellationToken));
    }

    [Fact]
    public async Task WhatCannotBeOpenedIsToldWithTheReason()
    {
        AnnIndex index = await CreateAsync();
        Expect(AnnError.FailedPrecondition, null, () => AnnIndex.Open(Live));
        AnnException taken = await Assert.ThrowsAsync<AnnException>(() => CreateAsync());
        Assert.Equal(AnnError.AlreadyExists, taken.Error);
        index.Dispose();
        index.Dispose();
        Assert.Throws<ObjectDisposedException>(() => index.Search(Rows[0], 1));
        Assert.Throws<ObjectDisposedException>(() => index.Fetch(1));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => index.UpsertAsync(Items()));

        Expect(AnnError.Overloaded, "memory", () => AnnIndex.Open(Live, new AnnIndexOptions { MemoryLimitBytes = 1 }));
        Expect(AnnError.NotFound, null, () => AnnIndex.Open(_root.FullName));
        Expect(AnnError.NotFound, null, () => AnnIndex.Open(Path.Combine(_root.FullName, "none.ann")));
        string path = Path.Combine(_root.FullName, "no.ann");
        File.WriteAllText(path, "no index");
        Expect(AnnError.InvalidArgument, null, () => AnnIndex.Open(path));
        Expect(AnnError.InvalidArgument, "MemoryLimitBytes", () => AnnIndex.Open(Live, new AnnIndexOptions { MemoryLimitBytes = 0 }));
        Expect(AnnError.InvalidArgument, "CommitWindow", () => AnnIndex.Open(Live, new() { CommitWindow = TimeSpan.FromMinutes(1) }));
        Expect(AnnError.InvalidArgument, "BackgroundShare", () => AnnIndex.Open(Live, new() { BackgroundShare = double.NaN }));
        AnnException schema = await Assert.ThrowsAsync<AnnException>(
            () => AnnIndex.CreateAsync(Path.Combine(_root.FullName, "other"), new() { Dimension = 0, Metric = Metric.L2 }));
        Assert.Equal((AnnError.InvalidArgument, "dimension"), (schema.Error, schema.Field));
    }

    public void Dispose() => _root.Delete(recursive: true);

    private static IEnumerable<AnnItem> Items() =>
        Rows.Select(static (row, number) => new AnnItem((ulong)number, row) { ["stock"] = number });

    private static double Distance(float[] left, float[] right) =>
        Math.Sqrt(left.Zip(right).Sum(static pair => Math.Pow((double)pair.First - pair.Second, 2)));

    private static void Expect(AnnError error, string? field, Func<object?> act)
    {
        AnnException thrown = Assert.Throws<AnnException>(act);
        Assert.Equal(error, thrown.Error);
        if (field is not null)
            Assert.Equal(field, thrown.Field);
    }

    private Task<AnnIndex> CreateAsync() =>
        AnnIndex.CreateAsync(Live, new AnnIndexSchema { Dimension = Dimension, Metric = Metric.L2, Attributes = Fields });
}
