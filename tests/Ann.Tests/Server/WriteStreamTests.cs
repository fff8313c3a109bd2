using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: a stream's acknowledgements are true, cumulative and few; whatever ends it, what was acknowledged stays.</summary>
[Collection(typeof(ServerTests))]
public sealed class WriteStreamTests(SampleIndexes samples)
{
    /// <summary>What is wrong with the third block, and words of the message.</summary>
    public static TheoryData<string, Action<WriteBlock>, string> BadBlocks => new()
    {
        { "NaN", static b => b.Vectors = RunningServer.Bytes(new float[8], [float.NaN, .. new float[7]]), "Block 3, vectors: row 1" },
        { "dimension", static b => b.Vectors = RunningServer.Bytes([1f], [2f]), "Block 3, vectors: Index 'shop' holds" },
        { "kind of keys", static b => b.Keys = new KeyColumn { Texts = { "a" } }, "Block 3, keys: Index 'shop' has numbers" },
        { "no keys", static b => b.Keys = null, "Block 3, keys: keys are empty" },
        { "rows", static b => b.Keys.Numbers.Add(5), "Block 3, vectors: vectors hold 2 rows; keys hold 3" },
        { "sequence", static b => b.Sequence = 2, "sequence 2; it must be at least 3" },
        { "sequence 0", static b => b.Sequence = 0, "sequence 0" },
    };

    /// <summary>A first frame that is refused, its code, and words of the message.</summary>
    public static TheoryData<string, WriteFrame, StatusCode, string> BadStarts => new()
    {
        { "a block", LiveCalls.Block(1, 1), StatusCode.InvalidArgument, "first frame must be a start" },
        { "nothing", new WriteFrame(), StatusCode.InvalidArgument, "first frame must be a start" },
        { "no mode", LiveCalls.Start(mode: WriteMode.Unspecified), StatusCode.InvalidArgument, "mode is Unspecified" },
        { "no index", LiveCalls.Start(""), StatusCode.InvalidArgument, "empty" },
        { "unknown", LiveCalls.Start("nobody"), StatusCode.NotFound, "'nobody'" },
        { "generation", LiveCalls.Start("shop@0000000000000000"), StatusCode.FailedPrecondition, "0000000000000000" },
        { "producer", LiveCalls.Start(producer: new string('x', 129)), StatusCode.InvalidArgument, "129 bytes" },
    };

