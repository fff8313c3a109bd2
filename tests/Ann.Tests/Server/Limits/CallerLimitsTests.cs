using System.Diagnostics.Metrics;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Hosting;
using Ann.Server.Telemetry;
using Ann.Tests.Server.Access;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using StatusCode = Grpc.Core.StatusCode;

namespace Ann.Tests.Server.Limits;

/// <summary>
/// Goal: a call is refused by the limits of its caller, of its index, of both, and by no other's; what it is told is true. Method: real
/// calls to servers whose clock stands.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class CallerLimitsTests(SampleIndexes samples)
{
    private readonly StoppedTime _time = new();

    [Fact]
    public async Task ARateRefusesWithTheDelayAndTheNameOfTheLimit()
    {
        await using RunningServer server = await StartAsync("""[{"caller": "anonymous", "requests_per_second": 5}]""");
        for (int i = 0; i < 5; i++)
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));

        RpcException e = await RefusedAsync(server);

        Assert.Contains("requests_per_second of caller 'anonymous' is 5", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(0.2), ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan());
        Assert.Equal("requests_per_second", Assert.Single(ErrorTests.Detail<QuotaFailure>(e).Violations).Subject);
        Assert.Equal("200", e.Trailers.GetValue("grpc-retry-pushback-ms"));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await RefusedAsync(server);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, (await server.Health.CheckAsync(new HealthCheckRequest())).Status);
    }

    [Theory]
    [InlineData("""{"caller": "*", "k": 5}""", "k")]
    [InlineData("""{"caller": "*", "ef": 50}""", "ef")]
    [InlineData("""{"caller": "*", "rows_per_request": 1}""", "rows_per_request")]
    [InlineData("""{"index": "plain", "k": 5}""", "k")]
    [InlineData("""{"caller": "anonymous", "index": "pl*", "rows_per_request": 1}""", "rows_per_request")]
    public async Task WhatIsTooLargeNeverPassesAndIsToldSo(string rule, string limit)
    {
        await using RunningServer server = await StartAsync($"[{rule}]");
        SearchRequest request = RunningServer.Request(samples);
        request.K = 6;
        request.EfSearch = 60;
        request.Queries = RunningServer.Bytes(samples.Rows[0], samples.Rows[1]);

        RpcException e = await RefusedAsync(server, request);

        Assert.Contains($"{limit} of ", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(limit, Assert.Single(ErrorTests.Detail<QuotaFailure>(e).Violations).Subject);
        Assert.Equal("-1", e.Trailers.GetValue("grpc-retry-pushback-ms"));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
    }

    [Fact]
    public async Task ALimitOfAnIndexIsOfThatIndexAlone()
    {
        await using RunningServer server = await StartAsync("""[{"index": "plain", "requests_per_second": 2}]""");
        string generation = server.GenerationOf("plain");
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples, $"plain@{generation}"));

        RpcException e = await RefusedAsync(server);

        Assert.Contains("of index 'plain'", e.Status.Detail, StringComparison.Ordinal);
        await server.Retrieval.FetchAsync(new FetchRequest { Index = "named", Keys = new KeyColumn { Texts = { "item-1" } } });
        RpcException nobody = await Assert.ThrowsAsync<RpcException>(
            () => server.Retrieval.SearchAsync(RunningServer.Request(samples, "nobody")).ResponseAsync);
        Assert.Equal(StatusCode.NotFound, nobody.StatusCode);
    }

    [Fact]
    public async Task BytesAreCountedBeforeTheyAreRead()
    {
        SearchRequest request = RunningServer.Request(samples);
        await using RunningServer server = await StartAsync($$"""[{"caller": "*", "bytes_per_second": {{2 * request.CalculateSize()}}}]""");
        await server.Retrieval.SearchAsync(request);
        await server.Retrieval.SearchAsync(request);

        RpcException e = await RefusedAsync(server, request);

        Assert.Equal("bytes_per_second", Assert.Single(ErrorTests.Detail<QuotaFailure>(e).Violations).Subject);
        Assert.True(ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan() > TimeSpan.Zero);
    }

    [Fact]
    public async Task SearchesUnderWayAreCountedAndGivenBack()
    {
        await using RunningServer server = await StartAsync(
            """[{"caller": "*", "concurrent_searches": 2}]""", static options => options.MaxConcurrentSearches = 1);
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        QueuePlace held = await queue.EnterAsync(default);
        Task<SearchResponse>[] waiting =
            [.. Enumerable.Range(0, 2).Select(_ => server.Retrieval.SearchAsync(RunningServer.Request(samples)).ResponseAsync)];
        await RunningServer.Eventually(() => queue.Waiting == 2, "both wait");

        RpcException e = await RefusedAsync(server);
        Assert.Contains("concurrent_searches", e.Status.Detail, StringComparison.Ordinal);
        Assert.True(ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan() > TimeSpan.Zero);
        held.Dispose();
        await Task.WhenAll(waiting);

        for (int i = 0; i < 5; i++)
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));
    }

    [Fact]
    public async Task WritesAreRefusedAndStreamsAreSlowed()
    {
        string file = Path.Combine(samples.NewDirectory(), "limits.json");
        File.WriteAllText(file, """{"version": 1, "limits": [{"index": "shop", "write_rows_per_second": 20, "rows_per_request": 8}]}""");
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), options => options.LimitsFile = file);
        await LiveCalls.CreateAsync(server);
        using Counted counted = new();
        ulong[] keys = [1, 2, 3, 4, 5, 6, 7, 8];
        List<WriteProgress> heard = await LiveCalls.WriteAsync(
            server, [LiveCalls.Start(), .. Enumerable.Range(1, 4).Select(i => LiveCalls.Block((ulong)i, keys))]);

        Assert.Equal(4ul, heard[^1].Visible);
        Assert.True(counted.Of("ann.limits.slowed") >= 1);
        RpcException tooMany = await Assert.ThrowsAsync<RpcException>(
            () => server.Ingest.UpsertAsync(LiveCalls.Upsert(1, [.. keys, 9])).ResponseAsync);
        Assert.Contains("rows_per_request of index 'shop' is 8; the request asks for 9", tooMany.Status.Detail, StringComparison.Ordinal);
        RpcException? refused = null;
        for (int i = 0; i < 100 && refused is null; i++)
        {
            try
            {
                await server.Ingest.UpsertAsync(LiveCalls.Upsert(1, keys));
            }
            catch (RpcException e)
            {
                refused = e;
            }
        }
        Assert.NotNull(refused);
        Assert.Contains("write_rows_per_second of index 'shop'", refused.Status.Detail, StringComparison.Ordinal);
        Assert.True(counted.Of("ann.limits.refused", "write_rows_per_second", "index") >= 1);
        Assert.Equal(1, counted.Of("ann.limits.refused", "rows_per_request", "index"));
    }

    [Fact]
    public async Task OneCallersLimitIsNotAnothers()
    {
        string file = Path.Combine(samples.NewDirectory(), "limits.json");
        File.WriteAllText(file, """{"version": 1, "limits": [{"caller": "key:batch*", "requests_per_second": 0.001}]}""");
        await using GuardedServer server = await GuardedServer.StartAsync(samples, options => options.LimitsFile = file);
        (string batch, _) = server.NewKey("batch-7", "read:*");
        (string page, _) = server.NewKey("page", "read:*");
        server.LookAtFiles();
        Retrieval.RetrievalClient ofBatch = new(server.Connect(batch));
        Retrieval.RetrievalClient ofPage = new(server.Connect(page));
        await ofBatch.SearchAsync(RunningServer.Request(samples));

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => ofBatch.SearchAsync(RunningServer.Request(samples)).ResponseAsync);
        for (int i = 0; i < 20; i++)
            await ofPage.SearchAsync(RunningServer.Request(samples));

        Assert.Contains("of caller 'key:batch-7'", e.Status.Detail, StringComparison.Ordinal);
        Assert.InRange(ErrorTests.Detail<RetryInfo>(e).RetryDelay.ToTimeSpan().TotalSeconds, 900, 1000);

        // A changed file counts from the next call on; what cannot be used changes nothing.
        File.WriteAllText(file, """{"version": 1, "limits": [{"caller": "key:batch*", "requests_per_second": -1}]}""");
        server.LookAtFiles();
        server.Log.Expect("requests_per_second -1");
        await Assert.ThrowsAsync<RpcException>(() => ofBatch.SearchAsync(RunningServer.Request(samples)).ResponseAsync);
        File.WriteAllText(file, """{"version": 1, "limits": []}""");
        server.LookAtFiles();
        await ofBatch.SearchAsync(RunningServer.Request(samples));
    }

    [Fact]
    public async Task AFileThatCannotBeUsedEndsTheStart()
    {
        Ann.Core.AnnException e = await Assert.ThrowsAsync<Ann.Core.AnnException>(
            () => StartAsync("""[{"caller": "*", "k": 0}, {"weight": 1}]"""));
        Assert.Contains("limits[0] has k 0", e.Message, StringComparison.Ordinal);
        Assert.Contains("limits[1] names neither", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAFileNothingOfLimitsIsInTheWayOfACall()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        Assert.Null(server.Host.Services.GetService<LimitInterceptor>());
        Assert.Null(server.Part<CallerBook>().Rules);
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        Assert.Equal(0, server.Part<CallerBook>().Count);
    }

    private async Task<RunningServer> StartAsync(string rules, Action<Ann.Server.ServerOptions>? configure = null)
    {
        string file = Path.Combine(samples.NewDirectory(), "limits.json");
        File.WriteAllText(file, $$"""{"version": 1, "limits": {{rules}}}""");
        return await RunningServer.StartAsync(samples, options =>
        {
            options.LimitsFile = file;
            configure?.Invoke(options);
        }, _time);
    }

    private async Task<RpcException> RefusedAsync(RunningServer server, SearchRequest? request = null)
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => server.Retrieval.SearchAsync(request ?? RunningServer.Request(samples)).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        return e;
    }

    /// <summary>Counts what limits count, of every server of the process.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Lock _lock = new();
        private readonly List<(string Name, string Tags)> _counts = [];

        public Counted()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Scope is ServerMetrics && instrument.Name.StartsWith("ann.limits", StringComparison.Ordinal))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) =>
            {
                string text = string.Join(" ", tags.ToArray().Select(static tag => tag.Value));
                lock (_lock)
                    _counts.Add((instrument.Name, text));
            });
            _listener.Start();
        }

        public int Of(string name, params string[] tags)
        {
            lock (_lock)
                return _counts.Count(count => count.Name == name && (tags.Length == 0 || count.Tags == string.Join(" ", tags)));
        }

        public void Dispose() => _listener.Dispose();
    }
}
