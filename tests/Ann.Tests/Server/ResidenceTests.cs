using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: an operator decides what is loaded to memory, and sees it from outside.</summary>
[Collection(typeof(ServerTests))]
public sealed class ResidenceTests(SampleIndexes samples)
{
    [Theory]
    [InlineData(SegmentResidence.ByLayout, true, false)]
    [InlineData(SegmentResidence.Loaded, true, true)]
    [InlineData(SegmentResidence.Mapped, false, false)]
    public async Task DescribeTellsLayoutAndWhatIsLoaded(SegmentResidence residence, bool fastIsLoaded, bool leanIsLoaded)
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, options => options.Residence = residence);

        IndexDescription fast = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "named" })).Index;
        IndexDescription lean = (await server.Indexes.DescribeAsync(new DescribeRequest { Index = "plain" })).Index;

        Assert.Equal(Layout.Fast, fast.Layout);
        Assert.Equal(Layout.Lean, lean.Layout);
        Assert.Equal(fastIsLoaded, fast.LoadedBytes > 0);
        Assert.Equal(leanIsLoaded, lean.LoadedBytes > 0);
        Assert.All([fast, lean], index => Assert.Equal(index.SizeInBytes, index.LoadedBytes + index.MappedBytes));
        using SnapshotLease lease = server.Host.Indexes.Acquire("named");
        Assert.Equal((ulong)((LiveSealedSegment)lease.Snapshot.Segments[0]).Sealed.LoadedBytes, fast.LoadedBytes);
    }
}
