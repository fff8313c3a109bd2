using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Tests.Files;
using Ann.Tests.Indexes;

namespace Ann.Tests.Releases;

/// <summary>
/// The power is cut at every file operation of attaching, promoting, rolling back and detaching releases. Whatever is found afterwards is
/// a pair: an index with the encoder of its own queries.
/// </summary>
public sealed class ReleaseCrashTests(ITestOutputHelper output)
{
    private const string IndexDirectory = "/data/live";
    private const ulong Items = 0xa0, Users = 0xa1, NewItems = 0xb0, NewUsers = 0xb1;

    private static readonly SimulatedFileSystem Releases = WithReleases();

    [Fact]
    public async Task APairIsFoundAfterACrashAtAnyOperation()
    {
        (SimulatedFileSystem whole, long operations) = await RunAsync(long.MaxValue);
        Require(whole.Recover(1), "at the end");
        int[] found = new int[3];
        for (long at = 1; at <= operations; at++)
        {
            (SimulatedFileSystem files, _) = await RunAsync(at);
            foreach (int seed in (int[])[0, 1, (int)at + 2])
                found[Require(files.Recover(seed), $"crash at operation {at} of {operations}, recovery of seed {seed}")]++;
        }
        output.WriteLine($"{operations} operations: {found[0]} without an encoder, {found[1]} of the old pair, {found[2]} of the new");
        Assert.All(found, static count => Assert.True(count > 0));
    }

    /// <returns>The files, and operations since the index was made.</returns>
    private static async Task<(SimulatedFileSystem Files, long Operations)> RunAsync(long crash)
    {
        SimulatedFileSystem files = Releases.Recover(1); // a copy
        LiveIndex index = LiveIndex.Create(
            new(files, IndexDirectory, "live", LiveFixture.Schema(), Options(new SampleEncoders()), MemoryBudget.Unlimited(),
                TimeProvider.System), new(null, ""));
        if (crash < long.MaxValue)
            files.CrashAt(files.Operations + crash);
        long before = files.Operations;
        try
        {
            string old = (await index.AttachAsync("/data/old.release", null)).Id;
            await index.PromoteAsync(old, new PromotionGate());
            string next = (await index.AttachAsync("/data/new.release", null)).Id;
            await index.PromoteAsync(next, new PromotionGate());
            await index.RollbackAsync();
            await index.RollbackAsync();
            await index.DetachAsync(old);
            await index.SettleAsync();
        }
        catch (Exception e) when (files.HasCrashed)
        {
            _ = e; // whatever the crash looked like
        }
        try
        {
            await index.DisposeAsync();
        }
        catch (Exception e) when (files.HasCrashed)
        {
            _ = e;
        }
        return (files, files.Operations - before);
    }

    private static SimulatedFileSystem WithReleases()
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory("/data");
        files.FlushDirectory("/");
        SampleRelease.Write(files, "/data/old.release", Users, Items, 1);
        SampleRelease.Write(files, "/data/new.release", NewUsers, NewItems, 2);
        return files;
    }

    /// <returns>0 where what serves brought no encoder, 1 the old pair, 2 the new one.</returns>
    private static int Require(SimulatedFileSystem files, string when)
    {
        SampleEncoders encoders = new();
        LiveIndex index;
        try
        {
            index = LiveIndex.Open(files, IndexDirectory, "live", Options(encoders), MemoryBudget.Unlimited(), TimeProvider.System);
        }
        catch (AnnException e)
        {
            Assert.Fail($"{when}: {e}");
            throw;
        }
        try
        {
            Assert.All(index.Generations, one => Assert.True(one.Failure is null, $"{when}: {one.Failure}"));
            Assert.All(index.Generations, one => Assert.True(
                one.RunningEncoder == one.Encoders.Queries.Fingerprint, $"{when}: {one.RunningEncoder} runs for {one.Encoders}"));
            int directories = files.ListDirectories(IndexDirectory).Count;
            Assert.True(directories == encoders.Open.Count, $"{when}: {directories} directories of encoders, {encoders.Open.Count} open");
            using SnapshotLease lease = index.Acquire();
            ulong? runs = lease.Snapshot.Encoder?.Fingerprint;
            Assert.Equal(lease.Snapshot.Encoders.Queries.Fingerprint, runs);
            int version = runs switch
            {
                null => 0,
                Users => 1,
                _ => 2,
            };
            if (version > 0)
            {
                Assert.True(lease.Snapshot.TryFind(new Ann.Core.Keys.ItemKey(7), out Ann.Core.Searching.SearchHit hit), when);
                Assert.Equal(LiveFixture.Row(7, version), lease.Snapshot.RowOf(hit).ToArray());
            }
            return version;
        }
        finally
        {
            index.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Assert.Empty(encoders.Open);
        }
    }

    private static LiveIndexOptions Options(SampleEncoders encoders) =>
        new() { HeadRows = 16, MaxFrozenHeads = 2, Residence = SegmentResidence.Mapped, Encoders = encoders };
}
