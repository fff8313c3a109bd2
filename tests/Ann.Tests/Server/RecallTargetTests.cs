using Ann.Core.Indexes;
using Ann.Core.Recall;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Ann.Server.Recall;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: a recall that is asked for is given, by a walk, by a scan that costs no more, or the answer says that it is out of reach; and
/// what queries that are unlike the rows miss is learnt within hundreds. Method: a server with an index that is large enough to be walked;
/// queries between its clusters, which its certificate, of rows as queries, does not know.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class RecallTargetTests(SampleIndexes samples) : IClassFixture<WalkedIndex>
{
    private const int K = 10;

    [Fact]
    public async Task ATargetTakesTheWidthThatReachesIt()
    {
        await using RunningServer server = await StartAsync(static options => options.LiveRecallShare = 0);
        using SnapshotLease lease = server.Host.Indexes.Acquire("walked");
        foreach (float target in new[] { 0.5f, 0.8f, 0.9f })
        {
            SearchResponse answer = await server.Retrieval.SearchAsync(Request(WalkedIndex.Row(3), target));

            RecallWidth width = EfForRecall.Of(lease.Snapshot.Segments, new RecallWish(K, target), RecallCorrection.None, 4096);
            Assert.Equal((uint)width.Ef, answer.Stats.EfSearch);
            Assert.True(answer.Stats.EstimatedRecall >= target - 0.001);
            Assert.False(answer.Stats.TargetOutOfReach);
        }
    }

    /// <summary>600 rows are scanned in less time than a walk takes to begin.</summary>
    [Fact]
    public async Task ASmallIndexIsScanned()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        SearchRequest request = RunningServer.Request(samples);
        request.RecallTarget = 0.99f;

        SearchResponse answer = await server.Retrieval.SearchAsync(request);

        Assert.Equal((Plan.Scan, 0u, 1.0, false), (
            answer.Stats.Plan, answer.Stats.EfSearch, answer.Stats.EstimatedRecall, answer.Stats.TargetOutOfReach));
    }

    /// <summary>A beam that a target takes is no wider than one that the caller may name.</summary>
    [Fact]
    public async Task ATargetTakesNoWiderBeamThanItsCallerMayName()
    {
        string file = Path.Combine(samples.NewDirectory(), "limits.json");
        File.WriteAllText(file, """{"version": 1, "limits": [{"caller": "*", "ef": 12}]}""");
        await using RunningServer server = await StartAsync(options => options.LimitsFile = file);

        SearchResponse beyond = await server.Retrieval.SearchAsync(Request(WalkedIndex.Row(3), 0.9999f));

        Assert.Equal((12u, true), (beyond.Stats.EfSearch, beyond.Stats.TargetOutOfReach));
    }

    /// <summary>Narrow beams alone are allowed: a scan would cost several of them, so the answer says what it is not.</summary>
    [Fact]
    public async Task ATargetOutOfReachIsTold()
    {
        await using RunningServer server = await StartAsync(static options => options.MaxRecallEf = 12);

        SearchResponse beyond = await server.Retrieval.SearchAsync(Request(WalkedIndex.Row(3), 0.9999f));
        SearchResponse within = await server.Retrieval.SearchAsync(Request(WalkedIndex.Row(3), 0.1f));
        SearchRequest named = Request(WalkedIndex.Row(3), 0.5f);
        named.ClearRecallTarget();
        SearchResponse untold = await server.Retrieval.SearchAsync(named);

        Assert.Equal((12u, true), (beyond.Stats.EfSearch, beyond.Stats.TargetOutOfReach));
        Assert.True(beyond.Stats.EstimatedRecall < 0.9999);
        Assert.False(within.Stats.TargetOutOfReach);
        Assert.False(untold.Stats.TargetOutOfReach);
    }

    /// <summary>Where no width reaches the target and a scan costs about as much as the widest walk, the scan answers.</summary>
    [Fact]
    public void AScanTakesThePlaceOfAWalkThatIsAsDear()
    {
        using IndexFile file = new(WalkedIndex.File);

        Assert.False(ScanInstead.IsBetter(file.Snapshot.Segments, K, 64, selectivity: 1, patience: 1));
        Assert.False(ScanInstead.IsBetter(file.Snapshot.Segments, K, 64, selectivity: 1, ScanInstead.Patience));
        Assert.True(ScanInstead.IsBetter(file.Snapshot.Segments, K, 4096, selectivity: 1, patience: 1)); // more than half of the nodes
        Assert.True(ScanInstead.IsBetter(file.Snapshot.Segments, K, 64, selectivity: 0.01, patience: 1)); // 80 rows
    }

    [Fact]
    public void ACorrectionWidensTheBeamAndTheLimitHolds()
    {
        using IndexFile file = new(WalkedIndex.File);
        RecallWish wish = new(K, 0.9);
        RecallWidth alone = EfForRecall.Of(file.Snapshot.Segments, in wish, RecallCorrection.None, 1000);
        RecallCorrection correction = RecallCorrection.None;
        for (int i = 0; i < 60; i++)
            correction = correction.After(K, alone.Ef, EfForRecall.Certified(file.Snapshot.Segments, in wish, alone.Ef), missed: 0.3);
        RecallWidth corrected = EfForRecall.Of(file.Snapshot.Segments, in wish, correction, 1000);
        RecallWidth limited = EfForRecall.Of(file.Snapshot.Segments, in wish, correction, alone.Ef + 1);

        Assert.True(alone is { IsReached: true, Recall: >= 0.9 });
        Assert.True(corrected.Ef >= 1.5 * alone.Ef, $"{alone.Ef}, {corrected.Ef}");
        Assert.Equal((alone.Ef + 1, false), (limited.Ef, limited.IsReached));
        Assert.Equal(50, EfForRecall.Of(file.Snapshot.Segments, new RecallWish(50, 0.9), correction, 20).Ef);
    }

    /// <summary>
    /// Queries between the clusters find less than rows do at the same width. After 500 of them, all sampled, the server asks wider, gives
    /// what is asked for when it is asked them again, and tells it rightly; another process that takes the data directory up knows it from
    /// its first query on.
    /// </summary>
    [Fact]
    public async Task WhatTheCertificateDoesNotKnowIsLearnt()
    {
        string directory = samples.NewDirectory();
        float[][] queries = WalkedIndex.Between(500);
        uint first;
        double known;
        await using (RunningServer server = await StartAsync(options => options.DataDirectory = directory))
        {
            first = (await server.Retrieval.SearchAsync(Request(queries[0], 0.9f))).Stats.EfSearch;
            foreach (float[][] block in queries.Chunk(50))
            {
                await server.Retrieval.SearchAsync(Request(block, 0.9f));
                await RunningServer.Eventually(
                    () => server.Part<LiveRecallSampler>().Waiting == 0, "the samples are measured");
            }
            (double recall, double told, uint last) = await MeasureAsync(server, queries);

            Assert.True(last > first, $"{first}, {last}; seed {WalkedIndex.Seed}");
            Assert.True(recall >= 0.88, $"recall {recall:F3} at ef {last}; seed {WalkedIndex.Seed}");
            Assert.Equal(recall, told, 0.03);
            await RunningServer.Eventually(() => server.Part<LiveRecallSampler>().Waiting == 0, "the samples are measured");
            known = Known(server);
        }
        await using RunningServer again = await StartAsync(options => options.DataDirectory = directory);
        Assert.True(known >= 500);
        Assert.Equal(known, Known(again), 1e-6);
        Assert.True((await again.Retrieval.SearchAsync(Request(queries[0], 0.9f))).Stats.EfSearch > first);
    }

    /// <summary>A scan that took the place of a walk has the walk measured behind it, and counts as what it is in what is told.</summary>
    [Fact]
    public async Task WhatAScanTookThePlaceOfIsMeasuredToo()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        SearchRequest request = RunningServer.Request(samples, k: K);
        request.RecallTarget = 0.5f;

        for (int i = 0; i < 20; i++)
            await server.Retrieval.SearchAsync(request);
        await RunningServer.Eventually(() => server.Part<LiveRecallSampler>().Waiting == 0, "the samples are measured");

        LiveRecallBoard board = server.Part<LiveRecallBoard>();
        using SnapshotLease lease = server.Host.Indexes.Acquire("plain");
        Ann.Server.Recall.RecallFact fact = Assert.Single(board.Of("plain"));
        Assert.Equal((1.0, 20), (fact.Interval.Recall, fact.Interval.Samples));
        Assert.Equal(20, board.KnownOf(RecallKind.Of(lease.Snapshot, selectivity: null, K)).Plans.Weight, 1e-9);
    }

    private static double Known(RunningServer server)
    {
        using SnapshotLease lease = server.Host.Indexes.Acquire("walked");
        return server.Part<LiveRecallBoard>().KnownOf(RecallKind.Of(lease.Snapshot, selectivity: null, K)).Plans.Weight;
    }

    private async Task<RunningServer> StartAsync(Action<Ann.Server.ServerOptions>? configure = null) =>
        await RunningServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Add(WalkedIndex.File);
            configure?.Invoke(options);
        });

    private static SearchRequest Request(float[] query, float target) => Request([query], target);

    private static SearchRequest Request(float[][] queries, float target) =>
        new() { Index = "walked", Queries = RunningServer.Bytes(queries), K = K, RecallTarget = target };

    private static async Task<(double Recall, double Told, uint Ef)> MeasureAsync(RunningServer server, float[][] queries)
    {
        using SnapshotLease lease = server.Host.Indexes.Acquire("walked");
        SearchResponse last = await server.Retrieval.SearchAsync(Request(queries, 0.9f));
        SearchHit[] exact = new SearchHit[K];
        SearchHit[] found = new SearchHit[K];
        double recall = 0;
        foreach (float[] query in queries)
        {
            lease.Snapshot.Search(query, new SearchParameters(K, Exact: true), SearchBudget.Unlimited, exact, out _);
            int count = lease.Snapshot.Search(
                query, new SearchParameters(K, (int)last.Stats.EfSearch), SearchBudget.Unlimited, found, out _);
            recall += TieAwareRecall.Of(exact).RecallOf(found.AsSpan(0, count));
        }
        return (recall / queries.Length, last.Stats.EstimatedRecall, last.Stats.EfSearch);
    }
}
