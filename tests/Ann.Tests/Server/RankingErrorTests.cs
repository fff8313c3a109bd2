using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: each mistake in what a search asks beside its queries, and in each call around a search, names its field.</summary>
[Collection(typeof(ServerTests))]
public sealed class RankingErrorTests(ShopServer shop) : IClassFixture<ShopServer>
{
    private const string TooHuge = "2147483647";

    /// <summary>What is wrong, how the good request of k 10 is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<SearchRequest>, string, string> Mistakes => new()
    {
        { "cap of 0", static r => r.Caps.Add(new Cap { Attribute = "brand" }), "caps[0].most", "most is 0" },
        { "cap too large", static r => r.Caps.Add(new Cap { Attribute = "brand", Most = 10_001 }), "caps[0].most", "10001" },
        { "cap beyond int", static r => r.Caps.Add(new Cap { Attribute = "brand", Most = uint.MaxValue }), "caps[0].most", TooHuge },
        { "cap of nothing", static r => r.Caps.Add([Ok(), new Cap { Attribute = "colour", Most = 1 }]), "caps[1].attribute", "'colour'" },
        { "cap of a double", static r => r.Caps.Add(new Cap { Attribute = "weight", Most = 1 }), "caps[0].attribute", "of type Double" },
        { "cap of a time", static r => r.Caps.Add(new Cap { Attribute = "added", Most = 1 }), "caps[0].attribute", "of type Timestamp" },
        { "17 caps", static r => r.Caps.Add(Enumerable.Repeat(Ok(), 17)), "caps", "17 caps; at most 16" },
        { "floor without filter", static r => r.Floors.Add(new Floor { Least = 1 }), "floors[0].filter", "no filter" },
        { "floor of 0", static r => r.Floors.Add(Kind(0)), "floors[0].least", "least is 0" },
        { "floor above k", static r => r.Floors.Add([Kind(1), Kind(11)]), "floors[1].least", "1 to k (10)" },
        { "floor beyond int", static r => r.Floors.Add(Kind(uint.MaxValue)), "floors[0].least", TooHuge },
        { "17 floors", static r => r.Floors.Add(Enumerable.Repeat(Kind(1), 17)), "floors", "17 floors; at most 16" },
        { "no lambda", static r => r.Diversity = new Diversity(), "diversity.lambda", "not set" },
        { "lambda below", static r => r.Diversity = new Diversity { Lambda = -0.1f }, "diversity.lambda", "0 to 1" },
        { "lambda above", static r => r.Diversity = new Diversity { Lambda = 1.1f }, "diversity.lambda", "0 to 1" },
        { "lambda NaN", static r => r.Diversity = new Diversity { Lambda = float.NaN }, "diversity.lambda", "NaN" },
        { "few candidates", static r => r.Diversity = new() { Lambda = 1, Candidates = 9 }, "diversity.candidates", "k (10) to 10000" },
        { "no candidates", static r => r.Diversity = new() { Lambda = 1, Candidates = 0 }, "diversity.candidates", "candidates is 0" },
        { "many candidates", static r => r.Diversity = new() { Lambda = 1, Candidates = 10_001 }, "diversity.candidates", "10001" },
        { "row floors above k", static r => (r.Queries, r.Union) = (Rows(2), new() { LeastPerRow = 6 }), "union.least_per_row", "6 of 2" },
        { "row floor beyond int", static r => r.Union = new() { LeastPerRow = uint.MaxValue }, "union.least_per_row", TooHuge },
        { "min_score NaN", static r => r.MinScore = float.NaN, "min_score", "NaN" },
        { "negative distance", static r => r.MinScore = -1, "min_score", "0 or more" },
        { "recall 0", static r => r.RecallTarget = 0, "recall_target", "above 0 and below 1" },
        { "recall 1 and a cap", static r => Capped(r).RecallTarget = 1, "recall_target", "above 0 and below 1" },
        { "recall with ef_search", static r => (r.RecallTarget, r.EfSearch) = (0.9f, 20), "recall_target", "both set" },
        { "ef_search < k with a cap", static r => Capped(r).EfSearch = 9, "ef_search", "k (10) to 40000" },
        { "unknown on_deadline", static r => r.OnDeadline = (OnDeadline)3, "on_deadline", "on_deadline is 3" },
        { "negative on_deadline", static r => r.OnDeadline = (OnDeadline)(-1), "on_deadline", "on_deadline is -1" },
        { "unknown attribute back", static r => r.Attributes.Add(["brand", "colour"]), "attributes[1]", "'colour' is unknown" },
        { "attribute back twice", static r => r.Attributes.Add(["brand", "sale", "brand"]), "attributes[2]", "twice" },
        { "65 attributes back", static r => r.Attributes.Add(Enumerable.Repeat("brand", 65)), "attributes", "65 names" },
        { "k = 0 with a cap", static r => Capped(r).K = 0, "k", "k is 0" },
        { "k too large with a cap", static r => Capped(r).K = 10_001, "k", "k is 10001" },
        { "k = 0 with a filter", static r => (r.K, r.Filter) = (0, Clause.Exists("sale")), "k", "k is 0" },
        { "too many results", static r => (Capped(r).Queries, r.K) = (Rows(101), 10_000), "k", "1010000" },
        { "dimension with a cap", static r => Capped(r).Queries = RunningServer.Bytes([1, 2]), "queries", "dimension 8; found 2" },
        { "NaN with a cap", static r => Capped(r).Queries = RunningServer.Bytes(new float[8], Bad()), "queries", "row 1, component 7" },
        { "no rows with a cap", static r => Capped(r).Queries = null, "queries", "no vector" },
        { "long tag", static r => r.RequestTag = new string('é', 129), "request_tag", "258 bytes" },
    };

    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<RecommendRequest>, string, string> BadRecommendations => new()
    {
        { "no search", static r => r.Search = null, "search", "not set" },
        { "queries", static r => r.Search.Queries = Rows(1), "search.queries", "examples take its place" },
        { "union", static r => r.Search.Union = new Union(), "search.union", "takes none" },
        { "best union", static r => (r.Search.Union, r.Strategy) = (new(), RecommendStrategy.BestScore), "search.union", "takes none" },
        { "nothing", static r => r.PositiveKeys = null, "positive_keys", "No positive example" },
        { "keys of the other kind", static r => r.PositiveKeys = new() { Texts = { "a" } }, "positive_keys", "'shop' has numbers" },
        { "negatives of the other kind", static r => r.NegativeKeys = new() { Texts = { "a" } }, "negative_keys", "'shop' has numbers" },
        { "too many keys", static r => r.PositiveKeys = Many(1025), "positive_keys", "at most 1024" },
        { "too many negatives", static r => r.NegativeKeys = Many(1025), "negative_keys", "at most 1024" },
        { "together too many", static r => (r.PositiveKeys, r.PositiveVectors) = (Many(24), Rows(1001)), "positive_vectors", "1024" },
        { "dimension", static r => r.PositiveVectors = RunningServer.Bytes([1, 2]), "positive_vectors", "dimension 8; found 2" },
        { "negative dimension", static r => r.NegativeVectors = RunningServer.Bytes([1, 2]), "negative_vectors", "dimension 8; found 2" },
        { "NaN", static r => r.NegativeVectors = RunningServer.Bytes(new float[8], Bad()), "negative_vectors", "row 1, component 7" },
        { "strategy", static r => r.Strategy = (RecommendStrategy)7, "strategy", "strategy is 7" },
        { "k", static r => r.Search.K = 0, "search.k", "k is 0" },
        { "cap", static r => r.Search.Caps.Add(new Cap { Attribute = "x", Most = 1 }), "search.caps[0].attribute", "'x' is unknown" },
        { "lambda", static r => r.Search.Diversity = new Diversity(), "search.diversity.lambda", "not set" },
        { "tag", static r => r.Search.RequestTag = new string('x', 257), "search.request_tag", "257 bytes" },
    };

    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<SearchRequest>, string, string> BadRanges => new()
    {
        { "no score", static r => r.ClearMinScore(), "search.min_score", "search.min_score is not set" },
        { "caps", static r => r.Caps.Add(Ok()), "search.caps", "search.caps is set; a range takes none." },
        { "floors", static r => r.Floors.Add(Kind(1)), "search.floors", "search.floors is set" },
        { "diversity", static r => r.Diversity = new Diversity { Lambda = 1 }, "search.diversity", "search.diversity is set" },
        { "union", static r => r.Union = new Union(), "search.union", "search.union is set" },
        { "NaN", static r => r.MinScore = float.NaN, "search.min_score", "NaN" },
        { "k", static r => r.K = 0, "search.k", "search.k is 0" },
        { "rows", static r => r.Queries = RunningServer.Bytes(new float[8], Bad()), "search.queries", "row 1, component 7" },
        { "attributes", static r => r.Attributes.Add("x"), "search.attributes[0]", "'x' is unknown" },
        { "empty name", static r => r.Index = "", "search.index", "empty" },
    };

    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<ExplainRequest>, string, string> BadExplanations => new()
    {
        { "no search", static r => r.Search = null, "search", "not set" },
        { "no key", static r => r.Key = null, "key", "empty" },
        { "two keys", static r => r.Key.Numbers.Add(2), "key", "at most 1" },
        { "kind of key", static r => r.Key = new KeyColumn { Texts = { "a" } }, "key", "'shop' has numbers as keys" },
        { "two lists", static r => r.Search.Queries = Rows(2), "search.queries", "2 query rows" },
        { "cap", static r => r.Search.Caps.Add(new Cap { Attribute = "brand" }), "search.caps[0].most", "most is 0" },
        { "rows", static r => r.Search.Queries = RunningServer.Bytes(Bad()), "search.queries", "row 0, component 7" },
    };

    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<ScrollRequest>, string, string> BadPages => new()
    {
        { "no limit", static r => r.Limit = 0, "limit", "limit is 0" },
        { "limit", static r => r.Limit = 10_001, "limit", "limit is 10001" },
        { "limit beyond int", static r => r.Limit = uint.MaxValue, "limit", "limit is" },
        { "kind of key", static r => r.After = new KeyColumn { Texts = { "a" } }, "after", "'shop' has numbers as keys" },
        { "two keys", static r => r.After = LiveCalls.Keys(1, 2), "after", "at most 1" },
        { "unknown attribute", static r => r.Attributes.Add("x"), "attributes[0]", "'x' is unknown" },
        { "attribute twice", static r => r.Attributes.Add(["sale", "sale"]), "attributes[1]", "twice" },
        { "65 attributes", static r => r.Attributes.Add(Enumerable.Repeat("x", 65)), "attributes", "65 names" },
        { "empty name", static r => r.Index = "", "index", "empty" },
    };

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task AMistakeNamesItsField(string mistake, Action<SearchRequest> spoil, string field, string words) =>
        await FilterErrorTests.RequireAsync(mistake, field, words, shop.Retrieval.SearchAsync(ShopServer.Request(change: spoil)));

