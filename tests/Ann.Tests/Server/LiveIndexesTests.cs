using Ann.Core.Indexes;
using Ann.Core.Searching;
using Ann.Protocol.V1;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using GenerationRole = Ann.Protocol.V1.GenerationRole;
using IndexState = Ann.Protocol.V1.IndexState;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Ann.Tests.Server;

/// <summary>Goal: an index is made, described, dropped and found again over the wire, beside whatever is broken.</summary>
[Collection(typeof(ServerTests))]
public sealed class LiveIndexesTests(SampleIndexes samples)
{
    /// <summary>How a good Create is spoilt, its code, the field blamed.</summary>
    public static TheoryData<Action<CreateRequest>, StatusCode, string> BadCreates => new()
    {
        { static r => r.Index = "", StatusCode.InvalidArgument, "index" },
        { static r => r.Index = "../shop", StatusCode.InvalidArgument, "index" },
        { static r => r.Index = "shop@1", StatusCode.InvalidArgument, "index" },
        { static r => r.Index = new string('x', 129), StatusCode.InvalidArgument, "index" },
        { static r => r.Dimension = 0, StatusCode.InvalidArgument, "dimension" },
        { static r => r.Dimension = uint.MaxValue, StatusCode.InvalidArgument, "dimension" },
        { static r => r.Metric = Metric.Unspecified, StatusCode.InvalidArgument, "metric" },
        { static r => r.KeyKind = (KeyKind)9, StatusCode.InvalidArgument, "key_kind" },
        { static r => r.Codes = Ann.Protocol.V1.Codes.Unspecified, StatusCode.InvalidArgument, "codes" },
        { static r => r.Layout = (Layout)9, StatusCode.InvalidArgument, "layout" },
        { static r => r.EncoderName = "tower", StatusCode.InvalidArgument, "encoder_fingerprint" },
    };

