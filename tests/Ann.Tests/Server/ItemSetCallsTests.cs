using Ann.Core;
using Ann.Core.Exclusions;
using Ann.Core.Indexes;
using Ann.Protocol.V1;
using Ann.Server.Mapping;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using ItemKey = Ann.Core.Keys.ItemKey;
using KeyKind = Ann.Core.Keys.KeyKind;
using WireExclude = Ann.Protocol.V1.Exclusions;

namespace Ann.Tests.Server;

/// <summary>Goal: sets are kept by every kind of index over restarts, and what is wrong with a call or an exclusion is told.</summary>
[Collection(typeof(ServerTests))]
public sealed class ItemSetCallsTests(SampleIndexes samples)
{
    /// <summary>What is wrong, how the good request is spoilt, the field blamed, words of the message.</summary>
    public static TheoryData<string, Action<AppendToSetRequest>, string, string> Mistakes => new()
    {
        { "no keys", r => r.Keys = null, "keys", "empty" },
        { "keys of the other kind", r => r.Keys = new KeyColumn { Texts = { "a" } }, "keys", "'shop' has numbers as keys" },
        { "no name", r => r.Set = "", "set", "found 0" },
        { "a long name", r => r.Set = new string('é', 129), "set", "found 258" },
        { "no time", r => r.TtlS = 0, "ttl_s", "1 to 31536000" },
        { "too long a time", r => r.TtlS = 31_536_001, "ttl_s", "31536001" },
        { "no index", r => r.Index = "", "index", "empty" },
        { "a generation", r => r.Index = "shop@1", "index", "whole index" },
    };

    /// <summary>What is wrong, the exclusions, the field blamed, words of the message.</summary>
    public static TheoryData<string, WireExclude, string, string> BadExclusions => new()
    {
        { "other kind", new WireExclude { Keys = new KeyColumn { Texts = { "a" } } }, "exclude.keys", "'plain' has numbers as keys" },
        { "too many keys", new WireExclude { Keys = LiveCalls.Keys(1, 2, 3, 4) }, "exclude.keys", "hold 4; there may be at most 3" },
        { "no bitmap", new WireExclude { Roaring = ByteString.CopyFrom(1, 2, 3) }, "exclude.roaring", "byte 0" },
        { "the other width", new WireExclude { Roaring = ByteString.CopyFrom(Bitmap()), Roaring64 = true }, "exclude.roaring", "byte 0" },
        { "a set without name", new WireExclude { Sets = { "" } }, "exclude.sets", "found 0" },
        { "17 sets", new WireExclude { Sets = { Enumerable.Repeat("s", 17) } }, "exclude.sets", "at most 16" },
    };

    [Fact]
    public async Task SetsOfALiveIndexAndOfAFileOutliveTheServer()
    {
        string data = samples.NewDirectory();
        await using (RunningServer server = await StartAsync(data))
        {
            await LiveCalls.CreateAsync(server);
            Assert.Equal(2ul, (await server.Ingest.AppendToSetAsync(Append("shop", "seen", 1, 2))).Size);
            Assert.Equal(3ul, (await server.Ingest.AppendToSetAsync(Append("shop", "seen", 2, 3))).Size);
            Assert.Equal(1ul, (await server.Ingest.AppendToSetAsync(Append("plain", "seen", 9))).Size);
            await server.Ingest.AppendToSetAsync(Append("plain", "gone", 9));
            Assert.Equal(1ul, (await server.Ingest.DropSetAsync(new DropSetRequest { Index = "plain", Set = "gone" })).Size);
            Assert.Equal(0ul, (await server.Ingest.DropSetAsync(new DropSetRequest { Index = "plain", Set = "gone" })).Size);
        }
        await using RunningServer again = await StartAsync(data);
        Assert.Equal(3, again.Host.Indexes.Find("shop").RequireSets().Find("seen")!.Count);
        Assert.True(again.Host.Indexes.Find("plain").RequireSets().Find("seen")!.Contains(new ItemKey(9)));
        Assert.Null(again.Host.Indexes.Find("plain").RequireSets().Find("gone"));

        // A drop takes the sets with it.
        await again.Indexes.DropAsync(new DropRequest { Index = "shop" });
        await LiveCalls.CreateAsync(again);
        Assert.Null(again.Host.Indexes.Find("shop").RequireSets().Find("seen"));
    }