    [Theory]
    [MemberData(nameof(BadRecommendations), DisableDiscoveryEnumeration = true)]
    public async Task ABadRecommendationNamesItsField(string mistake, Action<RecommendRequest> spoil, string field, string words)
    {
        RecommendRequest request = new() { Search = new SearchRequest { Index = "shop", K = 10 }, PositiveKeys = LiveCalls.Keys(1) };
        spoil(request);
        await FilterErrorTests.RequireAsync(mistake, field, words, shop.Retrieval.RecommendAsync(request));
    }

    [Theory]
    [MemberData(nameof(BadRanges), DisableDiscoveryEnumeration = true)]
    public async Task ABadRangeNamesItsField(string mistake, Action<SearchRequest> spoil, string field, string words)
    {
        RangeRequest request = new() { Search = ShopServer.Request(change: static request => request.MinScore = 1) };
        spoil(request.Search);
        await FilterErrorTests.RequireAsync(mistake, field, words, shop.Retrieval.RangeAsync(request));
        await FilterErrorTests.RequireAsync("no search", "search", "not set", shop.Retrieval.RangeAsync(new RangeRequest()));
    }

    [Theory]
    [MemberData(nameof(BadExplanations), DisableDiscoveryEnumeration = true)]
    public async Task ABadExplanationNamesItsField(string mistake, Action<ExplainRequest> spoil, string field, string words)
    {
        ExplainRequest request = new() { Search = ShopServer.Request(), Key = LiveCalls.Keys(1) };
        spoil(request);
        await FilterErrorTests.RequireAsync(mistake, field, words, shop.Retrieval.ExplainAsync(request));
    }

