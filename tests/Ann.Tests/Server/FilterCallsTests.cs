using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: a filter over the wire takes what it says, k items come whenever there are k, and their attributes come with them.
/// Method: every clause against a plain loop over the items, in a live index and in a file.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class FilterCallsTests(ShopServer shop) : IClassFixture<ShopServer>
{
    /// <summary>What it is, the filter, the same as code.</summary>
    public static TheoryData<string, Filter, Func<ShopItem, bool>> Clauses => new()
    {
        { "keyword", Clause.In("brand", "brand-1", "brand-5", "nobody"), static item => item.Brand is "brand-1" or "brand-5" },
        { "element of a set", Clause.In("tags", "größe", "eco"), static item => item.Has("größe") || item.Has("eco") },
        { "integer", Clause.In("price", -63L, 11L, 5_000L), static item => item.Price is -63 or 11 },
        { "time", Clause.In("added", 1_700_000_000_000_000 + 7 * 3_600_000_000L), static item => item.Key == 7 },
        { "bool", Clause.In("sale", true), static item => item.Sale == true },
        { "both bools", Clause.In("sale", true, false), static item => item.Sale is not null },
        { "range", Clause.Between("price", Clause.At(-26), Clause.At(300)), static item => item.Price is >= -26 and <= 300 },
        { "open range", Clause.Between("price", Clause.At(-26, true), Clause.At(300, true)), static item => item.Price is > -26 and < 300 },
        {
            "lower bound", Clause.Between("added", Clause.At(ShopItem.Of(100).Added!.Value), null),
            static item => item is { Key: >= 100, Added: not null }
        },
        { "upper bound", Clause.Between("weight", null, Clause.At(9.5, true)), static item => item.Weight < 9.5 },
        { "integer bound of doubles", Clause.Between("weight", Clause.At(20), null), static item => item.Weight >= 20 },
        { "exists", Clause.Exists("brand"), static item => item.Brand is not null },
        { "an empty set exists", Clause.Exists("tags"), static item => item.Tags is not null },
        { "not", Clause.Not(Clause.In("brand", "brand-2")), static item => item.Brand != "brand-2" },
        { "and", Clause.All(Clause.In("sale", false), Clause.Exists("weight")), static item => item is { Sale: false, Weight: not null } },
        {
            "or", Clause.Any(Clause.In("brand", "brand-3"), Clause.In("sale", true)),
            static item => item is { Brand: "brand-3" } or { Sale: true }
        },
        { "nothing", Clause.In("brand", "nobody"), static _ => false },
        { "everything", Clause.Any(Clause.Exists("sale"), Clause.Not(Clause.Exists("sale"))), static _ => true },
        {
            "nested", Clause.All(
                Clause.Any(Clause.Not(Clause.Exists("price")), Clause.Between("price", Clause.At(500), null)), Clause.Exists("tags")),
            static item => item is { Price: null or >= 500, Tags: not null }
        },
    };

    [Theory]
    [MemberData(nameof(Clauses), DisableDiscoveryEnumeration = true)]
    public async Task AFilterTakesWhatItSays(string clause, Filter filter, Func<ShopItem, bool> takes)
    {
        Assert.NotEmpty(clause);
        foreach (string index in ShopServer.Names)
        {
            ShopItem[] expected = shop.Nearest(index, ShopServer.Query(), takes);
            foreach ((bool exact, uint k) in new[] { (true, 10u), (false, 10u), (false, 1000u) })
            {
                SearchResponse found = await shop.Retrieval.SearchAsync(
                    ShopServer.Request(index, k, request => (request.Filter, request.Exact) = (filter, exact)));
                ShopItem[] items = shop.ItemsOf(found.Keys);

                Assert.Equal(Math.Min((int)k, expected.Length), items.Length);
                Assert.All(items, item => Assert.True(takes(item), $"{index}: {item}"));
                Assert.Equal(items.Length, items.Distinct().Count());
                Assert.Equal((ulong)expected.Length, found.Stats.Matching);
                Assert.Equal((double)expected.Length / ShopServer.Count, found.Stats.Selectivity, 1e-9);
                Assert.Equal(Completeness.Complete, found.Completeness);
                if (exact)
                    Assert.Equal(expected.Take((int)k).Select(static item => item.Key), items.Select(static item => item.Key));
                if (exact || k >= expected.Length)
                    Assert.True(expected.Length == 0 || found.Stats.Plan != Plan.Unspecified, $"{index}: {found.Stats}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task KeysCanBeAFilter(string index)
    {
        Filter filter = Clause.All(new Filter { Keys = ShopServer.Keys(index, 3, 4, 5, 999, 8) }, Clause.In("sale", true));

        SearchResponse found = await shop.Retrieval.SearchAsync(ShopServer.Request(index, change: request => request.Filter = filter));

        Assert.Equal([4ul, 8ul], ShopServer.NumbersOf(found.Keys).Order());
        Assert.Equal(Plan.Scan, found.Stats.Plan);
    }

    [Fact]
    public async Task WithoutAFilterNothingIsSaidOfIt()
    {
        SearchResponse found = await shop.Retrieval.SearchAsync(ShopServer.Request());
        SearchResponse ranked = await shop.Retrieval.SearchAsync(
            ShopServer.Request(change: static request => request.Diversity = new Diversity { Lambda = 1 }));

        Assert.All([found, ranked], static found => Assert.False(found.Stats.HasMatching || found.Stats.HasSelectivity));
        Assert.All([found, ranked], static found => Assert.Equal(Plan.Walk, found.Stats.Plan));
    }

    /// <summary>A batch shares one evaluation of the filter, and has what its rows have alone.</summary>
    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task ABatchEqualsItsRowsAlone(string index)
    {
        float[][] rows = [.. Enumerable.Range(0, 70).Select(ShopServer.Query)];
        Filter filter = Clause.Between("price", Clause.At(200), null);

        SearchResponse batch = await shop.Retrieval.SearchAsync(
            ShopServer.Request(
                index, 5, request => (request.Queries, request.Filter, request.Exact) = (RunningServer.Bytes(rows), filter, true)));

        Assert.Equal(rows.Length + 1, batch.RowOffsets.Count);
        ulong[] keys = ShopServer.NumbersOf(batch.Keys);
        for (int row = 0; row < rows.Length; row++)
        {
            Assert.Equal(
                shop.Nearest(index, rows[row], static item => item.Price >= 200).Take(5).Select(static item => item.Key),
                keys[(int)batch.RowOffsets[row]..(int)batch.RowOffsets[row + 1]]);
        }
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task APreparedFilterIsNamedByItsHash(string index)
    {
        Filter filter = Clause.All(Clause.In("brand", "brand-1", "brand-2"), Clause.In("sale", false));
        Filter same = Clause.All(Clause.In("sale", false), Clause.In("brand", "brand-2", "brand-1", "brand-2"));

        PrepareFilterResponse prepared = await shop.Retrieval.PrepareFilterAsync(new() { Index = index, Filter = filter });
        PrepareFilterResponse again = await shop.Retrieval.PrepareFilterAsync(new() { Index = index, Filter = same });
        SearchResponse sent = await shop.Retrieval.SearchAsync(ShopServer.Request(index, 20, request => request.Filter = filter));
        SearchResponse named = await shop.Retrieval.SearchAsync(
            ShopServer.Request(index, 20, request => request.PreparedFilter = prepared.PreparedFilter));

        Assert.Equal(prepared, again);
        Assert.Equal(
            (ulong)shop.Items.Count(static item => item is { Brand: "brand-1" or "brand-2", Sale: false }), prepared.Matching);
        Assert.Equal(sent.Keys, named.Keys);
        Assert.Equal(prepared.Matching, named.Stats.Matching);
    }

    [Fact]
    public async Task AFilterThatIsNotPreparedIsAFailedPrecondition()
    {
        SearchRequest request = ShopServer.Request(change: static request => request.PreparedFilter = 42);

        RpcException plain = await LiveCalls.Fails(shop.Retrieval.SearchAsync(request));
        RpcException nested = await LiveCalls.Fails(
            shop.Retrieval.ExplainAsync(new ExplainRequest { Search = request, Key = LiveCalls.Keys(1) }));

        Assert.All([plain, nested], static e => Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode));
        Assert.Equal("prepared_filter", Assert.Single(ErrorTests.Detail<PreconditionFailure>(plain).Violations).Subject);
        Assert.Equal("search.prepared_filter", Assert.Single(ErrorTests.Detail<PreconditionFailure>(nested).Violations).Subject);
        Assert.Contains("000000000000002a", plain.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task AttributesComeBackAsTheyWereAsked(string index)
    {
        string[] names = ["weight", "brand", "tags", "added", "sale", "price"];

        SearchResponse found = await shop.Retrieval.SearchAsync(
            ShopServer.Request(index, ShopServer.Count, request =>
            {
                request.Exact = true;
                request.Queries = RunningServer.Bytes(ShopServer.Query(), ShopServer.Query(1));
                request.Attributes.Add(names);
            }));
        SearchResponse ranked = await shop.Retrieval.SearchAsync(
            ShopServer.Request(index, 30, static request =>
            {
                request.Caps.Add(new Cap { Attribute = "brand", Most = 3 });
                request.Attributes.Add("tags");
            }));

        Assert.Equal(2 * ShopServer.Count, ShopServer.NumbersOf(found.Keys).Length);
        ShopItem.RequireEqual(shop.ItemsOf(found.Keys), found.Attributes, names);
        ShopItem.RequireEqual(shop.ItemsOf(ranked.Keys), ranked.Attributes, "tags");
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task DescribeTellsTheAttributes(string index)
    {
        DescribeResponse described = await shop.Server.Indexes.DescribeAsync(new DescribeRequest { Index = index });

        Assert.Equal(ShopItem.Fields(), described.Index.Attributes);
    }
}
