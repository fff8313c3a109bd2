using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tests.Server;
using Grpc.Core;

namespace Ann.Tests.Client;

/// <summary>Goal: each member of the client asks what it says, and its answer is that of the call itself.</summary>
[Collection(typeof(ServerTests))]
public sealed class ClientSearchTests(ShopServer shop) : IClassFixture<ShopServer>
{
    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task ASearchIsWhatTheCallAnswers(string index)
    {
        using AnnClient client = Connect();
        string[] attributes = ["brand", "tags", "price", "weight", "sale", "added"];
        SearchRequest request = ShopServer.Request(index, 25, one => one.Attributes.AddRange(attributes));
        SearchResponse wire = await shop.Retrieval.SearchAsync(request);
        using SearchAnswer answer = await client.Index(index).SearchAsync(new SearchQuery
        {
            Vectors = ShopServer.Query(),
            K = 25,
            Attributes = attributes,
        });
        wire.Stats = answer.Stats; // Times differ.
        AnswerReadingTests.RequireEqual(wire, answer);
    }

    [Fact]
    public async Task TheShortestSearchTakesOneVector()
    {
        using AnnClient client = Connect();
        using SearchAnswer answer = await client.Index("shop").SearchAsync(ShopServer.Query(), k: 7);
        Assert.Equal([.. shop.Nearest("shop", ShopServer.Query()).Take(7).Select(static item => item.Key)], answer.NumberKeys.ToArray());
        Assert.Equal(Completeness.Complete, answer.Completeness);
    }

    [Fact]
    public async Task FiltersMeanWhatTheySay()
    {
        using AnnClient client = Connect();
        (ItemFilter Filter, Func<ShopItem, bool> Takes)[] cases =
        [
            (ItemFilter.In("brand", "brand-1", "brand-2"), static item => item.Brand is "brand-1" or "brand-2"),
            (ItemFilter.In("tags", "eco"), static item => item.Has("eco")),
            (ItemFilter.In("price", 11L, 48L, 85L), static item => item.Price is 11 or 48 or 85),
            (ItemFilter.Is("sale", true), static item => item.Sale == true),
            (ItemFilter.Range("price", from: 100, to: 300), static item => item.Price is >= 100 and <= 300),
            (ItemFilter.Range("weight", to: 9.5), static item => item.Weight <= 9.5),
            (ItemFilter.Range("added", from: DateTimeOffset.UnixEpoch.AddMicroseconds(1_700_100_000_000_000)),
                static item => item.Added >= 1_700_100_000_000_000),
            (ItemFilter.Exists("brand") & !ItemFilter.In("brand", "brand-3"), static item => item.Brand is not (null or "brand-3")),
            (ItemFilter.Is("sale", true) | ItemFilter.In("tags", "new"), static item => item.Sale == true || item.Has("new")),
            (ItemFilter.KeyIn(new ulong[] { 3, 5, 8 }), static item => item.Key is 3 or 5 or 8),
        ];
        foreach ((ItemFilter filter, Func<ShopItem, bool> takes) in cases)
        {
            ulong[] wanted = [.. shop.Nearest("shop", ShopServer.Query(), takes).Take(12).Select(static item => item.Key)];
            using SearchAnswer answer = await client.Index("shop").SearchAsync(new SearchQuery
            {
                Vectors = ShopServer.Query(),
                K = 12,
                Filter = filter,
                Exact = true,
            });
            Assert.Equal(wanted, answer.NumberKeys.ToArray());
            (ulong hash, ulong matching) = await client.Index("shop").PrepareFilterAsync(filter);
            Assert.Equal((ulong)shop.Items.Count(takes), matching);
            using SearchAnswer prepared = await client.Index("shop").SearchAsync(new SearchQuery
            {
                Vectors = ShopServer.Query(),
                K = 12,
                PreparedFilter = hash,
                Exact = true,
            });
            Assert.Equal(wanted, prepared.NumberKeys.ToArray());
        }
    }

