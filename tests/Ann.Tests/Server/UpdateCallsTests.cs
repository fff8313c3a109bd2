using Ann.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: an update changes what it names of items that exist, nothing else, and all of it at once.</summary>
[Collection(typeof(ServerTests))]
public sealed class UpdateCallsTests(SampleIndexes samples)
{
    [Fact]
    public async Task WhatIsGivenChangesAndTheRestStays()
    {
        await using RunningServer server = await StartAsync();
        UpdateResponse updated = await server.Ingest.UpdateAsync(new UpdateRequest
        {
            Index = "shop",
            Keys = LiveCalls.Keys(1, 2, 77),
            Attributes = { new AttributeColumn { Name = "price", Integers = { 500, 0, 700 }, Missing = { 1 } } },
        });
        Assert.Equal((2ul, 1ul, false), (updated.Applied, updated.Skipped, updated.IsRetry));
        FetchResponse now = await FetchAsync(server, 1, 2, 3);
        Assert.Equal([LiveCalls.Row(1), LiveCalls.Row(2), LiveCalls.Row(3)], Rows(now));
        Assert.Equal([500, 0, 3], now.Attributes[0].Integers);
        Assert.Equal([1u], now.Attributes[0].Missing);
        Assert.Equal(["brand 1", "brand 2", "brand 3"], now.Attributes[1].Keywords);
        Assert.Equal(["one", "two", "three"], now.Payloads.Select(static one => one.ToStringUtf8()));

        await server.Ingest.UpdateAsync(new UpdateRequest
        {
            Index = "shop",
            Keys = LiveCalls.Keys(3, 2, 3),
            Payloads = { ByteString.CopyFromUtf8("passing"), ByteString.Empty, ByteString.CopyFromUtf8("drei") },
        });
        now = await FetchAsync(server, 1, 2, 3);
        Assert.Equal(["one", "", "drei"], now.Payloads.Select(static one => one.ToStringUtf8()));
        Assert.Equal([500, 0, 3], now.Attributes[0].Integers);

        SearchResponse found = await server.Retrieval.SearchAsync(new SearchRequest
        {
            Index = "shop",
            K = 10,
            Queries = RunningServer.Bytes(LiveCalls.Row(1)),
            Filter = new Filter { Range = new RangeClause { Attribute = "price", From = new RangeBound { Integer = 400 } } },
        });
        Assert.Equal([1ul], found.Keys.Numbers);
        Assert.Equal(3, (await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "shop", K = 10, Queries = RunningServer.Bytes(LiveCalls.Row(1)) })).Keys.Numbers.Count);
    }

    [Fact]
    public async Task AStreamOfUpdatesIsAcknowledgedAndKnownAgain()
    {
        await using RunningServer server = await StartAsync();
        WriteFrame block = new()
        {
            Block = new WriteBlock
            {
                Sequence = 1,
                Keys = LiveCalls.Keys(1, 9),
                Attributes = { new AttributeColumn { Name = "brand", Missing = { 0, 1 } } },
            },
        };
        WriteFrame[] frames = [LiveCalls.Start(mode: WriteMode.Update, producer: "prices"), block];
        Assert.Equal((1ul, 1ul, 0ul), Told((await LiveCalls.WriteAsync(server, frames))[^1]));
        Assert.Equal((0ul, 0ul, 1ul), Told((await LiveCalls.WriteAsync(server, frames))[^1]));
        Assert.Equal([0u], (await FetchAsync(server, 1)).Attributes[1].Missing);
    }

    [Fact]
    public async Task WrongUpdatesAreRefusedAndNothingIsWritten()
    {
        await using RunningServer server = await StartAsync();
        UpdateRequest update = new() { Index = "shop", Keys = LiveCalls.Keys(1) };
        update.Attributes.Add(new AttributeColumn { Name = "colour", Keywords = { "red" } });
        await RefuseAsync("colour");
        update.Attributes[0] = new AttributeColumn { Name = "price", Keywords = { "red" } };
        await RefuseAsync("price");
        update.Attributes[0] = new AttributeColumn { Name = "price", Integers = { 7, 8 } };
        await RefuseAsync("2 values for 1 keys");
        UpsertRequest upsert = LiveCalls.Upsert(1, 1);
        upsert.Mode = WriteMode.Update;
        RpcException other = await Assert.ThrowsAsync<RpcException>(() => server.Ingest.UpsertAsync(upsert).ResponseAsync);
        Assert.Contains("Call Update", other.Status.Detail, StringComparison.Ordinal);
        WriteFrame[] frames = [LiveCalls.Start(mode: WriteMode.Update), LiveCalls.Block(1, 1)];
        RpcException rows = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(server, frames));
        Assert.Contains("an update takes none", rows.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([1L], (await FetchAsync(server, 1)).Attributes[0].Integers);

        async Task RefuseAsync(string why)
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(() => server.Ingest.UpdateAsync(update).ResponseAsync);
            Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
            Assert.Contains(why, refused.Status.Detail, StringComparison.Ordinal);
        }
    }

    private static (ulong Applied, ulong Skipped, ulong Retried) Told(WriteProgress progress) =>
        (progress.Applied, progress.Skipped, progress.Retried);

    private static IEnumerable<float[]> Rows(FetchResponse fetched) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(fetched.Vectors.Data.Span).ToArray().Chunk(LiveCalls.Dimension);

    private static async Task<FetchResponse> FetchAsync(RunningServer server, params ulong[] keys) => await server.Retrieval.FetchAsync(
        new FetchRequest
        {
            Index = "shop",
            Keys = LiveCalls.Keys(keys),
            Attributes = { "price", "brand" },
            WithVectors = true,
            WithPayloads = true,
        });

    private async Task<RunningServer> StartAsync()
    {
        RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: static request =>
        {
            request.Attributes.Add(new AttributeField { Name = "price", Type = AttributeType.Int64 });
            request.Attributes.Add(new AttributeField { Name = "brand", Type = AttributeType.Keyword });
        });
        UpsertRequest upsert = LiveCalls.Upsert(0, 1, 2, 3);
        upsert.Attributes.Add(new AttributeColumn { Name = "price", Integers = { 1, 2, 3 } });
        upsert.Attributes.Add(new AttributeColumn { Name = "brand", Keywords = { "brand 1", "brand 2", "brand 3" } });
        upsert.Payloads.Add(new[] { "one", "two", "three" }.Select(ByteString.CopyFromUtf8));
        await server.Ingest.UpsertAsync(upsert);
        return server;
    }
}
