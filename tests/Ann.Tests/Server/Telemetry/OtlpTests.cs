using System.Diagnostics;
using Ann.Protocol.V1;
using Ann.Server;
using Grpc.Core;

namespace Ann.Tests.Server.Telemetry;

/// <summary>Goal: a collector gets metrics, traces and logs, with the headers that it wants; and none that is away does any harm.</summary>
[Collection(typeof(ServerTests))]
public sealed class OtlpTests(SampleIndexes samples)
{
    [Theory]
    [InlineData(OtlpProtocol.Http)]
    [InlineData(OtlpProtocol.Grpc)]
    public async Task ACollectorGetsWhatIsListed(OtlpProtocol protocol)
    {
        await using CollectorStub collector = await CollectorStub.StartAsync(protocol);
        string data = samples.NewDirectory();
        ActivityTraceId trace = ActivityTraceId.CreateRandom();
        await using (RunningServer server = await LiveCalls.StartAsync(samples, data, options =>
        {
            Send(options, collector.Address);
            options.OtlpProtocol = protocol;
        }))
        {
            await LiveCalls.CreateAsync(server);
            await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2, 3));
            await server.Retrieval.SearchAsync(
                new SearchRequest { Index = "shop", Queries = RunningServer.Bytes(LiveCalls.Row(1)), K = 2 },
                new Metadata { { "traceparent", $"00-{trace.ToHexString()}-0123456789abcdef-01" } });
            await RunningServer.Eventually(
                () => collector.Has("metrics", "ann.search.duration", "shop"), "metrics are sent every second");
        }

        // A stop sends what is left.
        string[] quiet =
        [
            "ann.slow_query.written", "ann.slow_query.lost", "ann.recall.dropped", "ann.compaction.duration", "ann.encoder.batch.duration",
            "ann.encoder.batch.rows", "ann.encoder.waiting", "ann.encoder.fell_back", "ann.recall.live", "ann.recall.live.high",
            "ann.recall.ef_factor", "ann.recall.samples", "ann.access.refused", "ann.audit.lost", "ann.tls.certificate_left",
            "ann.limits.refused", "ann.limits.slowed", "ann.capture.written", "ann.capture.lost",
        ];
        Assert.Empty(collector.Lacks("metrics", MetricTable.Rows.Select(static row => row.Name).Except(quiet)));
        Assert.True(collector.Has("traces", "ann.v1.Retrieval/Search", "walk"));
        Assert.True(collector.Has("logs", "was created after"));
        Assert.True(collector.Has("metrics", "annserver"));
        string exemplar = System.Text.Encoding.Latin1.GetString(Convert.FromHexString(trace.ToHexString()));
        Assert.True(collector.Has("metrics", exemplar), "the sampled call is an example of its histogram");
        Assert.All(collector.Keys, static key => Assert.Equal("secret", key));
    }

    [Fact]
    public async Task WithoutShareACallIsTracedWhereItsCallerWantsIt()
    {
        await using CollectorStub collector = await CollectorStub.StartAsync();
        await using (RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            Send(options, collector.Address);
            options.TraceShare = 0;
        }))
        {
            await server.Retrieval.SearchAsync(RunningServer.Request(samples));
            await server.Indexes.ListAsync(
                new ListRequest(), new Metadata { { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } });
        }

        Assert.True(collector.Has("traces", "ann.v1.Indexes/List"));
        Assert.Equal(["ann.v1.Retrieval/Search"], collector.Lacks("traces", ["ann.v1.Retrieval/Search"]));
    }

    [Fact]
    public async Task ACollectorThatIsAwayHarmsNobody()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options =>
        {
            Send(options, "http://127.0.0.1:1");
            options.TraceShare = 1;
        });

        Assert.Equal(5, (await server.Retrieval.SearchAsync(RunningServer.Request(samples))).Keys.Numbers.Count);
    }

    private static void Send(ServerOptions options, string address)
    {
        options.OtlpEndpoint = address;
        options.OtlpProtocol = OtlpProtocol.Http;
        options.OtlpHeaders = "x-key=secret";
        options.OtlpSeconds = 1;
    }
}
