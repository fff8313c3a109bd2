using Ann.Client;
using Ann.Protocol.V1;
using Ann.Tests.Server;
using Grpc.Core;

namespace Ann.Tests.Client;

/// <summary>Goal: what is handed to a writer is written once, whatever happens to the server between; what is refused is told.</summary>
[Collection(typeof(ServerTests))]
public sealed class ItemWriterTests(SampleIndexes samples, ITestOutputHelper output)
{
    private static bool IsNightly => Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1";

    [Fact]
    public async Task EveryRowIsThereOnceThroughManyKills()
    {
        (int kills, int rows) = IsNightly ? (20, 100_000) : (4, 20_000);
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        string data = samples.NewDirectory();
        Dictionary<string, string> settings = new() { ["Ann__HeadRows"] = "4096" };
        ServeProcess server = await ServeProcess.StartAsync(data, settings);
        string port = new Uri(server.Address).Authority;
        using AnnClient client = new(server.Address);
        await client.Indexes.CreateAsync(
            new CreateRequest { Index = "shop", Dimension = LiveCalls.Dimension, Metric = Metric.L2, M = 8, EfConstruction = 40 });
        long acknowledged = 0;
        Task<WriteReport> writing = client.Index("shop").WriteAsync(
            Rows(rows), static (batch, key) => batch.Add(key, LiveCalls.Row(key)),
            new WriterOptions
            {
                BufferBytes = 1 << 19,
                Progress = report => Volatile.Write(ref acknowledged, report.Items),
            }, TestContext.Current.CancellationToken);
        try
        {
            for (int kill = 0; kill < kills; kill++)
            {
                long enough = Volatile.Read(ref acknowledged) + random.Next(1, Math.Max(2, rows / kills / 2));
                await RunningServer.Eventually(
                    () => Volatile.Read(ref acknowledged) >= enough || writing.IsCompleted, "acknowledgements before the kill");
                await server.KillAsync();
                server.Dispose();
                server = await ServeProcess.StartAsync(settings, "--data", data, "--listen", port);
            }
            WriteReport report = await writing;
            output.WriteLine($"{report}");
            Assert.Equal(rows, report.Items);
            List<ulong> found = [];
            await foreach (ScrollResponse page in client.Index("shop").ScrollAsync(pageSize: 5_000, withVectors: true))
            {
                for (int i = 0; i < page.Keys.Numbers.Count; i += 97)
                    Assert.Equal(LiveCalls.Row(page.Keys.Numbers[i]), RowOf(page, i));
                found.AddRange(page.Keys.Numbers);
            }
            Assert.Equal(Enumerable.Range(1, rows).Select(static key => (ulong)key), found);
        }
        finally
        {
            server.Dispose();
        }
    }