    [Fact]
    public async Task ANewIndexServesAtOnceAndIsDescribed()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());

        IndexDescription made = await LiveCalls.CreateAsync(
            server, change: static r => (r.EncoderFingerprint, r.EncoderName) = (7, "tower"));
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2, 3));
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(1, 2));
        IndexDescription index = Assert.Single((await server.Indexes.ListAsync(new ListRequest())).Indexes);

        Assert.Equal((IndexState.Serving, true, 0ul), (made.State, made.Live, made.Count));
        Assert.Equal((3ul, 1ul, (uint)LiveCalls.Dimension), (index.Count, index.Dead, index.Dimension));
        Assert.Equal(made.Generation, index.Generation);
        Assert.Matches("^[0-9a-f]{16}$", index.Generation);
        Assert.Equal((7ul, "tower", false), (index.Encoder.Fingerprint, index.Encoder.Name, index.Encoder.Hosted));
        GenerationFacts generation = Assert.Single(index.Generations);
        Assert.Equal((index.Generation, GenerationRole.Serving, 3ul), (generation.Id, generation.Role, generation.Items));
        Assert.Equal(4ul, index.Log.Visible);
        Assert.Equal(index.Log.Visible, index.Log.Durable);
        Assert.Equal(ServingStatus.Serving, (await server.Health.CheckAsync(new HealthCheckRequest { Service = "shop" })).Status);
    }

    [Theory]
    [MemberData(nameof(BadCreates), DisableDiscoveryEnumeration = true)]
    public async Task ABadCreateNamesItsField(Action<CreateRequest> spoil, StatusCode code, string field)
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.CreateAsync(server, change: spoil));

        Assert.Equal(code, e.StatusCode);
        Assert.Equal(field, Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations).Field);
        Assert.Empty(Directory.GetFileSystemEntries(data));
    }

    [Fact]
    public async Task ATakenNameAndAServerWithoutDataAreRefused()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            samples, options => options.DataDirectory = samples.NewDirectory());
        await using RunningServer without = await RunningServer.StartAsync(samples);
        await LiveCalls.CreateAsync(server);

        RpcException live = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.CreateAsync(server));
        RpcException file = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.CreateAsync(server, "plain"));
        RpcException nowhere = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.CreateAsync(without));

        Assert.All([live, file], static e => Assert.Equal(StatusCode.AlreadyExists, e.StatusCode));
        Assert.Equal(StatusCode.FailedPrecondition, nowhere.StatusCode);
        Assert.Contains("data directory", nowhere.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACreateBeyondTheMemoryBudgetLeavesNothing()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, static options => options.MemoryBudgetBytes = 1_000);

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => LiveCalls.CreateAsync(server));

        Assert.Equal(StatusCode.ResourceExhausted, e.StatusCode);
        Assert.Equal("memory", Assert.Single(ErrorTests.Detail<QuotaFailure>(e).Violations).Subject);
        Assert.Contains("1,000", e.Status.Detail, StringComparison.Ordinal);
        Assert.Empty((await server.Indexes.ListAsync(new ListRequest())).Indexes);
        Assert.Empty(Directory.GetFileSystemEntries(data));
    }

    [Fact]
    public async Task ADroppedIndexIsGoneWithItsFilesAndItsNameIsFree()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1));

        await server.Indexes.DropAsync(new DropRequest { Index = "shop" });

        RpcException search = await LiveCalls.Fails(server.Retrieval.FetchAsync(
            new FetchRequest { Index = "shop", Keys = LiveCalls.Keys(1) }));
        RpcException again = await LiveCalls.Fails(server.Indexes.DropAsync(new DropRequest { Index = "shop" }));
        RpcException health = await LiveCalls.Fails(server.Health.CheckAsync(new HealthCheckRequest { Service = "shop" }));
        Assert.All([search, again, health], static e => Assert.Equal(StatusCode.NotFound, e.StatusCode));
        Assert.Empty(Directory.GetFileSystemEntries(data));
        Assert.Equal(0ul, (await LiveCalls.CreateAsync(server)).Count);
        Assert.Empty((await LiveCalls.FetchAsync(server, "shop", 1)).Found.Numbers);
    }

    /// <summary>Somebody who searches holds the memory that he reads, whoever drops the index meanwhile.</summary>
    [Fact]
    public async Task ASearchUnderWayOutlivesADrop()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1));
        using SnapshotLease lease = server.Host.Indexes.Acquire("shop");

        await server.Indexes.DropAsync(new DropRequest { Index = "shop" });

        Assert.True(lease.Snapshot.TryFind(new Ann.Core.Keys.ItemKey(1), out SearchHit hit));
        Assert.Equal(LiveCalls.Row(1), lease.Snapshot.RowOf(hit));
    }

    [Fact]
    public async Task AnIndexIsThereAgainAfterARestart()
    {
        string data = samples.NewDirectory();
        await using (RunningServer server = await LiveCalls.StartAsync(samples, data))
        {
            await LiveCalls.CreateAsync(server);
            await server.Ingest.UpsertAsync(LiveCalls.Upsert(3, 1, 2));
            await server.Ingest.DeleteAsync(new DeleteRequest { Index = "shop", Keys = LiveCalls.Keys(1) });
        }

        await using RunningServer next = await LiveCalls.StartAsync(samples, data);
        FetchResponse fetched = await LiveCalls.FetchAsync(next, "shop", 1, 2);

        Assert.Equal([2ul], fetched.Found.Numbers);
        Assert.Equal(LiveCalls.Row(2, 3), LiveCalls.RowOf(fetched, 0));
        Assert.Equal(ServingStatus.Serving, (await next.Health.CheckAsync(new HealthCheckRequest { Service = "shop" })).Status);
    }

    [Fact]
    public async Task ADamagedLiveIndexFailsAloneAndCanBeDropped()
    {
        string data = samples.NewDirectory();
        await using (RunningServer server = await LiveCalls.StartAsync(samples, data))
        {
            await LiveCalls.CreateAsync(server);
            await LiveCalls.CreateAsync(server, "broken");
            await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1));
        }
        await File.WriteAllTextAsync(Path.Combine(data, "broken", IndexSource.ManifestName), "no manifest");
        File.Copy(samples.L2, Path.Combine(data, "plain.ann"));

        await using RunningServer next = await LiveCalls.StartAsync(samples, data);
        next.Log.Expect("broken");
        UpsertRequest write = LiveCalls.Upsert(0, 1);
        write.Index = "broken";
        RpcException writing = await LiveCalls.Fails(next.Ingest.UpsertAsync(write));
        RpcException fetching = await LiveCalls.Fails(next.Retrieval.FetchAsync(
            new FetchRequest { Index = "broken", Keys = LiveCalls.Keys(1) }));
        IndexDescription described = (await next.Indexes.DescribeAsync(new DescribeRequest { Index = "broken" })).Index;

        Assert.All([writing, fetching], static e => Assert.Equal(StatusCode.DataLoss, e.StatusCode));
        Assert.All([writing, fetching], e => Assert.DoesNotContain(data, e.Status.Detail, StringComparison.Ordinal));
        Assert.Equal(IndexState.Failed, described.State);
        Assert.Contains("MANIFEST", described.Failure, StringComparison.Ordinal);
        Assert.Equal(ServingStatus.NotServing, (await next.Health.CheckAsync(new HealthCheckRequest { Service = "broken" })).Status);
        Assert.Equal(ServingStatus.Serving, (await next.Health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal([1ul], (await LiveCalls.FetchAsync(next, "shop", 1)).Found.Numbers);
        Assert.Equal([7ul], (await LiveCalls.FetchAsync(next, "plain", 7)).Found.Numbers);

        await next.Indexes.DropAsync(new DropRequest { Index = "broken" });
        Assert.Equal(["plain", "shop"], (await next.Indexes.ListAsync(new ListRequest())).Indexes.Select(static index => index.Name));
        Assert.False(Directory.Exists(Path.Combine(data, "broken")));
    }

    [Fact]
    public async Task CompactLeavesOneSegmentWithoutDeadRows()
    {
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        ulong[] keys = [.. Enumerable.Range(1, 300).Select(static i => (ulong)i)];
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, keys));
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(1, keys[..100]));

        IndexDescription after = (await server.Indexes.CompactAsync(new CompactRequest { Index = "shop" })).Index;

        Assert.Equal((300ul, 0ul), (after.Count, after.Dead));
        Assert.True(after.Segments <= 2, $"{after.Segments} segments: the sealed one, and perhaps an empty head");
        FetchResponse fetched = await LiveCalls.FetchAsync(server, "shop", 1, 300);
        Assert.Equal(LiveCalls.Row(1, 1), LiveCalls.RowOf(fetched, 0));
        Assert.Equal(LiveCalls.Row(300), LiveCalls.RowOf(fetched, 1));
    }

    [Fact]
    public void SnapshotsInTheDataDirectoryAreRefusedAtTheStart()
    {
        string data = samples.NewDirectory();

        Ann.Core.AnnException e = Assert.Throws<Ann.Core.AnnException>(() => Ann.Server.Hosting.AnnServerHost.Create(
            options => (options.DataDirectory, options.SnapshotDirectory) = (data, data + "/."),
            new Ann.Server.Hosting.ServerSurroundings { Logging = static _ => { } }));

        Assert.Contains("SnapshotDirectory", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SnapshotsGoWhereTheOperatorSaysAndNowhereElse()
    {
        string data = samples.NewDirectory();
        string copies = Path.Combine(samples.NewDirectory(), "copies");
        await using (RunningServer without = await LiveCalls.StartAsync(samples, data))
        {
            await LiveCalls.CreateAsync(without);
            RpcException refused = await LiveCalls.Fails(without.Indexes.SnapshotAsync(new SnapshotRequest { Index = "shop", Name = "a" }));
            Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
            Assert.Contains("SnapshotDirectory", refused.Status.Detail, StringComparison.Ordinal);
        }
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, options => options.SnapshotDirectory = copies);
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, 1, 2));

        SnapshotResponse made = await server.Indexes.SnapshotAsync(new SnapshotRequest { Index = "shop", Name = "monday" });
        RpcException again = await LiveCalls.Fails(server.Indexes.SnapshotAsync(new SnapshotRequest { Index = "shop", Name = "monday" }));

        Assert.Equal(2ul, made.LogPosition);
        Assert.True(File.Exists(Path.Combine(copies, "monday", SnapshotDirectory.ListFile)));
        Assert.Equal(StatusCode.AlreadyExists, again.StatusCode);
        Assert.DoesNotContain(copies, again.Status.Detail, StringComparison.Ordinal);
        foreach (string name in new[] { "", ".", "..", "../out", "a/b", "/tmp/x", "a\\b", ".hidden", new string('x', 200) })
        {
            RpcException e = await LiveCalls.Fails(server.Indexes.SnapshotAsync(new SnapshotRequest { Index = "shop", Name = name }));
            Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"'{name}': {e.Status}");
        }
        Assert.Equal(["monday"], Directory.GetDirectories(copies).Select(Path.GetFileName));
    }
}
