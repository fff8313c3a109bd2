using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Ann.Protocol.V1;
using Ann.Server.Admission;
using Ann.Server.Telemetry;
using Grpc.Core;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: a traced call goes on with its caller's trace, and tells where its time went.</summary>
[Collection(typeof(ServerTests))]
public sealed class SpansTests(SampleIndexes samples) : IDisposable
{
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _caller = ActivitySpanId.CreateRandom();
    private readonly ConcurrentQueue<Activity> _ended = new();
    private ActivityListener? _listener;

    [Fact]
    public async Task ASearchTellsItsParts()
    {
        await using RunningServer server = await TextShop.StartAsync(samples);
        Listen();

        await server.Retrieval.SearchAsync(
            new SearchRequest
            {
                Index = "shop",
                Texts = { "mouse" },
                K = 3,
                RequestTag = "mine",
                Exclude = new Ann.Protocol.V1.Exclusions { Keys = LiveCalls.Keys(1) },
            },
            Headers());

        Activity call = await CallAsync("ann.v1.Retrieval/Search");
        Assert.Equal((_trace, _caller, ActivityKind.Server), (call.TraceId, call.ParentSpanId, call.Kind));
        Assert.Equal("grpc", call.GetTagItem(TagNames.RpcSystem));
        Assert.Equal("OK", call.GetTagItem(TagNames.RpcStatus));
        Assert.Equal("shop", call.GetTagItem(TagNames.Index));
        Assert.Equal(server.GenerationOf("shop"), call.GetTagItem(TagNames.Generation));
        Assert.Equal("mine", call.GetTagItem(TagNames.RequestTag));
        Assert.Equal(3, call.GetTagItem("ann.k"));
        Assert.NotNull(call.GetTagItem(TagNames.Plan));
        Activity[] parts = Parts(call);
        Assert.Superset(new HashSet<string> { "encode", "filter", "walk" }, parts.Select(static part => part.OperationName).ToHashSet());
        Assert.All(parts, part => Assert.True(part.Duration > TimeSpan.Zero && part.Duration <= call.Duration));
    }

    [Fact]
    public async Task AWalkOnCodesTellsItsRerank()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        Listen();

        await server.Retrieval.SearchAsync(RunningServer.Request(samples, "named"), Headers());

        Activity call = await CallAsync("ann.v1.Retrieval/Search");
        Assert.Equal("walk", call.GetTagItem(TagNames.Plan));
        Assert.Superset(new HashSet<string> { "walk", "rerank" }, Parts(call).Select(static part => part.OperationName).ToHashSet());
    }

    [Fact]
    public async Task ASearchThatWaitedTellsSo()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.MaxConcurrentSearches = 1);
        AdmissionQueue queue = server.Part<AdmissionControl>().Searches;
        Listen();
        QueuePlace held = await queue.EnterAsync(default);
        AsyncUnaryCall<SearchResponse> search = server.Retrieval.SearchAsync(RunningServer.Request(samples), Headers());
        await RunningServer.Eventually(() => queue.Waiting == 1, "the call waits");

        held.Dispose();
        await search;

        Assert.Contains(Parts(await CallAsync("ann.v1.Retrieval/Search")), static part => part.OperationName == "queue");
    }

    [Fact]
    public async Task AWriteTellsItsFsync()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        Listen();

        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2), Headers());

        Activity call = await CallAsync("ann.v1.Ingest/Upsert");
        Assert.Equal("shop", call.GetTagItem(TagNames.Index));
        Assert.Equal("fsync", Assert.Single(Parts(call)).OperationName);
    }

    [Theory]
    [InlineData("nothing", "NOT_FOUND", ActivityStatusCode.Unset)]
    [InlineData("plain@0000000000000000", "FAILED_PRECONDITION", ActivityStatusCode.Unset)]
    public async Task ARefusalIsNoFaultOfTheServer(string index, string status, ActivityStatusCode code)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        Listen();

        await LiveCalls.Fails(server.Retrieval.SearchAsync(RunningServer.Request(samples, index), Headers()));

        Activity call = await CallAsync("ann.v1.Retrieval/Search");
        Assert.Equal((status, code), (call.GetTagItem(TagNames.RpcStatus), call.Status));
    }

    [Fact]
    public async Task ManySearchesOfOneCallAreToldByTheFirst()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        Listen();
        SearchManyRequest many = new() { Index = "named" };
        for (int i = 0; i < 20; i++)
            many.Searches.Add(new SearchRequest { Queries = RunningServer.Bytes(samples.Rows[i]), K = 3 });

        await server.Retrieval.SearchManyAsync(many, Headers());

        Assert.InRange(Parts(await CallAsync("ann.v1.Retrieval/SearchMany")).Length, 1, 5);
    }

    public void Dispose() => _listener?.Dispose();

    /// <summary>Samples the trace of this test, and of others' calls none.</summary>
    private void Listen()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == Spans.SourceName,
            Sample = (ref options) => options.TraceId == _trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == _trace)
                    _ended.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    private Metadata Headers() =>
        new() { { "traceparent", string.Create(CultureInfo.InvariantCulture, $"00-{_trace.ToHexString()}-{_caller.ToHexString()}-01") } };

    /// <summary>The server ends the span of a call when its answer was sent, so its caller may know earlier.</summary>
    private async Task<Activity> CallAsync(string name)
    {
        await RunningServer.Eventually(() => _ended.Any(one => one.OperationName == name), "the call has ended");
        return Assert.Single(_ended, one => one.OperationName == name);
    }

    private Activity[] Parts(Activity call) => [.. _ended.Where(one => one.ParentSpanId == call.SpanId)];
}
