using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: payloads come back as they were written, by every call that returns items, when they are asked for.</summary>
[Collection(typeof(ServerTests))]
public sealed class PayloadCallsTests(SampleIndexes samples)
{
    private const int Items = 30;

    [Fact]
    public async Task PayloadsComeBackWhenTheyAreAskedFor()
    {
        await using RunningServer server = await StartAsync();
        SearchRequest search = new() { Index = "shop", K = Items, Queries = RunningServer.Bytes(LiveCalls.Row(3)), WithPayloads = true };
        SearchResponse found = await server.Retrieval.SearchAsync(search);
        Assert.Equal(found.Keys.Numbers.Select(Payload), found.Payloads);
        SearchManyResponse many = await server.Retrieval.SearchManyAsync(new SearchManyRequest { Index = "shop", Searches = { search } });
        Assert.Equal(found.Payloads, many.Answers[0].Payloads);
        RecommendRequest recommend = new() { Search = search.Clone(), PositiveKeys = LiveCalls.Keys(5) };
        recommend.Search.Queries = null;
        SearchResponse like = (await server.Retrieval.RecommendAsync(recommend)).Answer;
        Assert.Equal(like.Keys.Numbers.Select(Payload), like.Payloads);
        FetchResponse fetched = await server.Retrieval.FetchAsync(
            new FetchRequest { Index = "shop", Keys = LiveCalls.Keys(2, 99, 4), WithPayloads = true });
        Assert.Equal([Payload(2), Payload(4)], fetched.Payloads);
        ScrollResponse page = await server.Retrieval.ScrollAsync(new ScrollRequest { Index = "shop", Limit = 10, WithPayloads = true });
        Assert.Equal(page.Keys.Numbers.Select(Payload), page.Payloads);

        search.WithPayloads = false;
        Assert.Empty((await server.Retrieval.SearchAsync(search)).Payloads);
        Assert.Empty((await server.Retrieval.FetchAsync(new FetchRequest { Index = "shop", Keys = LiveCalls.Keys(2) })).Payloads);
        Assert.Empty((await server.Retrieval.ScrollAsync(new ScrollRequest { Index = "shop", Limit = 10 })).Payloads);
    }

    [Fact]
    public async Task ReplacingAnItemReplacesItsPayload()
    {
        await using RunningServer server = await StartAsync();
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(1, 2));
        FetchResponse fetched = await server.Retrieval.FetchAsync(
            new FetchRequest { Index = "shop", Keys = LiveCalls.Keys(1, 2), WithPayloads = true });
        Assert.Equal([Payload(1), ByteString.Empty], fetched.Payloads);
    }

    [Fact]
    public async Task WrongPayloadsAreRefusedAndNothingIsWritten()
    {
        await using RunningServer server = await StartAsync();
        UpsertRequest upsert = LiveCalls.Upsert(1, 100, 101);
        upsert.Payloads.Add(Payload(1));
        await RefuseAsync(upsert, "payloads hold 1; keys hold 2");
        upsert.Payloads.Add(ByteString.CopyFrom(new byte[(1 << 20) + 1]));
        await RefuseAsync(upsert, "the payload of item 1 takes 1048577 bytes; at most 1048576");
        WriteFrame block = LiveCalls.Block(1, 100);
        block.Block.Payloads.Add([Payload(1), Payload(2)]);
        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(server, LiveCalls.Start(), block));
        Assert.Contains("Block 1, payloads: payloads hold 2; keys hold 1", ended.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(2, (await server.Retrieval.FetchAsync(new FetchRequest { Index = "shop", Keys = LiveCalls.Keys(100, 101) }))
            .Missing.Numbers.Count);

        async Task RefuseAsync(UpsertRequest request, string why)
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(() => server.Ingest.UpsertAsync(request).ResponseAsync);
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Contains(why, refused.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AReplyOfPayloadsKeepsToWhatOneMayTake()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.MaxReplyBytes = 4 << 20);
        await LiveCalls.CreateAsync(server);
        UpsertRequest upsert = LiveCalls.Upsert(0, 1, 2, 3);
        for (int i = 0; i < 3; i++)
            upsert.Payloads.Add(ByteString.CopyFrom(new byte[1 << 20]));
        await server.Ingest.UpsertAsync(upsert);
        FetchRequest fetch = new() { Index = "shop", Keys = LiveCalls.Keys(1, 2, 3), WithPayloads = true };
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.FetchAsync(fetch).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("MaxReplyBytes", refused.Status.Detail, StringComparison.Ordinal);
        fetch.Keys = LiveCalls.Keys(3);
        Assert.Equal(1 << 20, (await server.Retrieval.FetchAsync(fetch)).Payloads.Single().Length);
    }

    private async Task<RunningServer> StartAsync()
    {
        RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        ulong[] keys = [.. Enumerable.Range(1, Items).Select(static key => (ulong)key)];
        UpsertRequest upsert = LiveCalls.Upsert(0, keys);
        upsert.Payloads.Add(keys.Select(Payload));
        await server.Ingest.UpsertAsync(upsert);
        return server;
    }

    /// <summary>Every third item has none.</summary>
    private static ByteString Payload(ulong key) =>
        key % 3 == 0 ? ByteString.Empty : ByteString.CopyFromUtf8(new string((char)('a' + key % 26), (int)key));
}