    [Theory]
    [MemberData(nameof(Mistakes), DisableDiscoveryEnumeration = true)]
    public async Task AMistakeNamesItsField(string mistake, Action<AppendToSetRequest> spoil, string field, string words)
    {
        await using RunningServer server = await StartAsync(samples.NewDirectory());
        await LiveCalls.CreateAsync(server);
        AppendToSetRequest request = Append("shop", "seen", 1);
        spoil(request);

        RpcException e = await LiveCalls.Fails(server.Ingest.AppendToSetAsync(request));

        Assert.True(e.StatusCode == StatusCode.InvalidArgument, $"{mistake}: {e}");
        Assert.Equal(field, Assert.Single(ErrorTests.Detail<BadRequest>(e).FieldViolations).Field);
        Assert.Contains(words, e.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherErrorsHaveTheirCodes()
    {
        await using (RunningServer server = await StartAsync(samples.NewDirectory(), static options => options.SetBytes = 1000))
        {
            RpcException unknown = await LiveCalls.Fails(server.Ingest.AppendToSetAsync(Append("nope", "s", 1)));
            RpcException full = await LiveCalls.Fails(
                server.Ingest.AppendToSetAsync(Append("plain", "s", [.. Enumerable.Range(0, 100).Select(static i => (ulong)i)])));
            RpcException noName = await LiveCalls.Fails(server.Ingest.DropSetAsync(new DropSetRequest { Index = "plain" }));
            Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
            Assert.Equal(StatusCode.ResourceExhausted, full.StatusCode);
            Assert.Equal("memory", Assert.Single(ErrorTests.Detail<QuotaFailure>(full).Violations).Subject);
            Assert.Contains("SetBytes", full.Status.Detail, StringComparison.Ordinal);
            Assert.Equal(StatusCode.InvalidArgument, noName.StatusCode);
        }
        await using RunningServer homeless = await RunningServer.StartAsync(samples);
        RpcException nowhere = await LiveCalls.Fails(homeless.Ingest.AppendToSetAsync(Append("plain", "s", 1)));
        Assert.Equal(StatusCode.FailedPrecondition, nowhere.StatusCode);
        Assert.Contains("data directory", nowhere.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedSetsFailTheCallsThatNameThemOnly()
    {
        string data = samples.NewDirectory();
        string sets = Path.Combine(data, "_sets", "plain");
        Directory.CreateDirectory(sets);
        await File.WriteAllBytesAsync(Path.Combine(sets, "sets.log"), new byte[100], TestContext.Current.CancellationToken);
        await using RunningServer server = await StartAsync(data);
        server.Log.Expect("item sets cannot be used");

        SearchResponse found = await server.Retrieval.SearchAsync(RunningServer.Request(samples));
        RpcException e = await LiveCalls.Fails(server.Ingest.AppendToSetAsync(Append("plain", "s", 1)));
        HostedIndex index = server.Host.Indexes.Find("plain");

        Assert.Equal(5, found.Keys.Numbers.Count);
        Assert.Equal(StatusCode.DataLoss, e.StatusCode);
        Assert.Contains("sets.log: section header", e.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(data, e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(AnnError.Corrupt, Assert.Throws<AnnException>(() => Read(new WireExclude { Sets = { "s" } }, index)).Error);
        Assert.Equal(1, Read(new WireExclude { Keys = LiveCalls.Keys(1) }, index)!.Count);
    }

    [Fact]
    public async Task AllThatIsFilledIsExcluded()
    {
        await using RunningServer server = await StartAsync(samples.NewDirectory());
        await server.Ingest.AppendToSetAsync(Append("plain", "a", 1, 2));
        await server.Ingest.AppendToSetAsync(Append("plain", "b", 3));
        HostedIndex index = server.Host.Indexes.Find("plain");

        ExcludedKeys keys = Read(
            new WireExclude { Keys = LiveCalls.Keys(10, 11), Roaring = ByteString.CopyFrom(Bitmap()), Sets = { "a", "no such set", "b" } },
            index)!;

        foreach (ulong key in new ulong[] { 1, 2, 3, 5, 10, 11 })
            Assert.True(keys.Contains(new ItemKey(key)), $"{key}");
        foreach (ulong key in new ulong[] { 0, 4, 6, 9, 12 })
            Assert.False(keys.Contains(new ItemKey(key)), $"{key}");
        Assert.Null(Read(null, index));
        Assert.Null(Read(new WireExclude(), index));
        Assert.Null(Read(new WireExclude { Sets = { "no such set" } }, index));
    }

    [Theory]
    [MemberData(nameof(BadExclusions), DisableDiscoveryEnumeration = true)]
    public async Task ABadExclusionNamesItsField(string mistake, WireExclude exclude, string field, string words)
    {
        await using RunningServer server = await StartAsync(samples.NewDirectory());

        AnnException e = Assert.Throws<AnnException>(() => Read(exclude, server.Host.Indexes.Find("plain"), most: 3));
        AnnException text = Assert.Throws<AnnException>(() => WireExclusions.ReadParts(
            new WireExclude { Roaring = ByteString.CopyFrom(Bitmap()) }, server.Host.Indexes.Find("named"), KeyKind.String, 3));

        Assert.True((e.Error, e.Field) == (AnnError.InvalidArgument, field), $"{mistake}: {e}");
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.Equal("exclude.roaring", text.Field);
    }

    /// <summary>The bitmap of 5 alone.</summary>
    private static byte[] Bitmap() => Convert.FromHexString("3A300000" + "01000000" + "00000000" + "10000000" + "0500");

    private static ExcludedKeys? Read(WireExclude? exclude, HostedIndex index, int most = Exclusion.MaxKeys) =>
        WireExclusions.UnionOf(WireExclusions.ReadParts(exclude, index, KeyKind.UInt64, most));

    private static AppendToSetRequest Append(string index, string set, params ulong[] keys) =>
        new() { Index = index, Set = set, Keys = LiveCalls.Keys(keys) };

    private Task<RunningServer> StartAsync(string data, Action<Ann.Server.ServerOptions>? configure = null) =>
        RunningServer.StartAsync(samples, options =>
        {
            options.DataDirectory = data;
            configure?.Invoke(options);
        });
}
