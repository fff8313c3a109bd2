using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Releases;
using Ann.Tests.Indexes;

namespace Ann.Tests.Releases;

/// <summary>Goal: a generation and the encoder of its queries come, serve and go together.</summary>
public sealed class ReleasedGenerationTests
{
    private const ulong Items = 0xa0, Users = 0xa1, NewItems = 0xb0, NewUsers = 0xb1;

    private static readonly IFileSystem Disk = PhysicalFileSystem.Instance;

    [Fact]
    public async Task IndexAndEncoderAreSwitchedInOneStepAndTheEncoderGoesWithItsLastReader()
    {
        SampleEncoders encoders = new();
        await using LiveFixture live = New(encoders);
        string first = await AttachAsync(live, "first.release", Users, Items, 1);
        await live.Index.PromoteAsync(first, new PromotionGate());
        string second = await AttachAsync(live, "second", NewUsers, NewItems, 2);

        SnapshotLease reader = live.Index.Acquire();
        await live.Index.PromoteAsync(second, new PromotionGate());
        using (SnapshotLease now = live.Index.Acquire())
        {
            Assert.Equal((second, NewUsers), (now.Snapshot.Generation, now.Snapshot.Encoder!.Fingerprint));
            Assert.Equal(NewUsers, now.Snapshot.Encoders.Queries.Fingerprint);
            Assert.Equal(NewItems, now.Snapshot.Encoders.Items.Fingerprint);
        }
        Assert.Equal((first, Users), (reader.Snapshot.Generation, reader.Snapshot.Encoder!.Fingerprint));
        await live.Index.RollbackAsync();
        using (SnapshotLease back = live.Index.Acquire())
            Assert.Equal((first, Users), (back.Snapshot.Generation, back.Snapshot.Encoder!.Fingerprint));
        await live.Index.RollbackAsync();

        await live.Index.DetachAsync(first);
        Assert.Equal([Users, NewUsers], encoders.Open); // the reader still has it
        reader.Dispose();
        Assert.Equal([NewUsers], encoders.Open);
        Assert.Single(Directory.GetDirectories(live.IndexDirectory));

        await live.ReopenAsync();
        using (SnapshotLease again = live.Index.Acquire())
            Assert.Equal((second, NewUsers), (again.Snapshot.Generation, again.Snapshot.Encoder!.Fingerprint));
        await live.CloseAsync();
        Assert.Empty(encoders.Open);
        Assert.Equal(0, live.Budget.Used);
    }

