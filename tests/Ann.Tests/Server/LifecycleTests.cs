using System.Net.Sockets;
using Ann.Core;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Hosting;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Tests.Server;

/// <summary>Goal: from the open port to the closed one, health and calls tell the same story.</summary>
[Collection(typeof(ServerTests))]
public sealed class LifecycleTests(SampleIndexes samples)
{
    [Fact]
    public async Task WhileLoadingTheServerSaysSo()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, load: false);
        using AsyncServerStreamingCall<HealthCheckResponse> watch = server.Health.Watch(new HealthCheckRequest { Service = "plain" });
        Assert.Equal(ServingStatus.NotServing, await Next(watch));

        RpcException e = await Fails(server);
        IndexDescription described = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "plain" })).Index;
        Assert.Equal(ServingStatus.NotServing, await Check(server, ""));
        await server.Host.LoadAsync(CancellationToken.None);

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.Contains("loading", e.Status.Detail, StringComparison.Ordinal);
        Assert.True(ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        Assert.Equal(Ann.Protocol.V1.IndexState.Loading, described.State);
        Assert.Equal(ServingStatus.Serving, await Next(watch));
        Assert.Equal(ServingStatus.Serving, await Check(server, ""));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
    }

    /// <summary>One call is kept waiting, so the drain cannot end before the test has looked at it.</summary>
    [Fact]
    public async Task AStopTellsWatchersRefusesNewCallsAndLetsOldOnesEnd()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options =>
        {
            options.MaxConcurrentSearches = 1;
            options.DrainSeconds = 60;
        });
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        using AsyncServerStreamingCall<HealthCheckResponse> index = server.Health.Watch(new HealthCheckRequest { Service = "plain" });
        using AsyncServerStreamingCall<HealthCheckResponse> whole = server.Health.Watch(new HealthCheckRequest());
        Assert.Equal(ServingStatus.Serving, await Next(index));
        Assert.Equal(ServingStatus.Serving, await Next(whole));
        QueuePlace held = await queue.EnterAsync(default);
        AsyncUnaryCall<SearchResponse> old = server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await RunningServer.Eventually(() => queue.Waiting == 1, "the call waits");

        Task stop = server.Host.StopAsync();

        Assert.Equal(ServingStatus.NotServing, await Next(index));
        Assert.Equal(ServingStatus.NotServing, await Next(whole));
        RpcException refused = await Fails(server);
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Contains("stopping", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(ServingStatus.NotServing, await Check(server, "plain"));
        Assert.False(stop.IsCompleted);
        held.Dispose();
        Assert.Equal(5, (await old).Keys.Numbers.Count);
        await stop;
        Assert.False(await index.ResponseStream.MoveNext(default), "the watch ends by itself");
    }

    [Fact]
    public async Task ACallThatOutlastsTheDrainIsCut()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options =>
        {
            options.MaxConcurrentSearches = 1;
            options.DrainSeconds = 0;
        });
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        using QueuePlace held = await queue.EnterAsync(default);
        AsyncUnaryCall<SearchResponse> stuck = server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await RunningServer.Eventually(() => queue.Waiting == 1, "the call waits");

        await server.Host.StopAsync();

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => stuck.ResponseAsync);
        Assert.True(e.StatusCode is StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.Internal, e.ToString());
        await RunningServer.Eventually(() => queue.Waiting == 0, "the call has left the queue");
    }

    [Fact]
    public async Task ADamagedFileFailsAlone()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            samples, options => options.IndexFiles.Add(samples.Damaged("broken")));
        server.Log.Expect("broken");

        RpcException e = await Fails(server, "broken");
        IndexDescription described = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "broken" })).Index;

        Assert.Equal(StatusCode.DataLoss, e.StatusCode);
        Assert.Contains("broken.ann", e.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(Path.GetTempPath(), e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(Ann.Protocol.V1.IndexState.Failed, described.State);
        Assert.Contains("broken.ann", described.Failure, StringComparison.Ordinal);
        Assert.Equal(ServingStatus.NotServing, await Check(server, "broken"));
        Assert.Equal(ServingStatus.Serving, await Check(server, "plain"));
        Assert.Equal(ServingStatus.Serving, await Check(server, ""));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
    }

    [Fact]
    public async Task AServerOfNothingButDamageDoesNotServe()
    {
        string data = samples.NewDirectory();
        File.Copy(samples.Damaged("broken"), Path.Combine(data, "broken.ann"));
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        server.Log.Expect("broken");

        Assert.Equal(ServingStatus.NotServing, await Check(server, ""));
    }

    /// <summary>Who names files wants these: with none of them a start that goes on would look like one that worked.</summary>
    [Fact]
    public async Task AServerWhoseNamedFilesAreAllDamagedDoesNotStart()
    {
        string data = samples.NewDirectory();
        File.Copy(samples.L2, Path.Combine(data, "sound.ann"));

        AnnException e = await Assert.ThrowsAsync<AnnException>(() => RunningServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            options.IndexFiles.Add(samples.Damaged("broken"));
            options.DataDirectory = data;
        }));

        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.Contains("None of the 1 files that were named can be served", e.Message, StringComparison.Ordinal);
        Assert.Contains("broken.ann", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownServiceHasNoHealth()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        using AsyncServerStreamingCall<HealthCheckResponse> watch = server.Health.Watch(new HealthCheckRequest { Service = "nothing" });

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => Check(server, "nothing"));

        Assert.Equal(StatusCode.NotFound, e.StatusCode);
        Assert.Equal(ServingStatus.ServiceUnknown, await Next(watch));
    }

    [Fact]
    public async Task APortInUseNamesTheAddress()
    {
        using TcpListener taken = new(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        string address = taken.LocalEndpoint.ToString()!;

        AnnException e = await Assert.ThrowsAsync<AnnException>(
            () => AnnServerHost.StartAsync(options =>
            {
                options.Listen = address;
                options.EmbeddedEncoder = false;
            }, static _ => { }));

        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Equal("Listen", e.Field);
        Assert.Contains(address, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThreadsAreReadyBesideTheSearches()
    {
        int searches = 2 * Environment.ProcessorCount;
        await using RunningServer server = await RunningServer.StartAsync(samples, options => options.MaxConcurrentSearches = searches);

        ThreadPool.GetMinThreads(out int ready, out _);

        Assert.True(ready > searches + 1, $"{ready} threads are ready for {searches} searches");
    }

    [Fact]
    public async Task ADataDirectoryIsHosted()
    {
        string directory = samples.NewDirectory();
        File.Copy(samples.L2, Path.Combine(directory, "copy.ann"));
        File.WriteAllText(Path.Combine(directory, "notes.txt"), "no index");
        await using RunningServer server = await RunningServer.StartAsync(samples, options => options.DataDirectory = directory);

        ListResponse listed = await server.Indexes.ListAsync(new ListRequest());

        Assert.Equal(["copy", "named", "plain"], listed.Indexes.Select(static index => index.Name));
    }

    private async Task<RpcException> Fails(RunningServer server, string index = "plain") =>
        await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.SearchAsync(RunningServer.Request(samples, index)).ResponseAsync);

    private static async Task<ServingStatus> Check(RunningServer server, string service) =>
        (await server.Health.CheckAsync(new HealthCheckRequest { Service = service })).Status;

    private static async Task<ServingStatus> Next(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(120));
        Assert.True(await watch.ResponseStream.MoveNext(limit.Token));
        return watch.ResponseStream.Current.Status;
    }
}
