using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: a generation is attached, judged, promoted and rolled back over the wire, and no write is lost on the way.</summary>
[Collection(typeof(ServerTests))]
public sealed class GenerationCallsTests(SampleIndexes samples)
{
    private static readonly ulong[] OldKeys = [.. Enumerable.Range(1, 60).Select(static i => (ulong)i)];
    private static readonly ulong[] NewKeys = [.. Enumerable.Range(1_001, 60).Select(static i => (ulong)i)];

    [Fact]
    public async Task AGenerationTakesOverWithTheWritesSinceItWasBuilt()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        await LiveCalls.CreateAsync(server);
        ulong built = (await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, OldKeys))).LogPosition;
        string old = server.GenerationOf("shop");
        string next = LiveCalls.Build(Path.Combine(data, "next.ann"), (long)built, 5, NewKeys);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(9, 1, 5_000)); // after the build

        GenerationFacts attached = (await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" })).Generation;
        FetchResponse beside = await LiveCalls.FetchAsync(server, "shop@" + next, 1_001, 5_000, 2);
        FetchResponse before = await LiveCalls.FetchAsync(server, "shop", 1_001, 2);
        PromotionFacts promoted = (await server.Indexes.PromoteAsync(
            new PromoteRequest { Index = "shop", Generation = next, MinRecall = 0.5 })).Promotion;
        FetchResponse after = await LiveCalls.FetchAsync(server, "shop", 1_001, 1, 5_000, 2);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(10, 6_000));
        PromotionFacts back = (await server.Indexes.RollbackAsync(new RollbackRequest { Index = "shop" })).Promotion;
        FetchResponse old2 = await LiveCalls.FetchAsync(server, "shop", 2, 6_000, 1_001);

        Assert.Equal((next, GenerationRole.Standby), (attached.Id, attached.Role));
        Assert.Equal(built, attached.LogPosition);
        Assert.Equal([1_001ul, 5_000ul], beside.Found.Numbers);
        Assert.Equal((next, old), (beside.Generation, before.Generation));
        Assert.Equal([2ul], before.Found.Numbers);
        Assert.Equal((next, old, false), (promoted.Serving, promoted.Replaced, promoted.Forced));
        Assert.True(promoted.HasRecall && promoted.Recall >= 0.5);
        Assert.Equal([1_001ul, 1ul, 5_000ul], after.Found.Numbers);
        Assert.Equal(LiveCalls.Row(1, 9), LiveCalls.RowOf(after, 1));
        Assert.Equal((old, next), (back.Serving, back.Replaced));
        Assert.Equal([2ul, 6_000ul], old2.Found.Numbers);

        await server.Indexes.DetachAsync(new DetachRequest { Index = "shop", Generation = next });
        IndexDescription left = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "shop" })).Index;
        Assert.Equal(old, Assert.Single(left.Generations).Id);
        RpcException gone = await LiveCalls.Fails(server.Indexes.DescribeAsync(new DescribeRequest { Index = "shop@" + next }));
        Assert.Equal(StatusCode.FailedPrecondition, gone.StatusCode);
    }

    [Fact]
    public async Task AGateRefusesWithFiguresAndForceOverridesIt()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, OldKeys));
        string old = server.GenerationOf("shop");
        string next = LiveCalls.Build(Path.Combine(data, "next.ann"), null, 5, NewKeys);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann", LogPosition = 60 });
        PromoteRequest demanding = new() { Index = "shop", Generation = next, MaxP99Ms = 0.000_1 };

        RpcException refused = await LiveCalls.Fails(server.Indexes.PromoteAsync(demanding));
        string still = server.GenerationOf("shop");
        demanding.Force = true;
        PromotionFacts forced = (await server.Indexes.PromoteAsync(demanding)).Promotion;

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        PreconditionFailure.Types.Violation violation = Assert.Single(ErrorTests.Detail<PreconditionFailure>(refused).Violations);
        Assert.Equal(("NOT_MET", "max_p99_ms"), (violation.Type, violation.Subject));
        Assert.Contains("p99", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(old, still);
        Assert.True(forced.Forced);
        Assert.True(forced.HasP99Ms && forced.P99Ms > 0);
        Assert.Equal(next, server.GenerationOf("shop"));
    }

    [Fact]
    public async Task WhatCannotBeAttachedOrPromotedSaysWhy()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, OldKeys));
        File.Copy(samples.L2, Path.Combine(data, "other.ann"));
        LiveCalls.Build(Path.Combine(data, "next.ann"), 60, 5, NewKeys);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" });

        foreach (string file in new[] { "", "..", "../next.ann", "a/next.ann", "/etc/passwd", "a\\next.ann", ".ann", "..ann" })
        {
            RpcException e = await LiveCalls.Fails(server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = file }));
            Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"'{file}': {e.Status}");
        }
        await Refused(StatusCode.NotFound, "absent.ann", new AttachRequest { Index = "shop", File = "absent.ann" });
        await Refused(StatusCode.InvalidArgument, "dimension", new AttachRequest { Index = "shop", File = "other.ann" });
        await Refused(StatusCode.AlreadyExists, "attached", new AttachRequest { Index = "shop", File = "next.ann" });
        await Refused(
            StatusCode.InvalidArgument, "log_position",
            new AttachRequest { Index = "shop", File = "next.ann", LogPosition = ulong.MaxValue });
        await Refused(StatusCode.NotFound, "nobody", new AttachRequest { Index = "nobody", File = "next.ann" });

        RpcException unknown = await LiveCalls.Fails(
            server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = "0000000000000000" }));
        RpcException share = await LiveCalls.Fails(
            server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = "0000000000000000", MinRecall = 1.5 }));
        RpcException serving = await LiveCalls.Fails(
            server.Indexes.DetachAsync(new DetachRequest { Index = "shop", Generation = server.GenerationOf("shop") }));
        RpcException nothing = await LiveCalls.Fails(server.Indexes.RollbackAsync(new RollbackRequest { Index = "shop" }));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, share.StatusCode);
        Assert.Equal("min_recall", Assert.Single(ErrorTests.Detail<BadRequest>(share).FieldViolations).Field);
        Assert.All([serving, nothing], static e => Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode));

        async Task Refused(StatusCode code, string words, AttachRequest request)
        {
            RpcException e = await LiveCalls.Fails(server.Indexes.AttachAsync(request));
            Assert.True(e.StatusCode == code, $"{request}: {e.Status}");
            Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
            Assert.DoesNotContain(data, e.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnImportDirectoryOfItsOwnIsTheOnlyPlaceLookedAt()
    {
        string data = samples.NewDirectory();
        string imports = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, options => options.ImportDirectory = imports);
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, OldKeys));
        LiveCalls.Build(Path.Combine(data, "here.ann"), 60, 5, NewKeys);
        string there = LiveCalls.Build(Path.Combine(imports, "there.ann"), 60, 6, NewKeys);

        RpcException e = await LiveCalls.Fails(server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "here.ann" }));
        AttachResponse attached = await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "there.ann" });

        Assert.Equal(StatusCode.NotFound, e.StatusCode);
        Assert.Equal(there, attached.Generation.Id);
    }
}