    [Fact]
    public async Task SealedSegmentsOfAReleaseKeepItsEncoders()
    {
        await using LiveFixture live = New(new SampleEncoders());
        string first = await AttachAsync(live, "first.release", Users, Items, 1);
        await live.Index.PromoteAsync(first, new PromotionGate());
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [50]) with { EncoderFingerprint = Items });
        AnnException refused = await Assert.ThrowsAsync<AnnException>(
            () => live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [51]) with { EncoderFingerprint = Users }));
        await live.Index.CompactAsync();
        await live.ReopenAsync();

        using SnapshotLease lease = live.Index.Acquire();
        Assert.Equal(AnnError.FailedPrecondition, refused.Error);
        Assert.Equal(Users, lease.Snapshot.Encoder!.Fingerprint);
        Assert.Equal(21, lease.Snapshot.Items);
        lease.Snapshot.RequireQueryEncoder(Users);
    }

    [Fact]
    public async Task ABrokenEncoderFailsTheAttachAndLeavesNothing()
    {
        SampleEncoders encoders = new();
        await using LiveFixture live = New(encoders);
        string first = await AttachAsync(live, "first.release", Users, Items, 1);
        await live.Index.PromoteAsync(first, new PromotionGate());
        string[] before = Everything(live);
        string model = $"{ReleaseDirectory.EncoderDirectory}/{SampleRelease.Model}";

        foreach ((string name, Action<string> harm, string told) in new (string, Action<string>, string)[]
        {
            ("other", path => SampleRelease.Put(Disk, ReleaseDirectory.PathOf(path, model), $"{Users:x16}"), "hash"),
            ("missing", path => File.Delete(ReleaseDirectory.PathOf(path, model)), "missing"),
            ("cut", path => SampleRelease.Put(Disk, Path.Combine(path, ReleaseDirectory.IndexFile), "ANNSEG"), "hash"),
            ("lying", path => Relist(path, NewUsers, Users), "query_encoder"),
            ("wrong", path => Relist(path, model, $"{Users:x16}"), $"{NewUsers:x16}"),
            ("listless", path => SampleRelease.Put(Disk, Path.Combine(path, ReleaseDirectory.ListFile), "{ }"), "release.json"),
        })
        {
            string path = Path.Combine(live.Root, name);
            SampleRelease.Write(Disk, path, NewUsers, NewItems, 2);
            harm(path);

            AnnException error = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(path, null));

            Assert.Equal(AnnError.Corrupt, error.Error);
            Assert.Contains(told, error.Message, StringComparison.Ordinal);
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Equal(before, Everything(live));
            Assert.Equal([Users], encoders.Open);
        }
        using SnapshotLease lease = live.Index.Acquire();
        Assert.Equal(first, lease.Snapshot.Generation);
    }

    [Fact]
    public async Task AnEncoderThatTheBudgetHasNoRoomForIsRefused()
    {
        SampleEncoders encoders = new();
        await using LiveFixture live = New(encoders);
        SampleRelease.Write(Disk, Path.Combine(live.Root, "r"), Users, Items);
        long used = live.Budget.Used;
        GenerationStatus attached = await live.Index.AttachAsync(Path.Combine(live.Root, "r"), null);
        long needed = live.Budget.Used - used;
        await live.Index.DetachAsync(attached.Id);
        Assert.Equal(used, live.Budget.Used);
        live.Budget.TakeAnyway(live.Budget.Limit - used - needed + 1);

        AnnException error = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(Path.Combine(live.Root, "r"), null));

        Assert.Equal(AnnError.Overloaded, error.Error);
        Assert.Empty(encoders.Open);
    }

    [Fact]
    public async Task AStandbyWhoseEncoderIsDamagedIsDamagedAndTheIndexServes()
    {
        SampleEncoders encoders = new();
        await using LiveFixture live = New(encoders);
        string first = await AttachAsync(live, "first.release", Users, Items, 1);
        await live.Index.PromoteAsync(first, new PromotionGate());
        string second = await AttachAsync(live, "second.release", NewUsers, NewItems, 2);
        await live.CloseAsync();
        string model = Directory.GetFiles(live.IndexDirectory, Path.GetFileName(SampleRelease.Model), SearchOption.AllDirectories)
            .Single(static path => File.ReadAllText(path) == $"{NewUsers:x16}");
        File.Delete(model);

        live.Open();

        GenerationStatus damaged = live.Index.Generations.Single(static one => one.Failure is not null);
        Assert.Equal(second, damaged.Id);
        Assert.Contains("model.txt", damaged.Failure, StringComparison.Ordinal);
        Assert.Equal(NewUsers, damaged.Encoders.Queries.Fingerprint);
        Assert.Equal(first, live.Index.Generations[0].Id);
        await live.Index.DetachAsync(second);
        Assert.Single(Directory.GetDirectories(live.IndexDirectory));
    }

    [Fact]
    public async Task ACopyHoldsTheEncoderAndIsPutBackWithIt()
    {
        SampleEncoders encoders = new();
        await using LiveFixture live = New(encoders);
        await live.Index.PromoteAsync(await AttachAsync(live, "first.release", Users, Items, 1), new PromotionGate());
        string copy = Path.Combine(live.Root, "copy"), restored = Path.Combine(live.Root, "restored");

        await live.Index.SnapshotAsync(copy);
        SnapshotDirectory.Restore(Disk, copy, restored);

        await using (LiveIndex again = LiveIndex.Open(
            Disk, restored, "restored", live.Options, MemoryBudget.Unlimited(), TimeProvider.System))
        {
            using SnapshotLease lease = again.Acquire();
            Assert.Equal(Users, lease.Snapshot.Encoder!.Fingerprint);
        }
        LiveIndex.Delete(Disk, restored);
        Assert.False(Directory.Exists(restored));
        string list = Path.Combine(copy, SnapshotDirectory.ListFile);
        string hostile = File.ReadAllText(list).Split('\n', 2)[1].Replace("enc-", "../enc-", StringComparison.Ordinal);
        File.WriteAllText(list, $"{System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.UTF8.GetBytes(hostile)):x16}\n{hostile}");
        Assert.Equal(AnnError.Corrupt, Assert.Throws<AnnException>(() => SnapshotDirectory.Restore(Disk, copy, restored)).Error);
    }

    [Fact]
    public async Task WhereNobodyRunsEncodersTheFilesStayAndVectorsAreAnswered()
    {
        await using LiveFixture live = new();
        await live.Index.PromoteAsync(await AttachAsync(live, "first.release", Users, Items, 1), new PromotionGate());
        await live.CloseAsync();
        SampleEncoders encoders = new();

        live.Open(live.Options with { Encoders = encoders });

        Assert.Equal([Users], encoders.Open);
        Assert.Equal(3ul, live.Search(LiveFixture.Row(3, 1), 1)[0]);
    }

    private static LiveFixture New(SampleEncoders encoders) => new(
        new LiveIndexOptions { HeadRows = 64, MaxFrozenHeads = 2, Encoders = encoders }, budget: new MemoryBudget(1L << 40));

    private static async Task<string> AttachAsync(LiveFixture live, string name, ulong queries, ulong items, int version)
    {
        string path = Path.Combine(live.Root, name);
        SampleRelease.Write(Disk, path, queries, items, version);
        return (await live.Index.AttachAsync(path, null)).Id;
    }

    private static string[] Everything(LiveFixture live) =>
        [.. Directory.GetFileSystemEntries(live.IndexDirectory, "*", SearchOption.AllDirectories)
            .Where(static path => !path.EndsWith(".log", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Lets the list say another encoder of the queries.</summary>
    private static void Relist(string path, ulong old, ulong now)
    {
        string list = Path.Combine(path, ReleaseDirectory.ListFile);
        File.WriteAllText(list, File.ReadAllText(list).Replace($"\"{old:x16}\"", $"\"{now:x16}\"", StringComparison.Ordinal));
    }

    /// <summary>Replaces a file, and lets the list say so.</summary>
    private static void Relist(string path, string name, string content)
    {
        SampleRelease.Put(Disk, ReleaseDirectory.PathOf(path, name), content);
        Release release = ReleaseDirectory.Read(Disk, path);
        ReleaseDirectory.Write(Disk, path, release with
        {
            Files = [.. release.Files.Select(file => file.Name == name ? ReleaseDirectory.Describe(Disk, path, name) : file)],
        });
    }
}
