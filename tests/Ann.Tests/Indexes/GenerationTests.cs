using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;

namespace Ann.Tests.Indexes;

/// <summary>Attach, promote, roll back, detach: nothing is lost between a build and its promotion.</summary>
public sealed class GenerationTests
{
    private const string Tower = "00000000000000aa";
    private const ulong TowerFingerprint = 0xaa;

    [Fact]
    public async Task WritesSinceTheBuildAreReplayedAndRollbackLosesNothing()
    {
        await using LiveFixture live = new();
        WriteReceipt built = await live.UpsertAsync(LiveFixture.Range(0, 100));
        string file = live.Build("next.ann", LiveFixture.Range(0, 100));
        await live.UpsertAsync(LiveFixture.Range(90, 20), version: 1);
        await live.DeleteAsync([3]);

        GenerationStatus attached = await live.Index.AttachAsync(file, built.Sequence);
        Assert.Equal(GenerationRole.Standby, attached.Role);
        await live.UpsertAsync([200]);
        string old = live.Index.Generations[0].Id;
        PromotionReport report = await live.Index.PromoteAsync(attached.Id, new PromotionGate { MinRecall = 0.9 });
        Assert.Equal((attached.Id, old), (report.Serving, report.Replaced));
        Require();

        await live.UpsertAsync([201]);
        await live.Index.RollbackAsync();
        Assert.Equal(old, live.Index.Generations[0].Id);
        Require();
        Assert.NotNull(live.Fetch(201));
        await live.ReopenAsync();
        Assert.Equal(old, live.Index.Generations[0].Id);
        Require();
        await live.Index.RollbackAsync();
        Assert.Equal(attached.Id, live.Index.Generations[0].Id);
        Require();

        void Require()
        {
            Assert.Null(live.Fetch(3));
            Assert.Equal(LiveFixture.Row(95, 1), live.Fetch(95));
            Assert.Equal(LiveFixture.Row(105, 1), live.Fetch(105));
            Assert.Equal(LiveFixture.Row(50), live.Fetch(50));
            Assert.NotNull(live.Fetch(200));
        }
    }