    [Fact]
    public async Task ExclusionsCapsFloorsAndUnionsArriveAsTheyWereAsked()
    {
        using AnnClient client = Connect();
        SearchQuery query = new()
        {
            Vectors = QueryVectors.FromSingle((float[])[.. ShopServer.Query(), .. ShopServer.Query(1)], LiveCalls.Dimension),
            K = 20,
            EfSearch = 300,
            ExcludeKeys = new ulong[] { 1, 2, 3 },
            ExcludeSets = ["seen:7"],
            Caps = [("brand", 3)],
            Floors = [(ItemFilter.Is("sale", true), 4)],
            Union = true,
            UnionLeastPerRow = 2,
            Tag = "home",
            MinScore = 100,
        };
        SearchRequest request = query.ToWire("shop");
        Assert.Equal((2u, 20u, 300u), ((uint)request.Queries.Data.Length / 4 / request.Queries.Dim, request.K, request.EfSearch));
        Assert.Equal([1ul, 2ul, 3ul], request.Exclude.Keys.Numbers);
        Assert.Equal(["seen:7"], request.Exclude.Sets);
        Assert.Equal(("brand", 3u), (request.Caps[0].Attribute, request.Caps[0].Most));
        Assert.Equal(4u, request.Floors[0].Least);
        Assert.Equal(2u, request.Union.LeastPerRow);
        Assert.Equal(OnDeadline.BestSoFar, request.OnDeadline);

        using SearchAnswer answer = await client.Index("shop").SearchAsync(query);
        Assert.Equal((1, 20), (answer.RowCount, answer[0].Count));
        Assert.DoesNotContain(1ul, answer.NumberKeys.ToArray());
        int[] rows = [.. Enumerable.Range(0, 20).Select(i => answer[0][i].FromRow)];
        Assert.True(rows.Count(static row => row == 0) >= 2 && rows.Count(static row => row == 1) >= 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => answer[1]);
    }

    [Fact]
    public async Task OtherReadsAnswerToo()
    {
        using AnnClient client = Connect();
        IndexClient index = client.Index("shop");
        SearchQuery query = new() { Vectors = ShopServer.Query(), K = 5 };

        SearchAnswer[] many = await index.SearchManyAsync([query, new SearchQuery { Vectors = ShopServer.Query(1), K = 3 }]);
        Assert.Equal([5, 3], many.Select(static answer => answer.Count));
        Array.ForEach(many, static answer => answer.Dispose());

        using SearchAnswer like = await index.RecommendAsync(new SearchExamples { LikeKeys = new ulong[] { 4, 999_999 }, UnlikeKeys = 9 });
        Assert.Equal(10, like.Count);
        Assert.Equal([999_999ul], like.MissingExamples!.Numbers);

        using SearchAnswer range = await index.RangeAsync(new SearchQuery { Vectors = ShopServer.Query(), K = 4, MinScore = 1e6f });
        Assert.Equal((4, true), (range.Count, range.Bounded.Single()));

        ExplainResponse explained = await index.ExplainAsync(query, 600);
        Assert.NotEqual(Verdict.NoSuchItem, explained.Verdict);
        FetchResponse fetched = await index.FetchAsync(new ulong[] { 2, 999_999 }, ["brand"], withVectors: true);
        Assert.Equal((1, 1), (fetched.Found.Numbers.Count, fetched.Missing.Numbers.Count));
        Assert.Equal("shop", (await index.DescribeAsync()).Name);
        Assert.Contains(await client.ListIndexesAsync(), static one => one.Name == "catalog");
        List<ulong> scrolled = [];
        await foreach (ScrollResponse page in index.ScrollAsync(ItemFilter.Is("sale", true), pageSize: 17))
            scrolled.AddRange(page.Keys.Numbers);
        Assert.Equal([.. shop.Items.Where(static item => item.Sale == true).Select(static item => item.Key)], scrolled);
        List<string> texts = [];
        await foreach (ScrollResponse page in client.Index("catalog").ScrollAsync(pageSize: 250))
            texts.AddRange(page.Keys.Texts);
        Assert.Equal(ShopServer.Count, texts.Distinct().Count());
    }

    [Fact]
    public async Task FailuresAreTakenApart()
    {
        using AnnClient client = Connect();
        RpcException wrong = await Assert.ThrowsAsync<RpcException>(() => client.Index("shop").SearchAsync(ShopServer.Query(), k: 0));
        CallFault fault = CallFault.Of(wrong);
        Assert.Equal((StatusCode.InvalidArgument, "k"), (fault.Code, fault.Fields.Single().Field));
        Assert.NotEqual("", fault.Reason);
        Assert.Null(fault.RetryAfter);
        RpcException nobody = await Assert.ThrowsAsync<RpcException>(() => client.Index("nobody").SearchAsync(ShopServer.Query()));
        Assert.Equal(StatusCode.NotFound, nobody.StatusCode);
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => client.Index("shop").SearchAsync(ShopServer.Query(), 10, new CancellationToken(canceled: true)));
    }

    private AnnClient Connect() => new(shop.Server.Host.Address);
}