    [Theory]
    [MemberData(nameof(BadPages), DisableDiscoveryEnumeration = true)]
    public async Task ABadPageNamesItsField(string mistake, Action<ScrollRequest> spoil, string field, string words)
    {
        ScrollRequest request = new() { Index = "shop", Limit = 10 };
        spoil(request);
        await FilterErrorTests.RequireAsync(mistake, field, words, shop.Retrieval.ScrollAsync(request));
    }

    [Fact]
    public async Task BadAttributesOfAFetchAreNamed()
    {
        FetchRequest request = new() { Index = "shop", Keys = LiveCalls.Keys(1), Attributes = { "brand", "x" } };
        await FilterErrorTests.RequireAsync("unknown", "attributes[1]", "'x' is unknown", shop.Retrieval.FetchAsync(request));
        request.Attributes[1] = "brand";
        await FilterErrorTests.RequireAsync("twice", "attributes[1]", "twice", shop.Retrieval.FetchAsync(request));
    }

    /// <summary>Examples that cancel out leave cosine without a direction.</summary>
    [Fact]
    public async Task ExamplesThatCancelOutAreRefused()
    {
        RecommendRequest request = new()
        {
            Search = new SearchRequest { Index = "catalog", K = 1 },
            PositiveVectors = RunningServer.Bytes([1, 0, 0, 0, 0, 0, 0, 0], [-1, 0, 0, 0, 0, 0, 0, 0]),
        };
        await FilterErrorTests.RequireAsync("opposed", "positive_vectors", "cancel out", shop.Retrieval.RecommendAsync(request));
        request.PositiveVectors = RunningServer.Bytes(new float[8]);
        await FilterErrorTests.RequireAsync("zero", "positive_vectors", "zero vector", shop.Retrieval.RecommendAsync(request));
    }

