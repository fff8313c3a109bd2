using Ann.Protocol.V1;
using Ann.Server.Admission;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: the queue is bounded, and a call leaves it when nobody waits for it any more.
/// Method: one place, and the test itself holds it; nothing depends on how long anything takes.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class AdmissionTests(SampleIndexes samples)
{
    [Fact]
    public async Task AFullQueueIsRefusedWithADelay()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, OnePlace(waiting: 0));
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        QueuePlace held = await queue.EnterAsync(default);

        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => server.Retrieval.SearchAsync(RunningServer.Request(samples)).ResponseAsync);
        held.Dispose();
        SearchResponse later = await server.Retrieval.SearchAsync(RunningServer.Request(samples));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Contains("1 running, 0 waiting", e.Status.Detail, StringComparison.Ordinal);
        Assert.True(ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Equal(5, later.Keys.Numbers.Count);
    }

    [Fact]
    public async Task AWaitingCallIsAnsweredWhenItsTurnComes()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, OnePlace(waiting: 1));
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        QueuePlace held = await queue.EnterAsync(default);

        AsyncUnaryCall<SearchResponse> waiting = server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await RunningServer.Eventually(() => queue.Waiting == 1, "the call waits");
        RpcException refused = await Assert.ThrowsAsync<RpcException>(
            () => server.Retrieval.SearchAsync(RunningServer.Request(samples)).ResponseAsync);
        held.Dispose();

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        SearchResponse answer = await waiting;
        Assert.True(answer.Stats.QueueUs > 0);
    }

    [Fact]
    public async Task ACancelledCallLeavesTheQueue()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, OnePlace(waiting: 1));
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        using QueuePlace held = await queue.EnterAsync(default);
        using CancellationTokenSource patience = new();

        AsyncUnaryCall<SearchResponse> call = server.Retrieval.SearchAsync(
            RunningServer.Request(samples), cancellationToken: patience.Token);
        await RunningServer.Eventually(() => queue.Waiting == 1, "the call waits");
        await patience.CancelAsync();

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await RunningServer.Eventually(() => queue.Waiting == 0, "the call has left the queue");
    }

    [Fact]
    public async Task ACallLeavesTheQueueAtItsDeadline()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, OnePlace(waiting: 1));
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        using QueuePlace held = await queue.EnterAsync(default);

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(
            RunningServer.Request(samples), deadline: DateTime.UtcNow.AddMilliseconds(200)).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await RunningServer.Eventually(() => queue.Waiting == 0, "the call has left the queue");
    }

    /// <summary>The server's clock runs an hour ahead, so the deadline has passed for the search and not for gRPC.</summary>
    [Fact]
    public async Task TheDeadlineReachesTheSearch()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, time: new EarlyClock());
        SearchRequest request = RunningServer.Request(samples);
        request.Exact = true;

        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => server.Retrieval.SearchAsync(request, deadline: DateTime.UtcNow.AddMinutes(30)).ResponseAsync);
        SearchResponse without = await server.Retrieval.SearchAsync(request);

        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        Assert.Contains("before the answer was complete", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(5, without.Keys.Numbers.Count);
    }

    private static Action<Ann.Server.ServerOptions> OnePlace(int waiting) => options =>
    {
        options.MaxConcurrentSearches = 1;
        options.SearchQueueLimit = waiting;
    };

    private sealed class EarlyClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
    }
}