    [Fact]
    public async Task TheCreditComesFirstAndTheLastAcknowledgementCoversAll()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);

        List<WriteProgress> heard = await LiveCalls.WriteAsync(
            server, LiveCalls.Start(), LiveCalls.Block(1, 1, 2), LiveCalls.Block(7, 2, 3), LiveCalls.Block(9, 4));

        Assert.Equal((0ul, (ulong)(4 << 20)), (heard[0].Visible, heard[0].CreditBytes));
        WriteProgress last = heard[^1];
        Assert.Equal((9ul, 9ul, 9ul), (last.Received, last.Durable, last.Visible));
        Assert.Equal((5ul, 0ul, 0ul), (last.Applied, last.Skipped, last.Retried));
        Assert.True(last.LogPosition > 0);
        Assert.All(heard, static progress => Assert.True(progress.Visible <= progress.Durable && progress.Durable <= progress.Received));
        Assert.All(heard.Zip(heard.Skip(1)), static pair => Assert.True(pair.First.Visible <= pair.Second.Visible));
        Assert.Equal([1ul, 2ul, 3ul, 4ul], (await LiveCalls.FetchAsync(server, "shop", 1, 2, 3, 4)).Found.Numbers);
    }

    [Fact]
    public async Task UnderLoadOneAcknowledgementCoversManyBlocks()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.CommitWindowMs = 20);
        await LiveCalls.CreateAsync(server);
        const int blocks = 2_000;

        List<WriteProgress> heard = await LiveCalls.WriteAsync(
            server, [LiveCalls.Start(), .. Enumerable.Range(1, blocks).Select(static i => LiveCalls.Block((ulong)i, (ulong)i))]);

        Assert.Equal((ulong)blocks, heard[^1].Visible);
        Assert.True(heard.Count < blocks / 4, $"{heard.Count} acknowledgements for {blocks} blocks");
    }

    /// <summary>The server holds such a client back; it must neither lose a block nor stop.</summary>
    [Fact]
    public async Task AClientThatIgnoresItsCreditIsHeldBackAndServed()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.WriteCreditBytes = 64 << 10);
        await LiveCalls.CreateAsync(server);
        WriteFrame[] blocks =
        [
            .. Enumerable.Range(1, 40).Select(static i => LiveCalls.Block(
                (ulong)i, [.. Enumerable.Range(0, 500).Select(row => (ulong)(i * 500 + row))])),
        ];

        List<WriteProgress> heard = await LiveCalls.WriteAsync(server, [LiveCalls.Start(), .. blocks]);

        Assert.True(blocks.Sum(static block => block.CalculateSize()) > 8 * (64 << 10), "several credits");
        Assert.Equal(40ul, heard[^1].Visible);
        Assert.Equal(20_000ul, (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "shop" })).Index.Count);
    }

    [Fact]
    public async Task BlocksOfAProducerThatComeAgainChangeNothing()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        WriteFrame start = LiveCalls.Start(producer: "feed");
        await LiveCalls.WriteAsync(server, start, LiveCalls.Block(1, 1), LiveCalls.Block(2, 2));
        await server.Ingest.DeleteAsync(new DeleteRequest { Index = "shop", Keys = LiveCalls.Keys(1) });

        List<WriteProgress> heard = await LiveCalls.WriteAsync(
            server, start, LiveCalls.Block(1, 1), LiveCalls.Block(2, 2), LiveCalls.Block(3, 3));

        Assert.Equal((3ul, 1ul, 2ul), (heard[^1].Visible, heard[^1].Applied, heard[^1].Retried));
        Assert.Equal([2ul, 3ul], (await LiveCalls.FetchAsync(server, "shop", 1, 2, 3)).Found.Numbers);
    }

    [Theory]
    [MemberData(nameof(BadBlocks), DisableDiscoveryEnumeration = true)]
    public async Task ABadBlockEndsTheStreamAndTheBlocksBeforeItStay(string mistake, Action<WriteBlock> spoil, string words)
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        WriteFrame bad = LiveCalls.Block(3, 30, 31);
        spoil(bad.Block);
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = server.Ingest.Write();
        List<WriteProgress> heard = [];

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            foreach (WriteFrame frame in new[] { LiveCalls.Start(), LiveCalls.Block(1, 10), LiveCalls.Block(2, 20), bad })
                await call.RequestStream.WriteAsync(frame);
            await foreach (WriteProgress progress in call.ResponseStream.ReadAllAsync())
                heard.Add(progress);
        });

        Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{mistake}: {e}");
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
        Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations);
        Assert.Equal(2ul, heard[^1].Visible);
        Assert.Equal([10ul, 20ul], (await LiveCalls.FetchAsync(server, "shop", 10, 20, 30, 31)).Found.Numbers);
    }

    [Theory]
    [MemberData(nameof(BadStarts), DisableDiscoveryEnumeration = true)]
    public async Task ABadStartIsRefused(string mistake, WriteFrame start, StatusCode code, string words)
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(server, start));

        Assert.True(e.StatusCode == code, $"{mistake}: {e}");
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStreamOfNothingAndASecondStartAreRefused()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);

        RpcException empty = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(server));
        RpcException twice = await Assert.ThrowsAsync<RpcException>(
            () => LiveCalls.WriteAsync(server, LiveCalls.Start(), LiveCalls.Start()));

        Assert.All([empty, twice], static e => Assert.Equal(StatusCode.InvalidArgument, e.StatusCode));
        Assert.Contains("the stream is empty", empty.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("a stream has one start", twice.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADeleteStreamTakesNoVectors()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2));
        WriteFrame start = LiveCalls.Start(mode: WriteMode.Delete);
        WriteFrame gone = new() { Block = new WriteBlock { Sequence = 1, Keys = LiveCalls.Keys(1, 9) } };

        List<WriteProgress> heard = await LiveCalls.WriteAsync(server, start, gone);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(server, start, LiveCalls.Block(1, 2)));

        Assert.Equal((1ul, 1ul), (heard[^1].Applied, heard[^1].Skipped));
        Assert.Contains("a delete takes none", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal([2ul], (await LiveCalls.FetchAsync(server, "shop", 1, 2)).Found.Numbers);
    }

    [Fact]
    public async Task ACallerThatGoesAwayDisturbsNobody()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        using (AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = server.Ingest.Write())
        {
            await call.RequestStream.WriteAsync(LiveCalls.Start());
            await call.RequestStream.WriteAsync(LiveCalls.Block(1, 1));
            while (await call.ResponseStream.MoveNext(default) && call.ResponseStream.Current.Visible < 1)
            {
                // Until it is acknowledged.
            }
        }

        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 2));

        Assert.Equal([1ul, 2ul], (await LiveCalls.FetchAsync(server, "shop", 1, 2)).Found.Numbers);
    }

    [Fact]
    public async Task AStopFinishesWhatWasReceivedAndTellsTheStream()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.DrainSeconds = 60);
        await LiveCalls.CreateAsync(server);
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> call = server.Ingest.Write();
        await call.RequestStream.WriteAsync(LiveCalls.Start());
        await call.RequestStream.WriteAsync(LiveCalls.Block(1, 1));
        ulong visible = 0;
        while (visible < 1 && await call.ResponseStream.MoveNext(default))
            visible = call.ResponseStream.Current.Visible;

        Task stop = server.Host.StopAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(default))
                visible = call.ResponseStream.Current.Visible;
        });
        await stop;

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.Contains("stopping", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(1ul, visible);
    }

    [Fact]
    public async Task OneStreamTooManyIsToldToComeBack()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.MaxWriteStreams = 1);
        await LiveCalls.CreateAsync(server);
        using AsyncDuplexStreamingCall<WriteFrame, WriteProgress> first = server.Ingest.Write();
        await first.RequestStream.WriteAsync(LiveCalls.Start());
        Assert.True(await first.ResponseStream.MoveNext(default));

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.WriteAsync(server, LiveCalls.Start()));
        UpsertResponse unary = await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.True(ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Equal(1ul, unary.Applied);
        await first.RequestStream.CompleteAsync();
        Assert.False(await first.ResponseStream.MoveNext(default), "the first stream ends in order");
    }
}
