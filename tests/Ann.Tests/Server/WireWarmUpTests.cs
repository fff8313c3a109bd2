using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Ann.Server.Recall;
using Ann.Server.Telemetry;

namespace Ann.Tests.Server;

/// <summary>Goal: a server calls itself before it says that it serves, and nothing else shows that it did.</summary>
[Collection<ServerTests>]
public sealed class WireWarmUpTests(SampleIndexes samples)
{
    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::1]:0")]
    public async Task OwnCallsAreMadeAndLeaveNoTrace(string listen)
    {
        Assert.SkipUnless(listen[0] != '[' || System.Net.Sockets.Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.Listen = listen;
            options.InsecureListen = true;
            options.WarmUpCalls = 48;
        });

        Assert.Equal(
            [("named", 48), ("plain", 3)],
            server.Log.Of(34).Select(static line => ((string)line.Values["Index"]!, (int)line.Values["Calls"]!)));
        LiveRecallSampler sampler = server.Part<LiveRecallSampler>();
        await RunningServer.Eventually(() => sampler.Waiting == 0, "what was sampled is measured");
        Assert.Empty(server.Part<LiveRecallBoard>().All);
    }

    /// <summary>They run the code that samples and counts, so that no caller waits for the JIT; what they leave is not shown.</summary>
    [Fact]
    public async Task OwnCallsAreSampledAndCountedNowhere()
    {
        ConcurrentBag<(object? Scope, string Instrument)> counted = []; // other tests' servers count in this process too
        using MeterListener meters = new();
        meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "ann" && !instrument.IsObservable)
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((instrument, _, _, _) => counted.Add((instrument.Meter.Scope, instrument.Name)));
        meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
        {
            // Its calls end with one of List, which is none of the kind.
            if (!tags.ToArray().Any(static tag => tag.Value is "ann.v1.Indexes/List"))
                counted.Add((instrument.Meter.Scope, instrument.Name));
        });
        meters.Start();

        await using RunningServer server = await RunningServer.StartAsync(samples, static options =>
        {
            options.WarmUpCalls = 48;
            options.LiveRecallShare = 1;
        });
        LiveRecallSampler sampler = server.Part<LiveRecallSampler>();
        await RunningServer.Eventually(() => sampler.Waiting == 0, "what was sampled is measured");

        ServerMetrics own = server.Part<ServerMetrics>();
        Assert.DoesNotContain(counted, one => one.Scope == own);
        Assert.Empty(server.Part<LiveRecallBoard>().All);
        Assert.Equal(0, server.Part<LiveRecallBoard>().Version);
    }

    [Fact]
    public async Task NoneAreMadeWhereNoneAreWanted()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, options => options.WarmUpCalls = 0);

        Assert.Empty(server.Log.Of(34));
    }
}
