using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Protocol.V1;
using Grpc.Core;
using Grpc.Reflection.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: a stranger can find out what is hosted, and how to talk to it.</summary>
[Collection(typeof(ServerTests))]
public sealed class IndexesServiceTests(SampleIndexes samples)
{
    [Fact]
    public async Task DescribeTellsWhatTheFileHolds()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        IndexDescription index = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "named" })).Index;

        using SnapshotLease lease = server.Host.Indexes.Acquire("named");
        SealedSegment segment = Assert.IsType<LiveSealedSegment>(Assert.Single(lease.Snapshot.Segments)).Sealed;
        Assert.Equal("named", index.Name);
        Assert.Equal(Ann.Protocol.V1.IndexState.Serving, index.State);
        Assert.Equal("", index.Failure);
        Assert.Equal(segment.Generation, index.Generation);
        Assert.Matches("^[0-9a-f]{16}$", index.Generation);
        Assert.Equal(Metric.Cosine, index.Metric);
        Assert.True(index.LargerIsNearer);
        Assert.Equal((uint)SampleIndexes.Dimension, index.Dimension);
        Assert.Equal((ulong)SampleIndexes.Count, index.Count);
        Assert.Equal(Ann.Protocol.V1.KeyKind.String, index.KeyKind);
        Assert.Equal(Ann.Protocol.V1.Codes.Int8, index.Codes);
        Assert.Equal(8u, index.Build.M);
        Assert.Equal(60u, index.Build.EfConstruction);
        Assert.Equal(7ul, index.Build.Seed);
        Assert.Equal("rows.npy", index.Build.Source);
        Assert.Equal("tower", index.Encoder.Name);
        Assert.Equal(SampleIndexes.EncoderFingerprint, index.Encoder.Fingerprint);
        Assert.False(index.Encoder.Hosted);
        Assert.Equal((ulong)new FileInfo(samples.Cosine).Length, index.SizeInBytes);
        Assert.Equal((ulong)SampleIndexes.Count, index.Certificate.Reachable);
    }

    [Fact]
    public async Task ListEqualsDescribeInOrderOfNames()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        ListResponse listed = await server.Indexes.ListAsync(new ListRequest());

        Assert.Equal(["named", "plain"], listed.Indexes.Select(static index => index.Name));
        foreach (IndexDescription index in listed.Indexes)
            Assert.Equal((await server.Indexes.DescribeAsync(new DescribeRequest { Index = index.Name })).Index, index);
        Assert.Null(listed.Indexes[1].Encoder);
        Assert.False(listed.Indexes[1].LargerIsNearer);
    }

    [Theory]
    [InlineData("nothing", StatusCode.NotFound)]
    [InlineData("", StatusCode.InvalidArgument)]
    [InlineData("plain@0000000000000000", StatusCode.FailedPrecondition)]
    public async Task DescribeRefusesAsSearchDoes(string index, StatusCode expected)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => server.Indexes.DescribeAsync(new DescribeRequest { Index = index }).ResponseAsync);

        Assert.Equal(expected, e.StatusCode);
    }

    [Fact]
    public async Task ReflectionListsTheServices()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        using AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call =
            new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo();

        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        Assert.True(await call.ResponseStream.MoveNext(default));
        await call.RequestStream.CompleteAsync();

        string[] services = [.. call.ResponseStream.Current.ListServicesResponse.Service.Select(static service => service.Name)];
        Assert.Superset(
            new HashSet<string> { "ann.v1.Retrieval", "ann.v1.Indexes", "ann.v1.Ingest", "grpc.health.v1.Health" }, services.ToHashSet());
    }
}
