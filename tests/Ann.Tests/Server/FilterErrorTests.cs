using Ann.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using WireExclude = Ann.Protocol.V1.Exclusions;

namespace Ann.Tests.Server;

/// <summary>Goal: each mistake in what may be returned names its field, whichever call has it.</summary>
[Collection(typeof(ServerTests))]
public sealed class FilterErrorTests(ShopServer shop) : IClassFixture<ShopServer>
{
    /// <summary>What is wrong, the filter, the field blamed, words of the message.</summary>
    public static TheoryData<string, Filter, string, string> Filters => new()
    {
        { "empty", new Filter(), "filter", "holds no clause" },
        { "unknown attribute", Clause.In("colour", "red"), "filter.in.attribute", "'colour' is unknown; there are brand, tags, price" },
        { "unknown of exists", Clause.Exists("Brand"), "filter.exists", "'Brand' is unknown" },
        { "unknown of a range", Clause.Between("", Clause.At(1), null), "filter.range.attribute", "'' is unknown" },
        {
            "unknown within", Clause.All(Clause.Exists("brand"), Clause.Between("colour", Clause.At(1), null)),
            "filter.all_of[1].range.attribute", "'colour' is unknown"
        },
        {
            "deep within", Clause.Not(Clause.Any(Clause.Exists("sale"), Clause.All(Clause.In("price", "7")))),
            "filter.none_of.any_of[1].all_of[0].in.keywords", "'price' is of type Int64; keywords were given. Give integers."
        },
        { "integers for keywords", Clause.In("brand", 1L), "filter.in.integers", "of type Keyword; integers were given" },
        { "bools for a set", Clause.In("tags", true), "filter.in.bools", "of type KeywordSet; bools were given" },
        { "integers for a bool", Clause.In("sale", 1L), "filter.in.integers", "Give bools." },
        { "equality of doubles", Clause.In("weight", 1L), "filter.in.integers", "Give a range." },
        { "range of keywords", Clause.Between("brand", Clause.At(1), null), "filter.range", "has no ranges" },
        { "range of bools", Clause.Between("sale", Clause.At(1), null), "filter.range", "has no ranges" },
        { "no values", Clause.In("brand", Array.Empty<string>()), "filter.in", "holds no value" },
        {
            "values of two types", new Filter { In = new InClause { Attribute = "price", Integers = { 1 }, Bools = { true } } },
            "filter.in", "several types"
        },
        { "long keyword", Clause.In("brand", "a", new string('é', 513)), "filter.in.keywords[1]", "1026 bytes" },
        { "no bound", Clause.Between("price", null, null), "filter.range", "has no bound" },
        { "empty bound", Clause.Between("price", Clause.At(1), new RangeBound()), "filter.range.to", "holds no value" },
        { "NaN", Clause.Between("weight", Clause.At(double.NaN), null), "filter.range.from.real", "NaN" },
        { "real for an integer", Clause.Between("price", null, Clause.At(1.5)), "filter.range.to.real", "Give an integer" },
        { "real for a time", Clause.Between("added", Clause.At(1.5), null), "filter.range.from.real", "of type Timestamp" },
        { "from above to", Clause.Between("price", Clause.At(5), Clause.At(4)), "filter.range", "from (5) is above to (4)" },
        { "doubles reversed", Clause.Between("weight", Clause.At(1), Clause.At(0.5)), "filter.range", "from (1) is above to (0.5)" },
        { "no keys", new Filter { Keys = new KeyColumn() }, "filter.keys", "empty" },
        { "keys of the other kind", new Filter { Keys = new KeyColumn { Texts = { "a" } } }, "filter.keys", "'shop' has numbers as keys" },
        { "empty list", Clause.All(), "filter.all_of", "0 clauses" },
        { "empty list within", Clause.Any(Clause.Exists("sale"), Clause.Any()), "filter.any_of[1].any_of", "0 clauses" },
        { "65 clauses", Clause.Any([.. Enumerable.Repeat(Clause.Exists("sale"), 65)]), "filter.any_of", "65 clauses" },
        {
            "too many nodes", Clause.All([.. Enumerable.Repeat(Clause.All([.. Enumerable.Repeat(Clause.Exists("sale"), 63)]), 4)]),
            "filter", "257 clauses"
        },
        { "17 levels", Deep(17), "filter" + string.Concat(Enumerable.Repeat(".none_of", 16)), "more than 16 levels" },
        {
            "too many values", Clause.Any(
                Clause.In("price", [.. Enumerable.Range(0, 50_001).Select(static i => (long)i)]),
                Clause.Keys([.. Enumerable.Range(0, 50_000).Select(static i => (ulong)i)])),
            "filter", "100001 values"
        },
        { "too long a list", Clause.In("price", [.. Enumerable.Range(0, 100_001).Select(static i => (long)i)]), "filter.in", "100001" },
        { "too many keys", Clause.Keys([.. Enumerable.Range(0, 100_001).Select(static i => (ulong)i)]), "filter.keys", "100001" },
    };

