using Ann.Core;
using Ann.Core.Segments;
using Ann.Server;
using Ann.Server.Hosting;
using Ann.Server.Settings;

namespace Ann.Tests.Server;

/// <summary>Goal: a bad setting stops the start, names itself, and opens no port.</summary>
public sealed class ServerOptionsTests
{
    public static TheoryData<string, Action<ServerOptions>> BadSettings => new()
    {
        { "MaxConcurrentSearches", static o => o.MaxConcurrentSearches = 0 },
        { "SearchQueueLimit", static o => o.SearchQueueLimit = -1 },
        { "MaxMessageBytes", static o => o.MaxMessageBytes = 1 },
        { "MaxRowsPerRequest", static o => o.MaxRowsPerRequest = 0 },
        { "MaxResultsPerRequest", static o => o.MaxResultsPerRequest = 9_999 },
        { "Residence", static o => o.Residence = (SegmentResidence)7 },
        { "DrainSeconds", static o => o.DrainSeconds = 601 },
        { "MemoryBudgetBytes", static o => o.MemoryBudgetBytes = -1 },
        { "CommitWindowMs", static o => o.CommitWindowMs = 1_001 },
        { "HeadRows", static o => o.HeadRows = 255 },
        { "BackgroundShare", static o => o.BackgroundShare = 0.01 },
        { "LogRetentionBytes", static o => o.LogRetentionBytes = -1 },
        { "WriteCreditBytes", static o => o.WriteCreditBytes = 1 },
        { "MaxWriteStreams", static o => o.MaxWriteStreams = 0 },
        { "MaxConcurrentWrites", static o => o.MaxConcurrentWrites = 0 },
        { "WriteQueueLimit", static o => o.WriteQueueLimit = -1 },
        { "DeadlineMarginMs", static o => o.DeadlineMarginMs = -1 },
        { "MaxRecallEf", static o => o.MaxRecallEf = 40_001 },
        { "LiveRecallShare", static o => o.LiveRecallShare = 1.5 },
        { "SnapshotDirectory", static o => (o.DataDirectory, o.SnapshotDirectory) = ("data", "./data/") },
        { "EncoderProviders", static o => o.EncoderProviders = "" },
        { "Listen", static o => o.Listen = "" },
        { "Listen", static o => o.Listen = "50051" },
        { "Listen", static o => o.Listen = "example.org:50051" },
        { "Listen", static o => o.Listen = "127.0.0.1:65536" },
        { "Listen", static o => o.Listen = "::1:50051" },
        { "Listen", static o => o.Listen = "7:50051" },
    };

    [Theory]
    [MemberData(nameof(BadSettings), DisableDiscoveryEnumeration = true)]
    public async Task ABadSettingIsNamed(string name, Action<ServerOptions> spoil)
    {
        AnnException e = await Assert.ThrowsAsync<AnnException>(() => AnnServerHost.StartAsync(options =>
        {
            options.Listen = "127.0.0.1:0";
            options.EmbeddedEncoder = false;
            spoil(options);
        }, static _ => { }));

        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Contains(name, e.Message + e.Field, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("localhost:80", "127.0.0.1:80")]
    [InlineData("[::1]:50051", "[::1]:50051")]
    [InlineData("0.0.0.0:1", "0.0.0.0:1")]
    public void AddressesAreRead(string text, string endpoint) => Assert.Equal(endpoint, ListenAddress.Parse(text).ToString());

    [Fact]
    public void TheDefaultsListenOnTheLoopback() =>
        Assert.Equal("127.0.0.1:50051", ListenAddress.Parse(new ServerOptions().Listen).ToString());
}
