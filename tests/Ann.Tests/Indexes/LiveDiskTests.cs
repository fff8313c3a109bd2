using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>A disk that is full or fails: writes are refused, reads go on, and nothing that was acknowledged is lost.</summary>
public sealed class LiveDiskTests : IAsyncDisposable
{
    private const string IndexDirectory = "/live";

    private static readonly LiveIndexOptions Options = new() { HeadRows = 32, MaxFrozenHeads = 2, LogRetentionBytes = 0 };

    private readonly SimulatedFileSystem _files = new();
    private LiveIndex _index;

    public LiveDiskTests() => _index = LiveIndex.Create(
        new(_files, IndexDirectory, "live", LiveFixture.Schema(), Options, MemoryBudget.Unlimited(), TimeProvider.System), new(null, ""));

    public async ValueTask DisposeAsync() => await _index.DisposeAsync();

    [Fact]
    public async Task AFullDiskRefusesWritesUntilThereIsRoom()
    {
        await WriteAsync(0, 20);
        _files.FreeBytes = 100;
        for (int i = 0; i < 3; i++)
        {
            AnnException e = await Assert.ThrowsAsync<AnnException>(() => WriteAsync(20, 20));
            Assert.Equal(AnnError.Overloaded, e.Error);
            Assert.Contains("wal-", e.Message, StringComparison.Ordinal);
        }
        Assert.Equal(20, Count());

        _files.FreeBytes = long.MaxValue / 2;
        await WriteAsync(20, 20);
        Assert.Equal(40, Count());
        await ReopenAsync();
        Assert.Equal(40, Count());
    }

    [Fact]
    public async Task ALogThatCannotBeFlushedTakesNoMoreWrites()
    {
        await WriteAsync(0, 20);
        _files.FailAt(SimulatedOperation.Flush, 1, ".log");
        AnnException failed = await Assert.ThrowsAsync<AnnException>(() => WriteAsync(20, 20));
        Assert.Equal(AnnError.Unavailable, failed.Error);
        AnnException later = await Assert.ThrowsAsync<AnnException>(() => WriteAsync(40, 20));
        Assert.Equal(AnnError.Unavailable, later.Error);
        Assert.Equal(20, Count());

        await ReopenAsync();
        Assert.Contains(Count(), (int[])[20, 40]); // the failed batch is there whole, or not at all
        await WriteAsync(60, 20);
    }

    [Fact]
    public async Task SealingThatFailsIsToldAndTriedAgain()
    {
        _files.FailAt(SimulatedOperation.CreateFile, 1, ".partial");
        for (int i = 0; i < 3; i++)
            await WriteAsync(i * 20, 20); // the head is full and sealing fails
        await Server.RunningServer.Eventually(() => _index.CompactionFailure is not null, "sealing fails");
        Assert.Equal(60, Count());
        await _index.CompactAsync();
        Assert.Null(_index.CompactionFailure);
        Assert.Equal(60, Count());
        Assert.Equal(2, _index.Generations[0].Segments);
        await ReopenAsync();
        Assert.Equal(60, Count());
    }

    [Fact]
    public async Task ADamagedSegmentIsNamedWithFileAndByte()
    {
        await WriteAsync(0, 40);
        await _index.CompactAsync();
        await _index.DisposeAsync();
        string segment = _files.AllFiles.Single(static file => file.EndsWith(".ann", StringComparison.Ordinal));
        byte[] bytes = _files.ReadAllBytes(segment);
        bytes[4100] ^= 1;
        _files.Put(segment, bytes);
        AnnException e = Assert.Throws<AnnException>(Open);
        Assert.Equal(AnnError.Corrupt, e.Error);
        Assert.Contains(segment, e.Message, StringComparison.Ordinal);
        Assert.Matches("byte [0-9]+", e.Message);
    }

    [Fact]
    public async Task ALogThatMissesAcknowledgedWritesIsRefused()
    {
        await WriteAsync(0, 20);
        await _index.DisposeAsync(); // the manifest knows that there are 20 writes
        foreach (string file in _files.AllFiles.Where(static file => file.EndsWith(".log", StringComparison.Ordinal)))
            _files.Delete(file);
        AnnException e = Assert.Throws<AnnException>(Open);
        Assert.Equal(AnnError.Corrupt, e.Error);
    }

    private LiveIndex Open() => LiveIndex.Open(_files, IndexDirectory, "live", Options, MemoryBudget.Unlimited(), TimeProvider.System);

    private async Task ReopenAsync()
    {
        await _index.DisposeAsync();
        _index = Open();
    }

    private async Task WriteAsync(int from, int count) =>
        await (await _index.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count)))).Visible;

    private int Count()
    {
        using SnapshotLease lease = _index.Acquire();
        int found = 0;
        for (ulong key = 0; key < 200; key++)
            found += lease.Snapshot.TryFind(new ItemKey(key), out _) ? 1 : 0;
        Assert.Equal(found, lease.Snapshot.Items);
        return found;
    }
}
