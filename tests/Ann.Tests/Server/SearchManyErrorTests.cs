using Ann.Protocol.V1;
using Ann.Server.Admission;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: what is wrong in a batch is named with its search, and nothing is answered; a batch has the limits of one request; and what
/// becomes of it at the deadline is what each of its searches says.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class SearchManyErrorTests(SampleIndexes samples, ShopServer shop) : IClassFixture<ShopServer>
{
    /// <summary>What is wrong, how the good batch of two is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<SearchManyRequest>, string, string> Mistakes => new()
    {
        { "no search", static r => r.Searches.Clear(), "searches", "holds 0 searches; it must be 1 to 1024" },
        { "many searches", static r => r.Searches.Add(Many(1023)), "searches", "holds 1025 searches; it must be 1 to 1024" },
        { "empty searches", static r => r.Searches.Add(new SearchRequest()), "searches[2].queries", "hold no vector" },
        { "another index", static r => r.Searches[1].Index = "catalog", "searches[1].index", "'catalog'; all searches are of 'shop'" },
        { "the same index otherwise", static r => r.Searches[0].Index = "SHOP", "searches[0].index", "leave it out" },
        { "empty name", static r => r.Index = "", "index", "empty" },
        { "rows together", static r => r.Searches[1].Queries = Rows(1024), "searches", "have 1025 query rows" },
        { "rows of one", static r => r.Searches[1].Queries = Rows(1025), "searches[1].queries", "hold 1025 rows" },
        { "results together", static r => r.Searches.Add(Many(100, 10_000)), "searches", "Rows times k is 1000020" },
        {
            "both wrong", static r => (r.Searches[0].K, r.Searches[1].K) = (10_001, 0), "searches[0].k",
            "searches[0].k is 10001"
        },
        { "dimension", static r => r.Searches[1].Queries = RunningServer.Bytes([1]), "searches[1].queries", "searches[1]: Index 'shop'" },
        { "the last row", static r => r.Searches[1].Queries = RunningServer.Bytes(new float[8], Bad()), "searches[1].queries", "row 1" },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task AMistakeInABatchNamesItsField(string mistake, Action<SearchManyRequest> spoil, string field, string words)
    {
        SearchManyRequest request = Batch(2);
        spoil(request);
        await FilterErrorTests.RequireAsync(mistake, field, words, shop.Retrieval.SearchManyAsync(request));
    }

    /// <summary>What is refused of a search is refused of it in a batch, before any is made.</summary>
    [Theory]
    [MemberData(nameof(RankingErrorTests.Mistakes), MemberType = typeof(RankingErrorTests), DisableDiscoveryEnumeration = true)]
    public async Task AMistakeOfASearchNamesTheSearch(string mistake, Action<SearchRequest> spoil, string field, string words)
    {
        SearchManyRequest request = Batch(3);
        spoil(request.Searches[1]);
        await FilterErrorTests.RequireAsync(mistake, $"searches[1].{field}", words, shop.Retrieval.SearchManyAsync(request));
        RpcException e = await LiveCalls.Fails(shop.Retrieval.SearchManyAsync(request));
        Assert.StartsWith("searches[1]", e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMistakeInAFilterNamesTheSearch()
    {
        SearchManyRequest request = Batch(2);
        request.Searches[1].Filter = Clause.All(Clause.Exists("sale"), Clause.In("colour", "red"));
        await FilterErrorTests.RequireAsync(
            "filter", "searches[1].filter.all_of[1].in.attribute", "'colour' is unknown", shop.Retrieval.SearchManyAsync(request));
        request = Batch(2);
        request.Searches[1].Floors.Add(new Floor { Filter = Clause.Exists("colour"), Least = 1 });
        await FilterErrorTests.RequireAsync(
            "floor", "searches[1].floors[0].filter.exists", "'colour' is unknown", shop.Retrieval.SearchManyAsync(request));
        request = Batch(2);
        request.Searches[0].Exclude = new Ann.Protocol.V1.Exclusions { Keys = new KeyColumn { Texts = { "a" } } };
        await FilterErrorTests.RequireAsync(
            "exclusion", "searches[0].exclude.keys", "'shop' has numbers", shop.Retrieval.SearchManyAsync(request));
    }

    [Fact]
    public async Task WhatDoesNotFitTheStateNamesTheSearch()
    {
        SearchManyRequest request = Batch(2);
        request.Searches[1].EncoderFingerprint = 7;
        RpcException encoder = await LiveCalls.Fails(shop.Retrieval.SearchManyAsync(request));
        request.Searches[1].ClearEncoderFingerprint();
        request.Searches[0].PreparedFilter = 42;
        RpcException prepared = await LiveCalls.Fails(shop.Retrieval.SearchManyAsync(request));
        RpcException nobody = await LiveCalls.Fails(
            shop.Retrieval.SearchManyAsync(new SearchManyRequest { Index = "nobody", Searches = { Many(1) } }));

        Assert.All([encoder, prepared], static e => Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode));
        Assert.Equal("searches[1].encoder_fingerprint", Assert.Single(ErrorTests.Detail<PreconditionFailure>(encoder).Violations).Subject);
        Assert.Equal("searches[0].prepared_filter", Assert.Single(ErrorTests.Detail<PreconditionFailure>(prepared).Violations).Subject);
        Assert.Equal(StatusCode.NotFound, nobody.StatusCode);
    }

    /// <summary>Each answer alone would have room.</summary>
    [Fact]
    public async Task AnswersHaveTheRoomOfOneReplyTogether()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.MaxReplyBytes = 64 << 10);
        SearchRequest search = RunningServer.Request(samples, k: 100);
        SearchManyRequest request = new() { Index = search.Index, Searches = { Enumerable.Repeat(search, 10) } };
        SearchManyResponse few = await server.Retrieval.SearchManyAsync(request);
        request.Searches.Add(Enumerable.Repeat(search, 30));
        ByteBudget replies = server.Part<CallLimits>().Replies;

        RpcException e = await LiveCalls.Fails(server.Retrieval.SearchManyAsync(request));

        Assert.All(few.Answers, static answer => Assert.Equal(100, answer.Scores.Count));
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Contains("MaxReplyBytes", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("size", Assert.Single(ErrorTests.Detail<QuotaFailure>(e).Violations).Subject);
        Assert.Equal("-1", e.Trailers.GetValue("grpc-retry-pushback-ms")); // no retry makes it smaller
        await RunningServer.Eventually(() => replies.Used == 0, "what the replies took was given back");
    }

    [Fact]
    public async Task WithoutTimeEachSearchSaysWhatBecomesOfIt()
    {
        await using RunningServer server = await ShopServer.StartAsync(samples, new EarlyClock());
        SearchManyRequest request = Batch(4);
        foreach (SearchRequest search in request.Searches)
            search.OnDeadline = OnDeadline.BestSoFar;
        request.Searches[1].Queries = Rows(3);
        (request.Searches[2].Queries, request.Searches[2].Union) = (Rows(3), new Union());
        request.Searches[2].Attributes.Add("price");
        DateTime deadline = DateTime.UtcNow.AddMinutes(30);

        SearchManyResponse cut = await server.Retrieval.SearchManyAsync(request, deadline: deadline);
        request.Searches[3].OnDeadline = OnDeadline.Unspecified;
        RpcException failed = await LiveCalls.Fails(server.Retrieval.SearchManyAsync(request, deadline: deadline));
        request.Searches[3].K = 0;
        request.Searches[3].OnDeadline = OnDeadline.BestSoFar;
        RpcException wrong = await LiveCalls.Fails(server.Retrieval.SearchManyAsync(request, deadline: deadline));

        Assert.All(cut.Answers, static answer => Assert.Equal(Completeness.TruncatedDeadline, answer.Completeness));
        Assert.All(cut.Answers, static answer => Assert.Equal(answer.Scores.Count, (int)answer.RowOffsets[^1]));
        Assert.Equal([2, 4, 2, 2], cut.Answers.Select(static answer => answer.RowOffsets.Count));
        Assert.All(cut.Answers.Skip(1), static answer => Assert.Equal((0, 0.0), (answer.Scores.Count, answer.Stats.EstimatedRecall)));
        Assert.Equal("price", Assert.Single(cut.Answers[2].Attributes).Name);
        Assert.Equal(StatusCode.DeadlineExceeded, failed.StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, wrong.StatusCode);
    }

    /// <summary>Those that fail are made first, whatever their place; a deadline that is far away cuts none.</summary>
    [Fact]
    public async Task WithTimeNoneIsCut()
    {
        SearchManyRequest request = Batch(6);
        foreach (int i in (int[])[0, 2, 3])
            request.Searches[i].OnDeadline = OnDeadline.BestSoFar;

        SearchManyResponse found = await shop.Retrieval.SearchManyAsync(request, deadline: DateTime.UtcNow.AddMinutes(30));

        Assert.All(found.Answers, static answer => Assert.Equal(Completeness.Complete, answer.Completeness));
        foreach ((int i, SearchResponse answer) in found.Answers.Index())
            Assert.Equal(shop.Nearest("shop", ShopServer.Query(i))[0].Key, answer.Keys.Numbers[0]);
    }

    [Fact]
    public void TheWorkOfABatchIsThatOfItsSearches()
    {
        CallWork work = shop.Server.Part<CallWork>();
        SearchManyRequest light = Batch(20);
        SearchManyRequest heavy = Batch(200);
        SearchManyRequest one = Batch(3);
        (one.Searches[2].K, one.Searches[2].Diversity) = (10_000, new Diversity { Lambda = 0.5f });

        Assert.All(heavy.Searches, search => Assert.False(work.IsHeavy(search)));
        Assert.Equal((false, true, true), (work.IsHeavy(light), work.IsHeavy(heavy), work.IsHeavy(one)));
        Assert.False(work.IsHeavy(new SearchManyRequest { Index = "shop" }));
    }

    private static SearchManyRequest Batch(int count) => new() { Index = "shop", Searches = { Many(count) } };

    private static IEnumerable<SearchRequest> Many(int count, uint k = 10) => Enumerable.Range(0, count).Select(
        i => new SearchRequest { Queries = RunningServer.Bytes(ShopServer.Query(i)), K = k });

    private static VectorBatch Rows(int count) => RunningServer.Bytes([.. Enumerable.Range(0, count).Select(ShopServer.Query)]);

    private static float[] Bad() => [.. new float[7], float.NaN];

    private sealed class EarlyClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
    }
}
