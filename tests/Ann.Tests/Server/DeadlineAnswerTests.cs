using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: what a caller gets when there is too little time, too much load, or a recall in place of a beam width.
/// Method: a clock that is an hour early, or the test itself holds the one place.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class DeadlineAnswerTests(SampleIndexes samples)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ACallWithoutTimeIsAnsweredWithWhatThereIs(bool exact)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, time: new EarlyClock());
        SearchRequest request = new()
        {
            Index = "named",
            Queries = RunningServer.Bytes(samples.Rows[..150]),
            K = 5,
            Exact = exact,
            OnDeadline = OnDeadline.BestSoFar,
        };

        SearchResponse answer = await server.Retrieval.SearchAsync(request, deadline: DateTime.UtcNow.AddMinutes(30));

        Assert.Equal(Completeness.TruncatedDeadline, answer.Completeness);
        Assert.Equal(151, answer.RowOffsets.Count);
        Assert.Equal(answer.Keys.Texts.Count, (int)answer.RowOffsets[^1]);
        Assert.True(answer.Stats.HasEstimatedRecall);
        Assert.Equal(0, answer.Stats.EstimatedRecall);
    }

    /// <summary>Rows that there was no time for were not looked at: they may be nonsense, and must not judge a candidate.</summary>
    [Fact]
    public async Task RowsWithoutAnAnswerAreNoQueriesOfRealTraffic()
    {
        await using RunningServer server = await ShopServer.StartAsync(samples, new EarlyClock());
        float[] nonsense = [.. Enumerable.Repeat(float.NaN, LiveCalls.Dimension)];
        SearchRequest request = ShopServer.Request();
        request.Queries = RunningServer.Bytes([.. Enumerable.Range(0, 64).Select(ShopServer.Query), .. Enumerable.Repeat(nonsense, 64)]);
        request.OnDeadline = OnDeadline.BestSoFar;

        SearchResponse answer = await server.Retrieval.SearchAsync(request, deadline: DateTime.UtcNow.AddMinutes(30));

        Assert.Equal(129, answer.RowOffsets.Count);
        using SnapshotLease lease = server.Host.Indexes.Acquire("shop");
        Assert.All(lease.Snapshot.Samples!.Copy(), static query => Assert.DoesNotContain(float.NaN, query));
    }

    [Fact]
    public async Task ACallThatWaitedTooLongIsAnsweredWithoutItsTurn()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, OnePlace);
        SearchRequest request = RunningServer.Request(samples);
        request.OnDeadline = OnDeadline.BestSoFar;
        using QueuePlace held = await server.Part<AdmissionControl>().Searches.EnterAsync(default);

        // The margin is three quarters of the time, and half of the rest is waited: the answer comes long before gRPC would give up. It
        // gets 50 µs, which may even do for a small index.
        SearchResponse answer = await server.Retrieval.SearchAsync(request, deadline: DateTime.UtcNow.AddSeconds(1));

        Assert.Contains(answer.Completeness, new[] { Completeness.TruncatedDeadline, Completeness.DegradedOverload });
        Assert.True(answer.Stats.QueueUs > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UnderPressureSearchesAreNarrowerAndSaySo(bool brownOut)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            OnePlace(options);
            options.BrownOut = brownOut;
        });
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        QueuePlace held = await queue.EnterAsync(default);
        SearchRequest exact = RunningServer.Request(samples);
        exact.Exact = true;

        AsyncUnaryCall<SearchResponse>[] calls =
        [
            .. Enumerable.Range(0, 4).Select(_ => server.Retrieval.SearchAsync(RunningServer.Request(samples))),
            server.Retrieval.SearchAsync(exact),
        ];
        await RunningServer.Eventually(() => queue.Waiting == calls.Length, "the calls wait");
        held.Dispose();
        SearchResponse[] answers = await Task.WhenAll(calls.Select(static call => call.ResponseAsync));

        Assert.All(answers, static answer => Assert.Equal(5, answer.Keys.Numbers.Count));
        Assert.Equal((Completeness.Complete, 0u), (answers[^1].Completeness, answers[^1].Stats.BrownOut));
        foreach (SearchResponse answer in answers[..^1])
        {
            Assert.Equal(brownOut ? Completeness.DegradedOverload : Completeness.Complete, answer.Completeness);
            Assert.InRange(answer.Stats.EfSearch, brownOut ? 5u : 128u, brownOut ? 96u : 128u);
            Assert.Equal(brownOut, answer.Stats.BrownOut > 0);
        }
    }

    [Theory]
    [InlineData(0f, null, "above 0 and below 1")]
    [InlineData(1f, null, "above 0 and below 1")]
    [InlineData(-0.5f, null, "above 0 and below 1")]
    [InlineData(float.NaN, null, "above 0 and below 1")]
    [InlineData(0.9f, 64u, "both set")]
    public async Task ABadTargetIsNamed(float target, uint? ef, string message)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        SearchRequest request = RunningServer.Request(samples);
        request.RecallTarget = target;
        if (ef is { } width)
            request.EfSearch = width;

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(request).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        Assert.Contains("recall_target", e.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(message, e.Status.Detail, StringComparison.Ordinal);
    }

    private static void OnePlace(Ann.Server.ServerOptions options)
    {
        options.MaxConcurrentSearches = 1;
        options.SearchQueueLimit = 8;
        options.DeadlineMarginMs = 10_000;
    }

    private sealed class EarlyClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
    }
}