    [Fact]
    public async Task TheFileItselfMaySayHowFarItKnowsTheLog()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 10));
        await live.UpsertAsync([5], version: 1);
        GenerationStatus attached = await live.Index.AttachAsync(
            live.Build("next.ann", LiveFixture.Range(0, 10), version: 7, logPosition: 10), logPosition: null);
        Assert.Equal(LiveFixture.Row(4, 7), live.Fetch(4, attached.Id)); // as built
        Assert.Equal(LiveFixture.Row(5, 1), live.Fetch(5, attached.Id)); // write 11 was replayed
        Assert.Equal(LiveFixture.Row(4), live.Fetch(4));
    }

    [Fact]
    public async Task AnotherEncoderNeedsItsOwnWrites()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 10));
        GenerationStatus attached = await live.Index.AttachAsync(
            live.Build("tower.ann", LiveFixture.Range(0, 10), version: 2, encoder: Tower), logPosition: 10);
        await live.UpsertAsync([4, 11], version: 3);
        await live.DeleteAsync([2]);

        AnnException refused = await Assert.ThrowsAsync<AnnException>(
            () => live.Index.PromoteAsync(attached.Id, new PromotionGate()));
        Assert.Equal(AnnError.FailedPrecondition, refused.Error);
        Assert.Contains("2 items", refused.Message, StringComparison.Ordinal);
        Assert.Null(live.Fetch(2, attached.Id));

        await live.ReopenAsync(); // missed keys are known after a restart too
        await live.CaughtUpAsync(attached.Id);
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [4, 11], version: 4) with
        {
            Generation = attached.Id,
            EncoderFingerprint = TowerFingerprint,
        });
        PromotionReport report = await live.Index.PromoteAsync(attached.Id, new PromotionGate());
        Assert.Equal(0, report.MissedKeys);
        Assert.Equal(LiveFixture.Row(11, 4), live.Fetch(11));
        Assert.Equal(LiveFixture.Row(4, 4), live.Fetch(4));
    }

    [Fact]
    public async Task TheGateRefusesWithFiguresAndForceOverrides()
    {
        await using LiveFixture live = new(new LiveIndexOptions { HeadRows = 64, QuerySamplingInterval = 1 });
        await live.UpsertAsync(LiveFixture.Range(0, 200));
        GenerationStatus attached = await live.Index.AttachAsync(
            live.Build("other.ann", LiveFixture.Range(0, 200), version: 5), logPosition: 200); // other rows under the same keys
        for (int i = 0; i < 40; i++)
        {
            using SnapshotLease lease = live.Index.Acquire();
            lease.Snapshot.Sample(LiveFixture.Row((ulong)i));
        }

        PromotionGate gate = new() { MinOverlap = 0.9 };
        AnnException refused = await Assert.ThrowsAsync<AnnException>(() => live.Index.PromoteAsync(attached.Id, gate));
        Assert.Equal(AnnError.FailedPrecondition, refused.Error);
        Assert.Matches(@"overlap 0\.[0-9]{4} is below 0\.9000", refused.Message);
        Assert.NotEqual(attached.Id, live.Index.Generations[0].Id);

        PromotionReport report = await live.Index.PromoteAsync(attached.Id, gate with { Force = true, MinRecall = 0.5 });
        Assert.True(report.Forced);
        Assert.Equal(40, report.Queries);
        Assert.InRange(report.Overlap!.Value, 0, 0.9);
        Assert.InRange(report.Recall!.Value, 0.9, 1);
        Assert.Equal(attached.Id, live.Index.Generations[0].Id);
    }

    [Fact]
    public async Task AFileThatDoesNotFitIsRefusedAndLeavesNothing()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync([1]);
        int files = Directory.GetFiles(live.IndexDirectory).Length;
        string broken = live.Build("broken.ann", LiveFixture.Range(0, 10));
        byte[] bytes = await File.ReadAllBytesAsync(broken);
        bytes[4100] ^= 1; // in the first section
        await File.WriteAllBytesAsync(broken, bytes);

        AnnException corrupt = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(broken, 0));
        Assert.Equal(AnnError.Corrupt, corrupt.Error);
        Assert.Contains("broken.ann", corrupt.Message, StringComparison.Ordinal);
        string good = live.Build("good.ann", LiveFixture.Range(0, 10));
        AnnException beyond = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(good, 500));
        Assert.Equal("log_position", beyond.Field);
        AnnException missing = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(good + "x", 0));
        Assert.Equal(AnnError.NotFound, missing.Error);
        Assert.Single(live.Index.Generations);
        Assert.Equal(files, Directory.GetFiles(live.IndexDirectory).Length);
    }

    [Fact]
    public async Task ABuildOlderThanTheLogIsRefused()
    {
        await using LiveFixture live = new(new LiveIndexOptions { HeadRows = 16, LogRetentionBytes = 0 });
        for (int i = 0; i < 20; i++)
            await live.UpsertAsync(LiveFixture.Range(i * 16, 16));
        await live.Index.CompactAsync();
        AnnException e = await Assert.ThrowsAsync<AnnException>(
            () => live.Index.AttachAsync(live.Build("old.ann", LiveFixture.Range(0, 16)), 16));
        Assert.Equal(AnnError.FailedPrecondition, e.Error);
        Assert.Contains("the writes between are gone", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACopyMadeWhileServingIsRestoredAndChecked()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 200));
        await live.DeleteAsync([9]);
        string copy = Path.Combine(live.Root, "copy");
        long position = await live.Index.SnapshotAsync(copy);
        await live.UpsertAsync([500]);
        Assert.Equal(201, position);

        string restored = Path.Combine(live.Root, "restored");
        Assert.Equal(201, SnapshotDirectory.Restore(PhysicalFileSystem.Instance, copy, restored));
        await using (LiveIndex index = LiveIndex.Open(
            PhysicalFileSystem.Instance, restored, "restored", live.Options, MemoryBudget.Unlimited(), TimeProvider.System))
        {
            using SnapshotLease lease = index.Acquire();
            Assert.Equal(199, lease.Snapshot.Items);
        }

        string damaged = Directory.GetFiles(copy, "*.log").Order().First();
        byte[] bytes = await File.ReadAllBytesAsync(damaged);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes);
        AnnException e = Assert.Throws<AnnException>(
            () => SnapshotDirectory.Restore(PhysicalFileSystem.Instance, copy, Path.Combine(live.Root, "again")));
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.Contains(Path.GetFileName(damaged), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DetachDeletesTheFilesAndNeverTheServingOne()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync([1]);
        string serving = live.Index.Generations[0].Id;
        GenerationStatus attached = await live.Index.AttachAsync(live.Build("x.ann", LiveFixture.Range(0, 10)), 1);
        AnnException e = await Assert.ThrowsAsync<AnnException>(() => live.Index.DetachAsync(serving));
        Assert.Equal(AnnError.FailedPrecondition, e.Error);
        await live.Index.DetachAsync(attached.Id);
        Assert.Equal(serving, Assert.Single(live.Index.Generations).Id);
        Assert.Empty(Directory.GetFiles(live.IndexDirectory, "seg-*.ann"));
        await Assert.ThrowsAsync<AnnException>(() => live.Index.PromoteAsync(attached.Id, new PromotionGate()));
    }
}
