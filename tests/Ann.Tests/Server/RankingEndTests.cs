using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Services;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: a call whose caller is gone or whose time is up ends as it should, whatever it asks; what it held is free again.
/// Method: the calls run without a network, with a token that is cancelled after they were admitted, or a clock an hour early.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class RankingEndTests(SampleIndexes samples)
{
    private static readonly float[] Query = ShopServer.Query();

    /// <summary>What is asked, and how.</summary>
    public static TheoryData<string, Action<SearchRequest>> Questions => new()
    {
        { "filter", static r => r.Filter = Clause.Between("price", Clause.At(100), null) },
        { "filter of all", static r => r.Filter = Clause.Exists("sale") },
        { "exact filter", static r => (r.Filter, r.Exact) = (Clause.In("sale", true), true) },
        { "exclusions", static r => r.Exclude = new Ann.Protocol.V1.Exclusions { Sets = { "s" } } },
        { "caps", static r => r.Caps.Add(new Cap { Attribute = "brand", Most = 1 }) },
        { "floors", static r => r.Floors.Add(new Floor { Filter = Clause.In("sale", true), Least = 4 }) },
        { "diversity", static r => r.Diversity = new Diversity { Lambda = 0.5f } },
        { "union", static r => (r.Union, r.Queries) = (new() { LeastPerRow = 2 }, RunningServer.Bytes(Query, ShopServer.Query(1))) },
        { "least score", static r => r.MinScore = 0.1f },
        {
            "all of it", static r =>
            {
                r.Filter = Clause.Exists("sale");
                r.Caps.Add(new Cap { Attribute = "brand", Most = 1 });
                r.Diversity = new Diversity { Lambda = 0.5f };
                r.Exact = true;
            }
        },
    };

    [Theory]
    [MemberData(nameof(Questions), DisableDiscoveryEnumeration = true)]
    public async Task ACancelledCallIsCancelled(string question, Action<SearchRequest> ask)
    {
        Assert.NotEmpty(question);
        await using RunningServer server = await ShopServer.StartAsync(samples);
        SearchKinds calls = server.Part<SearchKinds>();
        foreach (string index in ShopServer.Names)
        {
            using CancellationTokenSource caller = new();
            CallContext context = new() { Token = caller.Token };
            using SearchPlace place = await server.Part<AdmissionControl>().SearchPlaces.EnterAsync(SearchBudget.Unlimited, false);
            await caller.CancelAsync();
            SearchRequest request = ShopServer.Request(index, 10, ask);
            SearchRequest range = ShopServer.Request(index, 10, r => (r.MinScore, r.Filter) = (0.1f, request.Filter));
            SearchRequest examples = request.Clone();
            (examples.Queries, examples.Union) = (null, null);

            RpcException[] ends =
            [
                Assert.Throws<RpcException>(() => calls.Nearest.Run(request, context, in place, null)),
                Assert.Throws<RpcException>(() => calls.Range.Run(new RangeRequest { Search = range }, context, place)),
                Assert.Throws<RpcException>(() => calls.Recommend.Run(
                    new RecommendRequest { Search = examples, PositiveKeys = ShopServer.Keys(index, 1) }, context, place)),
                Assert.Throws<RpcException>(() => calls.Explain.Run(
                    new ExplainRequest { Search = request, Key = ShopServer.Keys(index, 1) }, context, place)),
            ];
            request.OnDeadline = OnDeadline.BestSoFar;
            RpcException best = Assert.Throws<RpcException>(() => calls.Nearest.Run(request, context, in place, null));

            Assert.All([.. ends, best], static e => Assert.Equal(StatusCode.Cancelled, e.StatusCode));
        }
    }

    [Theory]
    [MemberData(nameof(Questions), DisableDiscoveryEnumeration = true)]
    public async Task APassedDeadlineFailsOrGivesWhatThereIs(string question, Action<SearchRequest> ask)
    {
        Assert.NotEmpty(question);
        EarlyClock clock = new();
        await using RunningServer server = await ShopServer.StartAsync(samples, clock);
        clock.Hours = 1;
        DateTime deadline = DateTime.UtcNow.AddMinutes(30); // not for the client, but by the server's clock it has passed
        foreach (string index in ShopServer.Names)
        {
            SearchRequest request = ShopServer.Request(index, 10, ask);
            request.Attributes.Add("brand");

            RpcException late = await LiveCalls.Fails(server.Retrieval.SearchAsync(request, deadline: deadline));
            request.OnDeadline = OnDeadline.BestSoFar;
            SearchResponse answer = await server.Retrieval.SearchAsync(request, deadline: deadline);

            Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
            Assert.Equal(Completeness.TruncatedDeadline, answer.Completeness);
            Assert.Equal(answer.Scores.Count, (int)answer.RowOffsets[^1]);
            Assert.Equal(answer.Scores.Count, ShopServer.NumbersOf(answer.Keys).Length);
            Assert.Equal(answer.Scores.Count, answer.Attributes[0].Keywords.Count);
        }
        clock.Hours = 0;
        SearchResponse whole = await server.Retrieval.SearchAsync(ShopServer.Request("shop", 10, ask), deadline: deadline);
        Assert.Equal(Completeness.Complete, whole.Completeness);
    }

    [Fact]
    public async Task APassedDeadlineEndsTheOtherCalls()
    {
        EarlyClock clock = new();
        await using RunningServer server = await ShopServer.StartAsync(samples, clock);
        clock.Hours = 1;
        DateTime deadline = DateTime.UtcNow.AddMinutes(30);
        foreach (string index in ShopServer.Names)
        {
            SearchRequest search = ShopServer.Request(index, 10, static r => (r.MinScore, r.Filter) = (0.1f, Clause.Exists("sale")));
            RecommendRequest recommend = new()
            {
                Search = new SearchRequest { Index = index, K = 5 },
                PositiveKeys = ShopServer.Keys(index, 1),
            };
            ExplainRequest explain = new() { Search = search, Key = ShopServer.Keys(index, 1) };
            RpcException[] ends =
            [
                await LiveCalls.Fails(server.Retrieval.RangeAsync(new RangeRequest { Search = search }, deadline: deadline)),
                await LiveCalls.Fails(server.Retrieval.RecommendAsync(recommend, deadline: deadline)),
                await LiveCalls.Fails(server.Retrieval.ExplainAsync(explain, deadline: deadline)),
                await LiveCalls.Fails(server.Retrieval.ScrollAsync(new ScrollRequest { Index = index, Limit = 5 }, deadline: deadline)),
                await LiveCalls.Fails(server.Retrieval.PrepareFilterAsync(
                    new PrepareFilterRequest { Index = index, Filter = Clause.In("price", 5L) }, deadline: deadline)),
            ];
            recommend.Search.OnDeadline = OnDeadline.BestSoFar;
            search.OnDeadline = OnDeadline.BestSoFar;
            RecommendResponse like = await server.Retrieval.RecommendAsync(recommend, deadline: deadline);
            RangeResponse range = await server.Retrieval.RangeAsync(new RangeRequest { Search = search }, deadline: deadline);

            Assert.All(ends, static e => Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode));
            Assert.Equal(Completeness.TruncatedDeadline, like.Answer.Completeness);
            Assert.Equal(Completeness.TruncatedDeadline, range.Answer.Completeness);
            Assert.Single(range.Bounded);
        }
    }

    private sealed class EarlyClock : TimeProvider
    {
        public volatile int Hours;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(Hours);
    }
}