    /// <summary>What is wrong, the exclusions, the field blamed, words of the message.</summary>
    public static TheoryData<string, WireExclude, string, string> BadExclusions => new()
    {
        { "keys of the other kind", new WireExclude { Keys = new KeyColumn { Texts = { "a" } } }, "exclude.keys", "'shop' has numbers" },
        { "keys of both kinds", new WireExclude { Keys = new KeyColumn { Texts = { "a" }, Numbers = { 1 } } }, "exclude.keys", "both" },
        { "too many keys", new WireExclude { Keys = Many(100_001) }, "exclude.keys", "hold 100001; there may be at most 100000" },
        { "cut bitmap", new WireExclude { Roaring = Bitmap("3A300000" + "01000000" + "0000") }, "exclude.roaring", "byte" },
        {
            "cut array", new WireExclude { Roaring = Bitmap("3A300000" + "01000000" + "00000100" + "10000000" + "0500") },
            "exclude.roaring", "byte"
        },
        { "wrong cookie", new WireExclude { Roaring = Bitmap("FFFFFFFF" + "01000000") }, "exclude.roaring", "byte 0" },
        { "32 bits for 64", new WireExclude { Roaring = Bitmap("3A300000"), Roaring64 = true }, "exclude.roaring", "byte" },
        { "bytes behind", new WireExclude { Roaring = Bitmap("3A300000" + "00000000" + "00") }, "exclude.roaring", "byte" },
        { "17 sets", new WireExclude { Sets = { Enumerable.Repeat("s", 17) } }, "exclude.sets", "17 sets; at most 16" },
        { "a set without name", new WireExclude { Sets = { "a", "" } }, "exclude.sets", "found 0" },
        { "a long name", new WireExclude { Sets = { new string('é', 129) } }, "exclude.sets", "found 258" },
    };

    [Theory]
    [MemberData(nameof(Filters), DisableDiscoveryEnumeration = true)]
    public async Task ABadFilterNamesItsClause(string mistake, Filter filter, string field, string words)
    {
        SearchRequest search = ShopServer.Request(change: request => request.Filter = filter);
        SearchRequest floor = ShopServer.Request(change: request => request.Floors.Add(
            [new Floor { Filter = Clause.Exists("sale"), Least = 1 }, new Floor { Filter = filter, Least = 1 }]));
        RecommendRequest recommend = new() { Search = search.Clone(), PositiveKeys = LiveCalls.Keys(1) };
        recommend.Search.Queries = null;

        await RequireAsync(mistake, field, words, shop.Retrieval.SearchAsync(search));
        await RequireAsync(mistake, "floors[1]." + field, words, shop.Retrieval.SearchAsync(floor));
        await RequireAsync(mistake, field, words, shop.Retrieval.PrepareFilterAsync(new() { Index = "shop", Filter = filter }));
        await RequireAsync(mistake, field, words, shop.Retrieval.ScrollAsync(new() { Index = "shop", Limit = 1, Filter = filter }));
        await RequireAsync(mistake, "search." + field, words, shop.Retrieval.RecommendAsync(recommend));
        await RequireAsync(mistake, "search." + field, words, shop.Retrieval.RangeAsync(new RangeRequest { Search = search }));
        await RequireAsync(
            mistake, "search.floors[1]." + field, words, shop.Retrieval.ExplainAsync(new() { Search = floor, Key = LiveCalls.Keys(1) }));
    }

    [Theory]
    [MemberData(nameof(BadExclusions), DisableDiscoveryEnumeration = true)]
    public async Task ABadExclusionNamesItsField(string mistake, WireExclude exclude, string field, string words)
    {
        SearchRequest search = ShopServer.Request(change: request => request.Exclude = exclude);

        await RequireAsync(mistake, field, words, shop.Retrieval.SearchAsync(search));
        await RequireAsync(
            mistake, "search." + field, words, shop.Retrieval.ExplainAsync(new() { Search = search, Key = LiveCalls.Keys(1) }));
    }

