using System.Diagnostics.Metrics;
using Ann.Core.Indexes;
using Ann.Core.Recall;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Recall;
using Ann.Server.Telemetry;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: live recall is what an offline measurement of the same queries gives, and what it says corrects recall_target.
/// Method: every query is sampled, a block at a time so that none is pushed out; the corrections come through the board itself.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class LiveRecallTests(SampleIndexes samples)
{
    private const int Seed = 20261102;
    private const int Samples = 1024;
    private const int K = 10;

    [Fact]
    public async Task ItAgreesWithAnOfflineMeasurement()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.LiveRecallShare = 1);
        LiveRecallSampler sampler = server.Part<LiveRecallSampler>();
        float[][] queries = Queries();
        using MeterListener meters = new();
        long counted = 0;
        ServerMetrics own = server.Part<ServerMetrics>(); // other tests' servers count in this process too
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == own && instrument.Name == "ann.recall.samples")
                listener.EnableMeasurementEvents(instrument);
        };
        meters.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref counted, value));
        meters.Start();

        foreach (float[][] block in queries.Chunk(32))
        {
            await server.Retrieval.SearchAsync(
                new SearchRequest { Index = "plain", Queries = RunningServer.Bytes(block), K = K, EfSearch = K });
            await RunningServer.Eventually(() => sampler.Waiting == 0, "the samples are measured");
        }
        IndexDescription index = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "plain" })).Index;

        double offline = Offline(server, queries[^LiveRecallBoard.WindowSize..]);
        LiveRecallFact fact = Assert.Single(index.LiveRecall);
        Assert.Equal(
            (server.GenerationOf("plain"), "none", 10u, 1000u, 1.0),
            (fact.Generation, fact.FilterClass, fact.K, fact.Samples, fact.EfFactor));
        Assert.True(offline < 0.99, $"recall {offline:F4} leaves nothing to measure; seed {Seed}");
        Assert.Equal(offline, fact.Recall, 0.02);
        Assert.InRange(fact.Recall, fact.RecallLow, fact.RecallHigh);
        Assert.Equal(Samples, counted);
    }

    /// <summary>What was measured of a generation that is gone says nothing of an index of the same name.</summary>
    [Fact]
    public async Task WhatWasMeasuredGoesWithItsGeneration()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        LiveRecallBoard board = server.Part<LiveRecallBoard>();
        MeasuredAnswer whole = new(1, AnswerWay.Walk, K, K, Certified: 0.9, PlannedMiss: 0.1, WalkRecall: 1);
        board.Add(new RecallKind("shop", "fedcba9876543210", "none", K), in whole); // of another one, detached long ago
        board.Add(new RecallKind("shop", server.GenerationOf("shop"), "none", K), in whole);
        board.Add(new RecallKind("shops", "0", "none", K), in whole);

        IndexDescription before = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "shop" })).Index;
        await server.Indexes.DropAsync(new DropRequest { Index = "shop" });
        IndexDescription after = await LiveCalls.CreateAsync(server);

        Assert.Equal(before.Generation, Assert.Single(before.LiveRecall).Generation);
        Assert.Empty(after.LiveRecall);
        Assert.Equal("shops", Assert.Single(board.All).Kind.Index);
    }

    /// <summary>Samples that wait hold snapshots; the server must let go of them before it closes its indexes.</summary>
    [Fact]
    public async Task AServerStopsWithSamplesWaiting()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, static options => options.LiveRecallShare = 1);

        await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "named", Queries = RunningServer.Bytes(Queries()), K = 500 });

        Assert.InRange(server.Part<LiveRecallSampler>().Waiting, 0, LiveRecallSampler.MostWaiting + 1);
    }

    [Fact]
    public void AShareIsKept()
    {
        (double Share, int Least, int Most)[] expected =
            [(0, 0, 0), (0.01, 900, 1100), (0.5, 49_000, 51_000), (1, 100_000, 100_000)];
        foreach ((double share, int least, int most) in expected)
        {
            SampleChoice choice = new(share);
            Assert.InRange(Enumerable.Range(0, 100_000).Count(_ => choice.Next(SampleChoice.Many)), least, most);
        }
    }

    /// <summary>All of what little is known of, the least share of what is known well, and none at all with share 0.</summary>
    [Fact]
    public void TheShareFallsAsMoreIsKnown()
    {
        SampleChoice choice = new(0.001);

        Assert.Equal(1, choice.ShareAt(0));
        Assert.Equal(1, choice.ShareAt(SampleChoice.Few));
        Assert.InRange(choice.ShareAt(600), 0.02, 0.05);
        Assert.Equal(0.001, choice.ShareAt(RecallCorrection.Memory - 1), 1e-12); // a place that is full is well known
        Assert.Equal(0.001, choice.ShareAt(double.PositiveInfinity), 1e-12);
        Assert.Equal(0, new SampleChoice(0).ShareAt(0));
        double before = 1;
        for (int weight = 0; weight < 2000; weight += 10)
        {
            Assert.InRange(choice.ShareAt(weight), 0.001, before);
            before = choice.ShareAt(weight);
        }
    }

    [Theory]
    [InlineData(null, 10, "none", 10)]
    [InlineData(1.0, 11, "all", 100)]
    [InlineData(0.1, 100, "10%", 100)]
    [InlineData(0.01, 1000, "1%", 1000)]
    [InlineData(0.001, 1001, "less", 10_000)]
    public void QueriesAreCountedByTheirKind(double? selectivity, int k, string filterClass, int kClass)
    {
        using IndexFile file = new(samples.L2);
        RecallKind kind = RecallKind.Of(file.Snapshot, selectivity, k);

        Assert.Equal((filterClass, kClass), (kind.FilterClass, kind.K));
    }

    private static double Offline(RunningServer server, float[][] queries)
    {
        using SnapshotLease lease = server.Host.Indexes.Acquire("plain");
        SearchHit[] exact = new SearchHit[K];
        SearchHit[] found = new SearchHit[K];
        double right = 0;
        foreach (float[] query in queries)
        {
            lease.Snapshot.Search(query, new SearchParameters(K, Exact: true), SearchBudget.Unlimited, exact, out _);
            int count = lease.Snapshot.Search(query, new SearchParameters(K, K), SearchBudget.Unlimited, found, out _);
            right += TieAwareRecall.Of(exact).CountRight(found.AsSpan(0, count));
        }
        return right / (queries.Length * K);
    }

    private static float[][] Queries()
    {
        Random random = new(Seed);
        return [.. Enumerable.Range(0, Samples).Select(_ =>
            Enumerable.Range(0, SampleIndexes.Dimension).Select(_ => random.NextSingle() * 2 - 1).ToArray())];
    }
}
