using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: caps, floors, diversity, unions and least scores hold over the wire, and the answer says what they did.</summary>
[Collection(typeof(ServerTests))]
public sealed class QuotaCallsTests(SampleIndexes samples, ShopServer shop) : IClassFixture<ShopServer>
{
    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task ACapTakesTheNearestThatItLeaves(string index)
    {
        Dictionary<string, int> taken = [];
        ShopItem[] expected =
        [
            .. shop.Nearest(index, ShopServer.Query()).Where(item =>
                item.Brand is null || (taken[item.Brand] = taken.GetValueOrDefault(item.Brand) + 1) <= 2).Take(12),
        ];

        SearchResponse found = await shop.Retrieval.SearchAsync(ShopServer.Request(index, 12, static request =>
        {
            request.Exact = true;
            request.Caps.Add(new Cap { Attribute = "brand", Most = 2 });
        }));

        Assert.Equal(expected.Select(static item => item.Key), ShopServer.NumbersOf(found.Keys));
        Assert.NotEmpty(found.Quotas);
        Assert.All(found.Quotas, static fact => Assert.Equal((QuotaFact.QuotaOneofCase.Cap, 0u, 0u), (fact.QuotaCase, fact.Cap, fact.Row)));
        foreach (QuotaFact fact in found.Quotas)
            Assert.Equal(2, expected.Count(item => item.Brand == fact.Value));
        Assert.Empty(found.FromRows);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task SeveralCapsHoldAtOnce(string index)
    {
        Cap[] caps = [new() { Attribute = "brand", Most = 3 }, new() { Attribute = "tags", Most = 4 },
            new() { Attribute = "sale", Most = 9 }];

        SearchResponse found = await shop.Retrieval.SearchAsync(ShopServer.Request(index, 10, request => request.Caps.Add(caps)));
        ShopItem[] items = shop.ItemsOf(found.Keys);

        Assert.Equal(10, items.Length);
        Assert.All(items.GroupBy(static item => item.Brand).Where(static group => group.Key is not null), static group =>
            Assert.InRange(group.Count(), 1, 3));
        Assert.All(items.SelectMany(static item => item.Tags ?? []).GroupBy(static tag => tag), static group =>
            Assert.InRange(group.Count(), 1, 4));
        Assert.InRange(items.Count(static item => item.Sale == false), 1, 9);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task AFloorIsMetOrSaysWhatIsMissing(string index)
    {
        Filter rare = Clause.In("tags", "größe");

        SearchResponse found = await shop.Retrieval.SearchAsync(
            ShopServer.Request(index, 8, request => request.Floors.Add(new Floor { Filter = rare, Least = 5 })));
        SearchResponse missing = await shop.Retrieval.SearchAsync(ShopServer.Request(index, 8, static request =>
        {
            request.Floors.Add(new Floor { Filter = Clause.Exists("sale"), Least = 1 });
            request.Floors.Add(new Floor { Filter = Clause.In("price", ShopItem.Of(50).Price!.Value), Least = 3 });
        }));

        Assert.Equal(8, found.Scores.Count);
        Assert.InRange(shop.ItemsOf(found.Keys).Count(static item => item.Has("größe")), 5, 8);
        Assert.Empty(found.Quotas);
        Assert.Equal(8, missing.Scores.Count);
        Assert.Contains(50ul, ShopServer.NumbersOf(missing.Keys));
        QuotaFact fact = Assert.Single(missing.Quotas);
        Assert.Equal((QuotaFact.QuotaOneofCase.Floor, 1u, 2u), (fact.QuotaCase, fact.Floor, fact.Count));
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task DiversitySpreadsAndLambdaOneDoesNot(string index)
    {
        ulong[] nearest = [.. shop.Nearest(index, ShopServer.Query()).Take(10).Select(static item => item.Key)];

        SearchResponse same = await DiverseAsync(1);
        SearchResponse spread = await DiverseAsync(0.1f);

        Assert.Equal(nearest, ShopServer.NumbersOf(same.Keys));
        Assert.Equal(nearest[0], ShopServer.NumbersOf(spread.Keys)[0]);
        Assert.Equal(10, spread.Scores.Count);
        Assert.True(Closeness(spread) > Closeness(same), $"{Closeness(spread)} <= {Closeness(same)}");

        async Task<SearchResponse> DiverseAsync(float lambda) => await shop.Retrieval.SearchAsync(ShopServer.Request(
            index, 10, request => (request.Exact, request.Diversity) = (true, new Diversity { Lambda = lambda, Candidates = 100 })));

        double Closeness(SearchResponse found)
        {
            ShopItem[] items = shop.ItemsOf(found.Keys);
            return items.Min(a => items.Where(b => b != a).Min(b => ShopServer.Distance(index, a.Row, b.Row)));
        }
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task AUnionMergesItsRowsAndSaysWhichBroughtWhat(string index)
    {
        float[][] rows = [ShopServer.Query(), ShopServer.Query(1), ShopServer.Query(2)];

        SearchResponse merged = await UnionAsync(new Union());
        SearchResponse fair = await UnionAsync(new Union { LeastPerRow = 3 });

        ShopItem[] expected =
        [
            .. shop.Items.OrderBy(item => rows.Min(row => ShopServer.Distance(index, row, item.Row))).Take(9),
        ];
        Assert.Equal(expected.Select(static item => item.Key), ShopServer.NumbersOf(merged.Keys));
        Assert.Equal([0u, 9u], merged.RowOffsets);
        foreach (SearchResponse found in new[] { merged, fair })
        {
            Assert.Equal(found.Scores.Count, found.FromRows.Count);
            foreach ((int i, ShopItem item) in shop.ItemsOf(found.Keys).Index())
            {
                double distance = ShopServer.Distance(index, rows[found.FromRows[i]], item.Row);
                Assert.Equal(distance, index == "shop" ? found.Scores[i] : 1 - found.Scores[i], 1e-4);
            }
        }
        Assert.All(Enumerable.Range(0, 3), row => Assert.Equal(3, fair.FromRows.Count(from => from == row)));

        async Task<SearchResponse> UnionAsync(Union union) => await shop.Retrieval.SearchAsync(ShopServer.Request(
            index, 9, request => (request.Exact, request.Queries, request.Union) = (true, RunningServer.Bytes(rows), union)));
    }

    /// <summary>Of L2 a score is a distance: the least is the most.</summary>
    [Theory]
    [InlineData("shop")]
    [InlineData("catalog")]
    [InlineData("inner")]
    public async Task AMinScoreIsInTheMetricsOwnUnit(string index)
    {
        await using RunningServer server = await ShopServer.StartAsync(samples);
        if (index == "inner")
        {
            await LiveCalls.CreateAsync(server, "inner", static request => request.Metric = Metric.InnerProduct);
            await server.Ingest.UpsertAsync(new UpsertRequest
            {
                Index = "inner",
                Keys = LiveCalls.Keys([.. shop.Items.Select(static item => item.Key)]),
                Vectors = RunningServer.Bytes([.. shop.Items.Select(static item => item.Row)]),
            });
        }
        SearchResponse all = await server.Retrieval.SearchAsync(ShopServer.Request(index, 100, static request => request.Exact = true));
        float least = (all.Scores[36] + all.Scores[37]) / 2;

        SearchResponse some = await server.Retrieval.SearchAsync(
            ShopServer.Request(index, 100, request => (request.Exact, request.MinScore) = (true, least)));
        SearchResponse none = await server.Retrieval.SearchAsync(
            ShopServer.Request(index, 100, request => request.MinScore = index == "shop" ? 0 : 1_000));

        Assert.Equal(37, some.Scores.Count);
        Assert.Equal(all.Scores.Take(37), some.Scores);
        Assert.All(some.Scores, score => Assert.True(index == "shop" ? score <= least : score >= least));
        Assert.Empty(none.Scores);
        Assert.Equal([0u, 0u], none.RowOffsets);
        Assert.Equal(Completeness.Complete, none.Completeness);
    }

    [Fact]
    public async Task ListsOfABatchAreEachCapped()
    {
        SearchResponse found = await shop.Retrieval.SearchAsync(ShopServer.Request("shop", 6, static request =>
        {
            request.Queries = RunningServer.Bytes([.. Enumerable.Range(0, 5).Select(ShopServer.Query)]);
            request.Caps.Add(new Cap { Attribute = "sale", Most = 3 });
            request.Filter = Clause.Exists("price");
        }));

        Assert.Equal([0u, 6u, 12u, 18u, 24u, 30u], found.RowOffsets);
        Assert.All(shop.ItemsOf(found.Keys).Chunk(6), static list => Assert.Equal(3, list.Count(static item => item.Sale == true)));
        Assert.All(found.Quotas, static fact => Assert.InRange(fact.Row, 0u, 4u));
    }

    /// <summary>k of a union is of all its rows together: Explain must take what Search takes.</summary>
    [Fact]
    public async Task ALargeUnionIsExplainedToo()
    {
        SearchRequest search = ShopServer.Request(k: 10_000, change: static request =>
        {
            request.Queries = RunningServer.Bytes([.. Enumerable.Range(0, 101).Select(ShopServer.Query)]);
            request.Union = new Union();
        });

        SearchResponse found = await shop.Retrieval.SearchAsync(search);
        ExplainResponse why = await shop.Retrieval.ExplainAsync(new ExplainRequest { Search = search, Key = LiveCalls.Keys(1) });

        Assert.Equal(ShopServer.Count, found.Scores.Count);
        Assert.Equal(Verdict.Returned, why.Verdict);
    }
}