    [Fact]
    public async Task ABlockThatIsRefusedEndsTheWriterWithTheServersReason()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        using AnnClient client = new(server.Host.Address);
        await using ItemWriter writer = client.Index("shop").OpenWriter();
        ItemBatch batch = new();
        batch.Add(1, LiveCalls.Row(1));
        await writer.WriteAsync(batch, TestContext.Current.CancellationToken);
        Assert.Equal(0, batch.Count);
        batch.Add(2, [1, 2]);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await writer.WriteAsync(batch);
            await writer.CompleteAsync();
        });
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains("Block 2", refused.Status.Detail, StringComparison.Ordinal);
        batch.Add(3, LiveCalls.Row(3));
        await Assert.ThrowsAsync<RpcException>(() => writer.WriteAsync(batch));
    }

    [Fact]
    public async Task AProducerThatGoesOnIsKnown()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        using AnnClient client = new(server.Host.Address);
        WriteReport first = await WriteAsync(new WriterOptions { Producer = "feed" });
        Assert.Equal((3L, 3L, 0L, 3ul), (first.Items, first.Applied, first.Retried, first.Sequence));
        WriteReport again = await WriteAsync(new WriterOptions { Producer = "feed" });
        Assert.Equal((3L, 0L, 3L), (again.Items, again.Applied, again.Retried));
        WriteReport next = await WriteAsync(new WriterOptions { Producer = "feed", FirstSequence = first.Sequence + 1 });
        Assert.Equal((3L, 3L, 0L), (next.Items, next.Applied, next.Retried));

        async Task<WriteReport> WriteAsync(WriterOptions options)
        {
            await using ItemWriter writer = client.Index("shop").OpenWriter(options);
            ItemBatch batch = new();
            for (ulong key = 1; key <= 3; key++)
            {
                batch.Add(key, LiveCalls.Row(key));
                await writer.WriteAsync(batch);
            }
            return await writer.CompleteAsync();
        }
    }

    [Fact]
    public async Task ItemsKeepTheirAttributesAndAreTakenAway()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
        using AnnClient client = new(server.Host.Address);
        IndexClient index = client.Index("shop");
        ShopItem[] items = [.. Enumerable.Range(1, 60).Select(static key => ShopItem.Of((ulong)key))];
        ItemBatch batch = new();
        foreach (ShopItem item in items)
            Add(batch, item);
        Assert.Equal(60ul, (await index.UpsertAsync(batch)).Applied);
        FetchResponse fetched = await index.FetchAsync(
            items.Select(static item => item.Key).ToArray(), ["brand", "tags", "price", "weight", "sale", "added"]);
        ShopItem.RequireEqual(items, fetched.Attributes, "brand", "tags", "price", "weight", "sale", "added");

        batch.Add(1, LiveCalls.Row(1));
        Assert.Equal(1ul, (await index.UpsertAsync(batch, insertOnly: true)).Skipped);
        Assert.Equal((1ul, 1ul), await DeleteAsync(new ulong[] { 60, 61 }));
        Assert.Equal(2ul, await index.AppendToSetAsync("seen:1", new ulong[] { 5, 6 }, TimeSpan.FromHours(1)));
        Assert.Equal(2ul, await index.DropSetAsync("seen:1"));
        await using ItemWriter writer = index.OpenWriter(new WriterOptions { Mode = WriteMode.Delete });
        await writer.DeleteAsync(new ulong[] { 1, 2, 3 });
        Assert.Equal((3L, 3L), ((await writer.CompleteAsync()).Applied, writer.Report.Items));

        async Task<(ulong, ulong)> DeleteAsync(ItemKeys keys)
        {
            DeleteResponse answer = await index.DeleteAsync(keys);
            return (answer.Applied, answer.Skipped);
        }
    }

    [Fact]
    public async Task AWriterKeepsToTheCreditAndItsOwnBuffer()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        TaskCompletionSource granted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource acknowledge = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long received = 0;
        server.Write = async (_, frames, progress) =>
        {
            await frames.MoveNext();
            await progress.WriteAsync(new WriteProgress { CreditBytes = 1 });
            granted.SetResult();
            while (await frames.MoveNext())
            {
                ulong sequence = frames.Current.Block.Sequence;
                Volatile.Write(ref received, (long)sequence);
                if (sequence == 1)
                    await acknowledge.Task;
                await progress.WriteAsync(
                    new WriteProgress { CreditBytes = 1, Received = sequence, Durable = sequence, Visible = sequence });
            }
        };
        using AnnClient client = new(server.Address);
        await using ItemWriter writer = client.Index("any").OpenWriter(new WriterOptions { BufferBytes = 400 });
        ItemBatch batch = new();
        for (ulong key = 1; key <= 2; key++)
        {
            batch.Add(key, new float[32]);
            await writer.WriteAsync(batch);
        }
        batch.Add(3, new float[32]);
        Task third = writer.WriteAsync(batch); // The buffer has room for two.
        await granted.Task;
        await RunningServer.Eventually(() => Volatile.Read(ref received) == 1, "the first block");
        Assert.False(third.IsCompleted);
        Assert.Equal(1, Volatile.Read(ref received));
        acknowledge.SetResult();
        await third;
        WriteReport report = await writer.CompleteAsync();
        Assert.Equal((3L, 3L, 1), (report.Blocks, report.Items, report.Streams));
    }

    [Fact]
    public async Task WhenNobodyIsThereForTooLongTheWriterEnds()
    {
        using AnnClient client = new("http://127.0.0.1:1");
        await using ItemWriter writer = client.Index("any").OpenWriter(new WriterOptions { Patience = TimeSpan.FromMilliseconds(30) });
        RpcException away = await Assert.ThrowsAsync<RpcException>(() => writer.CompleteAsync());
        Assert.Equal(StatusCode.Unavailable, away.StatusCode);
    }

    [Fact]
    public async Task BlocksKeepTheSequencesThatTheyHave()
    {
        await using StagedServer server = await StagedServer.StartAsync();
        List<ulong> received = [];
        server.Write = async (_, frames, progress) =>
        {
            await frames.MoveNext();
            await progress.WriteAsync(new WriteProgress { CreditBytes = 1000 });
            while (await frames.MoveNext())
            {
                received.Add(frames.Current.Block.Sequence);
                await progress.WriteAsync(new WriteProgress { CreditBytes = 1000, Visible = received[^1] });
            }
        };
        using AnnClient client = new(server.Address);
        await using ItemWriter writer = client.Index("any").OpenWriter();
        foreach (ulong sequence in new ulong[] { 10, 0, 25 })
            await writer.WriteAsync(new WriteBlock { Sequence = sequence, Keys = new KeyColumn { Numbers = { 1 } } });
        ArgumentException late = await Assert.ThrowsAsync<ArgumentException>(
            () => writer.WriteAsync(new WriteBlock { Sequence = 25, Keys = new KeyColumn { Numbers = { 1 } } }));
        Assert.Contains("has sequence 25; at least 26", late.Message, StringComparison.Ordinal);
        Assert.Equal(25ul, (await writer.CompleteAsync()).Sequence);
        Assert.Equal([10ul, 11ul, 25ul], received);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AServerThatAcknowledgesNothingIsGivenUp(bool grantsCredit)
    {
        await using StagedServer server = await StagedServer.StartAsync();
        server.Write = async (_, frames, progress) =>
        {
            await frames.MoveNext();
            if (grantsCredit)
                await progress.WriteAsync(new WriteProgress { CreditBytes = 1000 });
        };
        int interrupted = 0;
        using AnnClient client = new(server.Address);
        await using ItemWriter writer = client.Index("any").OpenWriter(new WriterOptions
        {
            Patience = TimeSpan.FromMilliseconds(50),
            Interrupted = _ => interrupted++,
        });
        await writer.WriteAsync(new WriteBlock { Keys = new KeyColumn { Numbers = { 1 } } });
        RpcException ended = await Assert.ThrowsAsync<RpcException>(() => writer.CompleteAsync());
        Assert.Contains("had not acknowledged", ended.Status.Detail, StringComparison.Ordinal);
        Assert.True(interrupted >= 1);
    }

    [Fact]
    public async Task ItemsKeepTheirPayloadsAndAreChanged()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server, change: static request => request.Attributes.Add(ShopItem.Fields()));
        using AnnClient client = new(server.Host.Address);
        IndexClient index = client.Index("shop");
        ItemBatch batch = new();
        batch.Add(1, LiveCalls.Row(1)).Set("price", 5L).SetPayload("one"u8);
        batch.Add(2, LiveCalls.Row(2)).Set("brand", "acme");
        batch.Add(3, LiveCalls.Row(3)).SetPayload("three"u8);
        await index.UpsertAsync(batch);
        Assert.Equal(["1 one", "2 ", "3 three"], await SearchAsync());

        batch.Add(1).Clear("price").SetPayload("uno"u8);
        batch.Add(2).Set("price", 7L).SetPayload([]);
        batch.Add(9).Set("price", 9L).SetPayload([]);
        UpdateResponse changed = await index.UpdateAsync(batch);
        Assert.Equal((2ul, 1ul), (changed.Applied, changed.Skipped));
        Assert.Equal(["1 uno", "2 ", "3 three"], await SearchAsync());

        await using ItemWriter writer = index.OpenWriter(new WriterOptions { Mode = WriteMode.Update });
        batch.Add(3).Clear("price");
        await writer.WriteAsync(batch, TestContext.Current.CancellationToken);
        Assert.Equal(1, (await writer.CompleteAsync()).Applied);
        FetchResponse fetched = await index.FetchAsync(new ulong[] { 1, 2, 3 }, ["price", "brand"], withPayloads: true);
        Assert.Equal([0u, 2u], fetched.Attributes[0].Missing);
        Assert.Equal(7L, fetched.Attributes[0].Integers[1]);
        Assert.Equal("acme", fetched.Attributes[1].Keywords[1]);
        Assert.Equal(["uno", "", "three"], fetched.Payloads.Select(static one => one.ToStringUtf8()));

        async Task<List<string>> SearchAsync()
        {
            using SearchAnswer answer = await index.SearchAsync(
                new SearchQuery { Vectors = LiveCalls.Row(1), K = 10, WithPayloads = true });
            List<string> found = [];
            foreach (AnswerHit hit in answer)
                found.Add($"{hit.NumberKey} {System.Text.Encoding.UTF8.GetString(hit.Payload)}");
            found.Sort(StringComparer.Ordinal);
            using SearchAnswer without = await index.SearchAsync(new SearchQuery { Vectors = LiveCalls.Row(1), K = 1 });
            Assert.Throws<InvalidOperationException>(() => without[0][0].Payload.Length);
            return found;
        }
    }

    [Fact]
    public void ABatchOfChangesSaysWhatNotAllOfItsItemsChange()
    {
        ItemBatch batch = new();
        batch.Add(1).Set("price", 3L);
        batch.Add(2).Set("stock", 4L);
        Refuse("1 of 2 items set or clear attribute 'price'");
        batch.Clear();
        batch.Add(1).SetPayload("a"u8);
        batch.Add(2);
        Refuse("1 of 2 items set a payload");
        batch.Clear();
        batch.Add(1, [1f, 2f]).Set("price", 3L);
        Refuse("have vectors");
        batch.Clear();
        batch.Add("a").Clear("price");
        batch.Add("b").Set("price", 4L);
        batch.Add("c").Clear("price");
        AttributeColumn column = batch.TakeUpdate().Attributes.Single();
        Assert.Equal([0L, 4L, 0L], column.Integers);
        Assert.Equal([0u, 2u], column.Missing);

        void Refuse(string why) =>
            Assert.Contains(why, Assert.Throws<ArgumentException>(() => batch.TakeUpdate()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABatchSaysWhatDoesNotFit()
    {
        ItemBatch batch = new();
        ItemBatchRow first = batch.Add(1, [1, 2]).Set("price", 3L);
        Assert.Throws<InvalidOperationException>(() => batch.Add(2, [1, 2]).Set("price", 3.5));
        Assert.Throws<InvalidOperationException>(() => first.Set("brand", "a"));
        Assert.Throws<ArgumentException>(() => batch.Add(3, [1]));
        Assert.Throws<ArgumentException>(() => batch.Add("three", [1, 2]));
        Assert.Equal(2, batch.Count);
        WriteBlock block = batch.Take();
        Assert.Equal([3L, 0L], block.Attributes.Single().Integers);
        Assert.Equal([1u], block.Attributes.Single().Missing);
    }

    private static void Add(ItemBatch batch, ShopItem item)
    {
        ItemBatchRow row = batch.Add(item.Key, item.Row);
        if (item.Brand is not null)
            row.Set("brand", item.Brand);
        if (item.Tags is not null)
            row.Set("tags", item.Tags);
        if (item.Price is { } price)
            row.Set("price", price);
        if (item.Weight is { } weight)
            row.Set("weight", weight);
        if (item.Sale is { } sale)
            row.Set("sale", sale);
        if (item.Added is { } added)
            row.Set("added", DateTimeOffset.UnixEpoch.AddMicroseconds(added));
    }

    private static float[] RowOf(ScrollResponse page, int row) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(page.Vectors.Data.Span)
            .Slice(row * (int)page.Vectors.Dim, (int)page.Vectors.Dim).ToArray();

    private static async IAsyncEnumerable<ulong> Rows(int count)
    {
        for (int key = 1; key <= count; key++)
        {
            if (key % 1_000 == 0)
                await Task.Yield();
            yield return (ulong)key;
        }
    }
}