    [Fact]
    public async Task WhatIsNotThereIsNotFoundInEveryCall()
    {
        SearchRequest search = ShopServer.Request("nobody", change: static request => request.MinScore = 1);
        SearchRequest recommended = new() { Index = "nobody", K = 1 };
        RpcException[] failures =
        [
            await LiveCalls.Fails(shop.Retrieval.RangeAsync(new RangeRequest { Search = search })),
            await LiveCalls.Fails(shop.Retrieval.RecommendAsync(new() { Search = recommended, PositiveKeys = LiveCalls.Keys(1) })),
            await LiveCalls.Fails(shop.Retrieval.ExplainAsync(new ExplainRequest { Search = search, Key = LiveCalls.Keys(1) })),
            await LiveCalls.Fails(shop.Retrieval.ScrollAsync(new ScrollRequest { Index = "nobody", Limit = 1 })),
            await LiveCalls.Fails(shop.Retrieval.PrepareFilterAsync(new() { Index = "nobody", Filter = Clause.Exists("sale") })),
        ];

        Assert.All(failures, static e => Assert.Equal(StatusCode.NotFound, e.StatusCode));
        Assert.All(failures, static e => Assert.Equal("index", ErrorTests.Detail<ResourceInfo>(e).ResourceType));
    }

    private static Cap Ok() => new() { Attribute = "brand", Most = 2 };

    private static Floor Kind(uint least) => new() { Filter = Clause.Exists("sale"), Least = least };

    private static VectorBatch Rows(int count) => RunningServer.Bytes([.. Enumerable.Range(0, count).Select(ShopServer.Query)]);

    private static float[] Bad() => [.. new float[7], float.NaN];

    private static KeyColumn Many(int count) => LiveCalls.Keys([.. Enumerable.Range(1, count).Select(static i => (ulong)i)]);

    private static SearchRequest Capped(SearchRequest request)
    {
        request.Caps.Add(Ok());
        return request;
    }
}
