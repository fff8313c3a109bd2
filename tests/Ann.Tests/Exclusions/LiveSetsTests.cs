using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Tests.Indexes;
using static Ann.Tests.Exclusions.SetFixture;

namespace Ann.Tests.Exclusions;

/// <summary>Goal: the sets of a live index go with it: into a snapshot, back from it, and away with a drop.</summary>
public sealed class LiveSetsTests
{
    [Fact]
    public async Task ASnapshotCarriesTheSets()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 10));
        await live.Index.Sets.AppendAsync("seen", Numbers(4, 2), null);
        string copy = Path.Combine(live.Root, "copy");
        string restored = Path.Combine(live.Root, "restored");

        await live.Index.SnapshotAsync(copy);
        await live.Index.Sets.AppendAsync("seen", Numbers(7), null);
        SnapshotDirectory.Restore(PhysicalFileSystem.Instance, copy, restored);

        await using LiveIndex other = LiveIndex.Open(
            PhysicalFileSystem.Instance, restored, "other", live.Options, live.Budget, TimeProvider.System);
        Assert.Equal(["4", "2"], Keys(other.Sets, "seen"));
        await live.ReopenAsync();
        Assert.Equal(["4", "2", "7"], Keys(live.Index.Sets, "seen"));
    }

    [Fact]
    public async Task ADropAndACreateAfterHalfADropLeaveNoSets()
    {
        await using LiveFixture live = new();
        await live.Index.Sets.AppendAsync("seen", Numbers(1), null);
        await live.CloseAsync();
        string log = Path.Combine(live.IndexDirectory, "sets.log");
        byte[] bytes = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);

        LiveIndex.Delete(PhysicalFileSystem.Instance, live.IndexDirectory);
        Assert.False(Directory.Exists(live.IndexDirectory));

        Directory.CreateDirectory(live.IndexDirectory);
        await File.WriteAllBytesAsync(log, bytes, TestContext.Current.CancellationToken);
        await using LiveIndex made = LiveIndex.Create(
            new(
                PhysicalFileSystem.Instance, live.IndexDirectory, "live", LiveFixture.Schema(), live.Options, live.Budget,
                TimeProvider.System),
            new(null, ""));
        Assert.Null(made.Sets.Failure);
        Assert.Null(made.Sets.Find("seen"));
    }
}
