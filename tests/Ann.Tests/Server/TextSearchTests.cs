using Ann.Protocol.V1;
using Ann.Server.Encoders;
using Ann.Tests.Encoding;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: texts and features in the place of vectors give the answers that their vectors give, of the generation whose encoder it was.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class TextSearchTests(SampleIndexes samples)
{
    [Fact]
    public async Task TextsFindWhatTheirVectorsFind()
    {
        await using RunningServer server = await TextShop.StartAsync(samples);
        string[] texts = ["wireles mouse", "kettel"];
        SearchRequest byText = new() { Index = "shop", Texts = { texts }, K = 3 };
        SearchRequest byVector = new() { Index = "shop", Queries = await TextShop.EmbedAsync(server, texts), K = 3 };

        SearchResponse found = await server.Retrieval.SearchAsync(byText);
        SearchResponse wanted = await server.Retrieval.SearchAsync(byVector);

        Assert.Equal([0ul, 2ul], [found.Keys.Numbers[0], found.Keys.Numbers[3]]);
        Assert.True(found.Stats.EncodeUs > 0);
        Assert.Equal(0ul, wanted.Stats.EncodeUs);
        Assert.Equal(Plain(wanted), Plain(found));
    }

    [Fact]
    public async Task EveryKindOfCallTakesTexts()
    {
        await using RunningServer server = await TextShop.StartAsync(samples);
        VectorBatch mouse = await TextShop.EmbedAsync(server, "mouse");
        VectorBatch socks = await TextShop.EmbedAsync(server, "warm socks");

        SearchManyResponse many = await server.Retrieval.SearchManyAsync(new SearchManyRequest
        {
            Index = "shop",
            Searches =
            {
                new SearchRequest { Texts = { "mouse" }, K = 2 }, new SearchRequest { Queries = socks, K = 2 },
                new SearchRequest { Texts = { "warm socks", "mouse" }, K = 2 },
            },
        });
        Assert.Equal([0ul, 3ul, 3ul], many.Answers.Select(static answer => answer.Keys.Numbers[0]));
        Assert.Equal(many.Answers[0].Scores, many.Answers[2].Scores.Skip(2));
        Assert.Equal(many.Answers[1].Scores, many.Answers[2].Scores.Take(2));

        SearchRequest like = new() { Index = "shop", K = 3 };
        RecommendResponse byTexts = await server.Retrieval.RecommendAsync(new RecommendRequest
        {
            Search = like,
            PositiveTexts = { "mouse" },
            PositiveVectors = socks,
            PositiveKeys = new KeyColumn { Numbers = { 4 } },
            NegativeTexts = { "garden" },
            Strategy = RecommendStrategy.BestScore,
        });
        RecommendResponse byVectors = await server.Retrieval.RecommendAsync(new RecommendRequest
        {
            Search = like,
            PositiveVectors = RunningServer.Bytes(TextShop.Floats(socks), TextShop.Floats(mouse)),
            PositiveKeys = new KeyColumn { Numbers = { 4 } },
            NegativeVectors = await TextShop.EmbedAsync(server, "garden"),
            Strategy = RecommendStrategy.BestScore,
        });
        Assert.Equal(Plain(byVectors.Answer), Plain(byTexts.Answer));

        SearchRequest range = new() { Index = "shop", K = 5, MinScore = 0.2f };
        RangeResponse byVector = await server.Retrieval.RangeAsync(new RangeRequest { Search = new(range) { Queries = mouse } });
        RangeResponse byText = await server.Retrieval.RangeAsync(new RangeRequest { Search = new(range) { Texts = { "mouse" } } });
        Assert.Equal(Plain(byVector.Answer), Plain(byText.Answer));

        ExplainResponse explained = await server.Retrieval.ExplainAsync(new ExplainRequest
        {
            Search = new SearchRequest { Index = "shop", Texts = { "mouse" }, K = 1 },
            Key = new KeyColumn { Numbers = { 0 } },
        });
        Assert.Equal((Verdict.Returned, 1u), (explained.Verdict, explained.Position));
    }

    [Fact]
    public async Task FeaturesAreEncodedByTheTowerOfTheIndex()
    {
        await using RunningServer server = await TextShop.StartAsync(samples);
        // The tower multiplies by [1 2; 3 4; 5 6].
        SearchResponse found = await server.Retrieval.SearchAsync(new SearchRequest
        {
            Index = "users",
            K = 1,
            Features = new FeatureBatch { Columns = 3, Numbers = { 1, 0, 0, -1, -1, 0 } },
        });
        Assert.Equal([1ul, 3ul], found.Keys.Numbers);
        Assert.Equal([2f, -6f], [found.Scores[0], -found.Scores[1]]);
        Assert.True(found.Stats.EncodeUs > 0);

        Assert.Contains("reads numbers", await Refused(server, new SearchRequest
        {
            Index = "users",
            K = 1,
            Features = new FeatureBatch { Ids = { 1, 2, 3 } },
        }, "features"), StringComparison.Ordinal);
        Assert.Contains("a multiple of 3", await Refused(server, new SearchRequest
        {
            Index = "users",
            K = 1,
            Features = new FeatureBatch { Numbers = { 1, 2, 3, 4 } },
        }, "features"), StringComparison.Ordinal);
        Assert.Contains("reads 3 features a row", await Refused(server, new SearchRequest
        {
            Index = "users",
            K = 1,
            Features = new FeatureBatch { Columns = 2, Numbers = { 1, 2 } },
        }, "features"), StringComparison.Ordinal);
        await Refused(server, new SearchRequest
        {
            Index = "users",
            K = 1,
            Features = new FeatureBatch { Numbers = { 1, 2, 3, 4, float.NaN, 6 } },
        }, "features[1]");
    }

    [Fact]
    public async Task IdsAreEncodedByATowerOfIds()
    {
        string tower = Path.Combine(samples.NewDirectory(), "ids.onnx");
        await File.WriteAllBytesAsync(tower, TinyModels.ItemTower(), TestContext.Current.CancellationToken);
        string index = Path.Combine(samples.NewDirectory(), "ids.ann");
        using (Ann.Encoding.FeatureEncoder encoder = Ann.Encoding.FeatureEncoder.Open(tower))
            TextShop.Build(index, encoder.Info, Ann.Core.Metric.L2, [0, 1, 4, 5], null);
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.EncoderDirectories.Add(tower);
            options.IndexFiles.Add(index);
        });

        SearchResponse found = await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "ids", K = 1, Features = new FeatureBatch { Ids = { 0, 2 }, Columns = 1 } });
        Assert.Equal([0ul, 1ul], found.Keys.Numbers);
        Assert.Equal([0f, 0f], found.Scores);

        // One row of the batch is out of the table: its caller is told which, and others of the same run are not.
        Assert.Contains("the model refused its input", await Refused(server, new SearchRequest
        {
            Index = "ids",
            K = 1,
            Features = new FeatureBatch { Ids = { 1, 99 }, Columns = 1 },
        }, "features[1]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MistakesAreNamed()
    {
        await using RunningServer server = await TextShop.StartAsync(samples);
        SearchRequest text = new() { Index = "shop", Texts = { "mouse" }, K = 1 };
        FeatureBatch features = new() { Numbers = { 1, 2, 3 } };

        await Refused(server, new(text) { Queries = RunningServer.Floats([1, 2]) }, "texts");
        await Refused(server, new(text) { Features = features }, "texts");
        Assert.Contains("reads texts", await Refused(
            server, new SearchRequest { Index = "shop", Features = features, K = 1 }, "features"), StringComparison.Ordinal);
        Assert.Contains("reads features", await Refused(server, new(text) { Index = "users" }, "texts"), StringComparison.Ordinal);
        await Refused(server, new SearchRequest { Index = "shop", Texts = { Enumerable.Repeat("x", 1025) }, K = 1 }, "texts");
        Assert.Contains("zero vector", await Refused(server, new(text) { Texts = { "" } }, "texts[1]"), StringComparison.Ordinal);
        await Refused(server, new(text) { K = 0 }, "k");

        RpcException many = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchManyAsync(new SearchManyRequest
        {
            Index = "shop",
            Searches = { text, new SearchRequest { Texts = { "kettle", "" }, K = 1 } },
        }).ResponseAsync);
        Assert.Equal("searches[1].texts[1]", FieldOf(many));
        RpcException range = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.RangeAsync(
            new RangeRequest { Search = new(text) { Texts = { "" }, MinScore = 0 } }).ResponseAsync);
        Assert.Equal("search.texts[1]", FieldOf(range));
        RpcException recommend = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.RecommendAsync(
            new RecommendRequest { Search = text, PositiveTexts = { "mouse" } }).ResponseAsync);
        Assert.Equal("search.texts", FieldOf(recommend));
        RpcException unlike = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.RecommendAsync(new RecommendRequest
        {
            Search = new SearchRequest { Index = "shop", K = 1 },
            PositiveTexts = { "mouse" },
            NegativeTexts = { "hose", "" },
        }).ResponseAsync);
        Assert.Equal("negative_texts[1]", FieldOf(unlike));

        foreach ((string index, string told) in new[] { ("plain", "without naming"), ("named", "'tower' (0123456789abcdef)") })
        {
            RpcException none = await Assert.ThrowsAsync<RpcException>(
                () => server.Retrieval.SearchAsync(new(text) { Index = index }).ResponseAsync);
            Assert.Equal(StatusCode.FailedPrecondition, none.StatusCode);
            Assert.Contains(told, none.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WaitingForAnEncoderHoldsNoPlaceOfASearch()
    {
        await using RunningServer server = await TextShop.StartAsync(samples, static options =>
        {
            options.MaxConcurrentSearches = 1;
            options.SearchQueueLimit = 0;
            options.MaxConcurrentEmbeds = 1;
            options.MaxSearchMs = 600_000;
        });
        Task<SearchResponse> asked;
        using (HeldLane held = new(server.Part<EncoderCatalog>().Threads!))
        {
            asked = server.Retrieval.SearchAsync(new SearchRequest { Index = "shop", Texts = { "mouse" }, K = 1 }).ResponseAsync;
            ServedEncoder served = server.Part<EncoderCatalog>().Named("default");
            await RunningServer.Eventually(() => served.Texts!.Waiting == 1, "the text waits for its encoder");
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));
            Assert.False(asked.IsCompleted);
        }
        Assert.Equal([0ul], (await asked).Keys.Numbers);
    }

    [Fact]
    public async Task TheTimeOfACallEndsWhileItsEncoderIsBusy()
    {
        await using RunningServer server = await TextShop.StartAsync(samples, static options =>
        {
            options.MaxConcurrentEmbeds = 1;
            options.MaxSearchMs = 50;
        });
        using HeldLane held = new(server.Part<EncoderCatalog>().Threads!);
        SearchRequest request = new() { Index = "shop", Texts = { "mouse" }, K = 1, OnDeadline = OnDeadline.BestSoFar };

        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(request).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, ended.StatusCode);
        Assert.Contains("MaxSearchMs", ended.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheGenerationThatAnswersIsTheOneWhoseEncoderItWas()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}");
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, options =>
        {
            options.EncoderDirectories.Add(folder.Path);
            options.EmbedCacheRows = 0;
            options.MaxConcurrentEmbeds = 1;
            options.MaxSearchMs = 600_000;
        });
        Ann.Encoding.EncoderInfo encoder = server.Part<EncoderCatalog>().Hosted.Single();
        await LiveCalls.CreateAsync(server, change: request =>
        {
            request.Dimension = (uint)encoder.Dimension;
            request.EncoderFingerprint = encoder.Fingerprint;
        });
        VectorBatch row = (await server.Retrieval.EmbedAsync(new EmbedRequest { Encoder = encoder.Name, Texts = { "shoe" } })).Vectors;
        ulong written = (await server.Ingest.UpsertAsync(
            new UpsertRequest { Index = "shop", Keys = LiveCalls.Keys(7), Vectors = row })).LogPosition;
        string old = server.GenerationOf("shop");
        string next = TextShop.Build(
            Path.Combine(data, "next.ann"), encoder with { Fingerprint = 1, Name = "other" }, Ann.Core.Metric.L2, [1, 2, 3], (long)written);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" });

        Task<SearchResponse> asked;
        SearchRequest request = new() { Index = "shop", Texts = { "shoe" }, K = 1 };
        using (HeldLane held = new(server.Part<EncoderCatalog>().Threads!))
        {
            asked = server.Retrieval.SearchAsync(request).ResponseAsync;
            ServedEncoder served = server.Part<EncoderCatalog>().Named(encoder.Name);
            await RunningServer.Eventually(() => served.Texts!.Waiting == 1, "the text waits for its encoder");
            await server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = next, Force = true });
            Assert.Equal(next, server.GenerationOf("shop"));
        }

        SearchResponse found = await asked;
        Assert.Equal((old, 7ul, 0f), (found.Generation, found.Keys.Numbers[0], found.Scores[0]));
        RpcException after = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(request).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, after.StatusCode); // the encoder of the new one is not hosted
    }

    private static async Task<string> Refused(RunningServer server, SearchRequest request, string field)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(request).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal(field, FieldOf(refused));
        return refused.Status.Detail;
    }

    private static string FieldOf(RpcException refused) =>
        Assert.Single(ErrorTests.Detail<BadRequest>(refused).FieldViolations).Field;

    /// <summary>An answer without what differs from one time to the next.</summary>
    private static SearchResponse Plain(SearchResponse answer)
    {
        SearchResponse plain = answer.Clone();
        plain.Stats.QueueUs = plain.Stats.SearchUs = plain.Stats.FilterUs = plain.Stats.EncodeUs = 0;
        return plain;
    }
}