    [Fact]
    public async Task WhatAnIndexOfTextKeysDoesNotTakeIsNamed()
    {
        await RequireAsync("bitmap", "exclude.roaring", "'catalog' has texts as keys", shop.Retrieval.SearchAsync(ShopServer.Request(
            "catalog", change: static request => request.Exclude = new WireExclude { Roaring = Bitmap("3A300000" + "00000000") })));
        await RequireAsync("numbers", "exclude.keys", "'catalog' has texts as keys", shop.Retrieval.SearchAsync(ShopServer.Request(
            "catalog", change: static request => request.Exclude = new WireExclude { Keys = LiveCalls.Keys(1) })));
        await RequireAsync("filter", "filter.keys", "'catalog' has texts as keys", shop.Retrieval.SearchAsync(ShopServer.Request(
            "catalog", change: static request => request.Filter = Clause.Keys(1))));
        await RequireAsync("long key", "filter.keys", "row 1", shop.Retrieval.SearchAsync(ShopServer.Request(
            "catalog", change: static request => request.Filter = new() { Keys = new() { Texts = { "a", new string('x', 257) } } })));
    }

    [Fact]
    public async Task AFilterAtItsLimitsIsTaken()
    {
        Filter list = Clause.Any([.. Enumerable.Repeat(Clause.Exists("sale"), 62)]);
        Filter wide = Clause.Any([.. Enumerable.Repeat(list, 4), Clause.Exists("price"), Clause.Exists("sale"), Clause.Exists("tags")]);
        Filter full = Clause.In("price", [.. Enumerable.Range(0, 100_000).Select(static i => (long)i)]);
        foreach (Filter filter in new[] { Deep(15), Clause.All(Deep(15)), wide, full })
        {
            SearchResponse found = await shop.Retrieval.SearchAsync(ShopServer.Request(change: request => request.Filter = filter));
            Assert.Equal(10, found.Scores.Count);
        }
    }

    /// <summary>Deeper than messages may be nested, so that the request is never read: the caller is told, the log is not.</summary>
    [Theory]
    [InlineData(120)]
    [InlineData(5_000)]
    public async Task AFilterTooDeepForAMessageIsRefused(int levels)
    {
        const string Words = "at most 16 levels deep";
        Filter deep = Deep(levels);
        SearchRequest search = ShopServer.Request(change: request => request.Filter = deep);
        SearchRequest floor = ShopServer.Request(change: request => request.Floors.Add(new Floor { Filter = deep, Least = 1 }));

        await RequireAsync("search", "filter", Words, shop.Retrieval.SearchAsync(search));
        await RequireAsync("floor", "filter", Words, shop.Retrieval.SearchAsync(floor));
        await RequireAsync("prepare", "filter", Words, shop.Retrieval.PrepareFilterAsync(new() { Index = "shop", Filter = deep }));
        await RequireAsync("scroll", "filter", Words, shop.Retrieval.ScrollAsync(new() { Index = "shop", Limit = 1, Filter = deep }));
        await RequireAsync("range", "filter", Words, shop.Retrieval.RangeAsync(new RangeRequest { Search = search }));
        SearchResponse next = await shop.Retrieval.SearchAsync(ShopServer.Request());
        Assert.Equal(10, next.Scores.Count);
    }

    [Fact]
    public async Task NothingToPrepareAndBothFiltersAreNamed()
    {
        SearchRequest both = ShopServer.Request(
            change: static request => (request.Filter, request.PreparedFilter) = (Clause.Exists("sale"), 1));

        await RequireAsync("nothing", "filter", "not set", shop.Retrieval.PrepareFilterAsync(new() { Index = "shop" }));
        await RequireAsync("both", "prepared_filter", "both set", shop.Retrieval.SearchAsync(both));
        await RequireAsync("both", "search.prepared_filter", "both set", shop.Retrieval.RangeAsync(new() { Search = both }));
    }

    internal static async Task RequireAsync<T>(string mistake, string field, string words, AsyncUnaryCall<T> call)
    {
        RpcException e = await LiveCalls.Fails(call);
        Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{mistake}: {e}");
        BadRequest.Types.FieldViolation violation = Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations);
        Assert.True(field == violation.Field, $"{typeof(T).Name}, {mistake}: field {violation.Field}, expected {field}: {e.Status.Detail}");
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
    }

    private static Filter Deep(int levels)
    {
        Filter filter = Clause.Exists("sale");
        for (int level = 1; level < levels; level++)
            filter = Clause.Not(filter);
        return filter;
    }

    private static KeyColumn Many(int count) => LiveCalls.Keys([.. Enumerable.Range(0, count).Select(static i => (ulong)i)]);

    private static ByteString Bitmap(string hex) => ByteString.CopyFrom(Convert.FromHexString(hex));
}
