using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: recommendations are like their examples and unlike others, and examples that are gone are told.</summary>
[Collection(typeof(ServerTests))]
public sealed class RecommendCallsTests(ShopServer shop) : IClassFixture<ShopServer>
{
    [Theory]
    [InlineData("shop", RecommendStrategy.Average)]
    [InlineData("shop", RecommendStrategy.BestScore)]
    [InlineData("catalog", RecommendStrategy.Unspecified)]
    [InlineData("catalog", RecommendStrategy.BestScore)]
    public async Task OneExampleGivesItsNeighboursWithoutItself(string index, RecommendStrategy strategy)
    {
        ShopItem[] expected = shop.Nearest(index, shop.Items[41].Row); // of key 42, which comes first
        RecommendRequest request = Request(index, strategy);
        request.PositiveKeys = ShopServer.Keys(index, 42, 9_999);
        request.NegativeKeys = ShopServer.Keys(index, 8_888);

        RecommendResponse without = await shop.Retrieval.RecommendAsync(request);
        request.WithExamples = true;
        RecommendResponse with = await shop.Retrieval.RecommendAsync(request);

        Assert.Equal(expected[1..11].Select(static item => item.Key), ShopServer.NumbersOf(without.Answer.Keys));
        Assert.Equal(expected[..10].Select(static item => item.Key), ShopServer.NumbersOf(with.Answer.Keys));
        Assert.All([without, with], static found => Assert.Equal([9_999ul, 8_888ul], ShopServer.NumbersOf(found.Missing)));
        Assert.Equal([0u, 10u], without.Answer.RowOffsets);
        Assert.Empty(without.Answer.FromRows);
        Assert.Equal(ShopServer.Count - 1ul, without.Answer.Stats.Matching);
        Assert.False(with.Answer.Stats.HasMatching);
        Assert.Equal(shop.Server.GenerationOf(index), with.Answer.Generation);
    }

    [Fact]
    public async Task TheMeanOfTheExamplesIsTheQuery()
    {
        float[] a = ShopServer.Query(1);
        float[] b = ShopServer.Query(2);
        float[] away = ShopServer.Query(3);
        float[] mean = [.. Enumerable.Range(0, a.Length).Select(i => (a[i] + b[i]) / 2)];
        float[] opposed = [.. mean.Zip(away, static (near, far) => near + (near - far))];
        RecommendRequest request = Request("shop", RecommendStrategy.Average);
        request.PositiveVectors = RunningServer.Bytes(a, b);

        RecommendResponse like = await shop.Retrieval.RecommendAsync(request);
        request.NegativeVectors = RunningServer.Floats(away);
        RecommendResponse unlike = await shop.Retrieval.RecommendAsync(request);

        Assert.Equal(shop.Nearest("shop", mean)[..10].Select(static item => item.Key), like.Answer.Keys.Numbers);
        Assert.Equal(shop.Nearest("shop", opposed)[..10].Select(static item => item.Key), unlike.Answer.Keys.Numbers);
        Assert.Equal(ShopServer.Distance("shop", mean, shop.ItemsOf(like.Answer.Keys)[0].Row), like.Answer.Scores[0], 1e-4);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task TheBestScoreIsToTheNearestExample(string index)
    {
        ShopItem[] examples = [shop.Items[2], shop.Items[99]];
        ShopItem[] expected =
        [
            .. shop.Items.Except(examples).OrderBy(item => examples.Min(one => ShopServer.Distance(index, one.Row, item.Row))).Take(10),
        ];
        RecommendRequest request = Request(index, RecommendStrategy.BestScore);
        request.PositiveKeys = ShopServer.Keys(index, 3, 100, 3);

        RecommendResponse found = await shop.Retrieval.RecommendAsync(request);

        Assert.Equal(expected.Select(static item => item.Key), ShopServer.NumbersOf(found.Answer.Keys));
    }

    [Theory]
    [InlineData("shop", RecommendStrategy.Average)]
    [InlineData("catalog", RecommendStrategy.BestScore)]
    public async Task AllThatASearchTakesGoesWithIt(string index, RecommendStrategy strategy)
    {
        RecommendRequest request = Request(index, strategy);
        request.PositiveKeys = ShopServer.Keys(index, 5);
        request.NegativeKeys = ShopServer.Keys(index, 6);
        request.Search.Filter = Clause.Exists("brand");
        request.Search.Exclude = new Ann.Protocol.V1.Exclusions { Keys = ShopServer.Keys(index, 1, 2, 3, 4) };
        request.Search.Caps.Add(new Cap { Attribute = "brand", Most = 2 });
        request.Search.Attributes.Add("brand");

        RecommendResponse found = await shop.Retrieval.RecommendAsync(request);
        ShopItem[] items = shop.ItemsOf(found.Answer.Keys);

        Assert.Equal(10, items.Length);
        Assert.All(items, static item => Assert.True(item is { Brand: not null, Key: > 6 }));
        Assert.All(items.GroupBy(static item => item.Brand), static group => Assert.InRange(group.Count(), 1, 2));
        ShopItem.RequireEqual(items, found.Answer.Attributes, "brand");
    }

    [Fact]
    public async Task WithoutAPositiveExampleThereIsNoAnswer()
    {
        RecommendRequest gone = Request("shop", RecommendStrategy.Average);
        gone.PositiveKeys = LiveCalls.Keys(7_777, 9_999);
        gone.NegativeKeys = LiveCalls.Keys(1);

        RpcException e = await LiveCalls.Fails(shop.Retrieval.RecommendAsync(gone));
        RpcException none = await LiveCalls.Fails(shop.Retrieval.RecommendAsync(Request("shop", RecommendStrategy.BestScore)));
        gone.PositiveVectors = RunningServer.Bytes(ShopServer.Query());
        RecommendResponse found = await shop.Retrieval.RecommendAsync(gone);

        Assert.All([e, none], static e => Assert.Equal(StatusCode.InvalidArgument, e.StatusCode));
        Assert.Equal("positive_keys", Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations).Field);
        Assert.Contains("2 keys have no item", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([7_777ul, 9_999ul], found.Missing.Numbers);
        Assert.DoesNotContain(1ul, found.Answer.Keys.Numbers);
    }

    private static RecommendRequest Request(string index, RecommendStrategy strategy) =>
        new() { Search = new SearchRequest { Index = index, K = 10, Exact = true }, Strategy = strategy };
}
