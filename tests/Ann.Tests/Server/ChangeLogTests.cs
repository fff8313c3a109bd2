using Ann.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Ann.Tests.Server;

/// <summary>Goal: the log tells each change of an index in a line, with index, generation, duration and what was found.</summary>
[Collection(typeof(ServerTests))]
public sealed class ChangeLogTests(SampleIndexes samples)
{
    private static readonly ulong[] Keys = [.. Enumerable.Range(1, 60).Select(static i => (ulong)i)];

    [Fact]
    public async Task TheLifeOfAnIndexIsTold()
    {
        string data = samples.NewDirectory();
        string copies = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, options => options.SnapshotDirectory = copies);
        string first = (await LiveCalls.CreateAsync(server)).Generation;
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, Keys));
        await server.Indexes.CompactAsync(new CompactRequest { Index = "shop" });
        await server.Indexes.SnapshotAsync(new SnapshotRequest { Index = "shop", Name = "monday" });
        string next = LiveCalls.Build(Path.Combine(data, "next.ann"), 60, 5, Keys);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" });
        PromotionFacts facts = (await server.Indexes.PromoteAsync(
            new PromoteRequest { Index = "shop", Generation = next, MinRecall = 0.5 })).Promotion;
        await server.Indexes.RollbackAsync(new RollbackRequest { Index = "shop" });
        await server.Indexes.DetachAsync(new DetachRequest { Index = "shop", Generation = next });
        await server.Indexes.DropAsync(new DropRequest { Index = "shop" });

        Told(server, 50, first, ("Dimension", (uint)LiveCalls.Dimension));
        Told(server, 40, first, ("Rows", 60));
        Told(server, 56, first, ("Items", 60ul), ("Segments", 2u));
        Told(server, 57, first, ("Snapshot", "monday"), ("Position", 60ul));
        Told(server, 52, next, ("File", "next.ann"), ("Items", 60ul), ("MissedKeys", 0ul));
        LogLine promoted = Told(
            server, 54, next, ("Replaced", first), ("Recall", facts.Recall), ("P99Ms", facts.P99Ms), ("Queries", facts.Queries),
            ("SampledRows", facts.SampledRows), ("Forced", false));
        Assert.Contains($"Index shop@{next} was promoted after ", promoted.Text, StringComparison.Ordinal);
        Told(server, 55, first, ("Replaced", next));
        Told(server, 53, next);
        Told(server, 51, first);
    }

    [Fact]
    public async Task WhatIsRefusedIsToldWithTheReason()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, Keys));
        string next = LiveCalls.Build(Path.Combine(data, "next.ann"), 60, 5, Keys);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" });

        await LiveCalls.Fails(server.Indexes.PromoteAsync(
            new PromoteRequest { Index = "shop", Generation = next, MinRecall = 0.5, MaxP99Ms = 0.000_1 }));
        await LiveCalls.Fails(server.Indexes.DescribeAsync(new DescribeRequest { Index = "nobody" }));

        LogLine refused = Told(server, 58, next, ("Method", "/ann.v1.Indexes/Promote"), ("Error", "FailedPrecondition"));
        Assert.Equal(LogLevel.Warning, refused.Level);
        Assert.Contains("p99", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedWritesAreToldOnceAWhile()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        string generation = (await LiveCalls.CreateAsync(server)).Generation;
        UpsertRequest wrong = LiveCalls.Upsert(0, 1);
        wrong.Vectors = RunningServer.Bytes([1, 2, 3]);
        UpsertRequest strange = LiveCalls.Upsert(0, 1);

        for (int i = 0; i < 5; i++)
            await LiveCalls.Fails(server.Ingest.UpsertAsync(wrong));
        await Assert.ThrowsAsync<RpcException>(
            () => LiveCalls.WriteAsync(server, LiveCalls.Start(), LiveCalls.Block(2, 1), LiveCalls.Block(1, 1)));
        foreach (string name in new[] { "nobody", "no-one" })
        {
            strange.Index = name;
            await LiveCalls.Fails(server.Ingest.UpsertAsync(strange));
        }

        IReadOnlyList<LogLine> lines = server.Log.Of(59);
        Assert.Equal(["shop", "nobody"], lines.Select(static line => line.Values["Index"]));
        Assert.Equal([generation, "none"], lines.Select(static line => line.Values["Generation"]));
        Assert.Contains("dimension", lines[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusedStreamIsToldWithItsIndex()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);

        await Assert.ThrowsAsync<RpcException>(
            () => LiveCalls.WriteAsync(server, LiveCalls.Start(), LiveCalls.Block(2, 1), LiveCalls.Block(1, 1)));

        LogLine line = Assert.Single(server.Log.Of(59));
        Assert.Equal(("shop", "/ann.v1.Ingest/Write"), (line.Values["Index"], line.Values["Method"]));
    }

    private static LogLine Told(RunningServer server, int number, string generation, params (string Name, object Value)[] values)
    {
        LogLine line = Assert.Single(server.Log.Of(number));
        Assert.Equal(("shop", generation), (line.Values["Index"], line.Values["Generation"]));
        Assert.True(line.Values["Seconds"] is >= 0.0);
        foreach ((string name, object value) in values)
            Assert.Equal(value, line.Values[name]);
        return line;
    }
}
