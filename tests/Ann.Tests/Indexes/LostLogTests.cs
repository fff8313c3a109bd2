using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: an index that lost a file of its log does not start without a word. Method: real files of an index that is still open, as a kill
/// leaves them, without one of the log's.
/// </summary>
public sealed class LostLogTests : IAsyncDisposable
{
    private const int Items = 280;

    private readonly HeldThreads _threads = new();
    private readonly LiveFixture _live;
    private readonly string _copy;

    public LostLogTests()
    {
        _live = new LiveFixture(new LiveIndexOptions
        {
            HeadRows = 64,
            MaxFrozenHeads = 4,
            LogRetentionBytes = 0,
            Background = _threads,
            Waiting = _threads.Run,
        });
        _copy = Path.Combine(_live.Root, "copy");
    }

    public ValueTask DisposeAsync() => _live.DisposeAsync();

    /// <summary>The manifest is older than the newest files of the log, which name each other.</summary>
    [Fact]
    public async Task EveryFileSinceTheManifestIsMissed()
    {
        for (int from = 0; from < Items; from += 40)
            await _live.UpsertAsync(LiveFixture.Range(from, 40));
        await _live.Index.SettleAsync();
        string[] logs = CopyOf();
        Assert.True(logs.Length > 3, $"{logs.Length} files");
        Assert.NotEqual(Path.GetFileName(logs[^1]), ManifestFile.Read(PhysicalFileSystem.Instance, _copy).LogFile);
        Assert.Equal(Items, await OpenAsync());

        foreach (string log in logs)
        {
            CopyOf();
            File.Delete(log);
            AnnException refused = await Assert.ThrowsAsync<AnnException>(OpenAsync);
            Assert.Equal(AnnError.Corrupt, refused.Error);
            if (log != logs[0]) // without that one a generation lacks writes
                Assert.Contains($"{Path.GetFileName(log)}: section file, byte 0: ", refused.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>What was sealed needs no log; the manifest names the file of what was not.</summary>
    [Fact]
    public async Task ALogThatIsGoneAsAWholeIsMissed()
    {
        for (int from = 0; from < Items; from += 40)
            await _live.UpsertAsync(LiveFixture.Range(from, 40));
        await CompactAsync();
        await _live.UpsertAsync(LiveFixture.Range(Items, 10));
        await _live.Index.SettleAsync();
        CopyOf();
        Assert.Equal(Items + 10, await OpenAsync());

        foreach (string log in CopyOf())
            File.Delete(log);
        AnnException refused = await Assert.ThrowsAsync<AnnException>(OpenAsync);

        Assert.Equal(AnnError.Corrupt, refused.Error);
        Assert.Contains(".log: section file, byte 0: the manifest names it, and it is missing", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Manifests of older builds name no file of the log.</summary>
    [Fact]
    public async Task AManifestWithoutTheNameOpens()
    {
        await _live.UpsertAsync(LiveFixture.Range(0, 20));
        CopyOf();
        Manifest manifest = ManifestFile.Read(PhysicalFileSystem.Instance, _copy);
        Assert.NotNull(manifest.LogFile);
        ManifestFile.Write(PhysicalFileSystem.Instance, _copy, manifest with { LogFile = null });
        Assert.Equal(20, await OpenAsync());
    }

    /// <summary>A merge runs only when it is let.</summary>
    private async Task CompactAsync()
    {
        Task compacted = _live.Index.CompactAsync();
        while (!compacted.IsCompleted)
        {
            await _live.Index.SettleAsync();
            _threads.Run();
        }
        await compacted;
    }

    /// <summary>Copies the files as they are now, as a kill leaves them, and returns those of the log.</summary>
    private string[] CopyOf()
    {
        if (Directory.Exists(_copy))
            Directory.Delete(_copy, recursive: true);
        Directory.CreateDirectory(_copy);
        foreach (string file in Directory.GetFiles(_live.IndexDirectory))
            if (Path.GetFileName(file) != IndexOpening.LockFile)
                File.Copy(file, Path.Combine(_copy, Path.GetFileName(file)));
        string[] logs = Directory.GetFiles(_copy, "wal-*.log");
        Array.Sort(logs, StringComparer.Ordinal);
        return logs;
    }

    /// <summary>Opens the copy, and tells its items.</summary>
    private async Task<long> OpenAsync()
    {
        LiveIndexOptions options = new() { HeadRows = 64, MaxFrozenHeads = 20 };
        await using LiveIndex index = LiveIndex.Open(
            PhysicalFileSystem.Instance, _copy, "live", options, _live.Budget, TimeProvider.System);
        return index.Generations[0].Items;
    }

    /// <summary>Does what it is given when it is told to.</summary>
    private sealed class HeldThreads : TaskScheduler
    {
        private readonly Queue<Task> _waiting = new();

        public override int MaximumConcurrencyLevel => 1;

        public void Run()
        {
            while (true)
            {
                Task? task;
                lock (_waiting)
                {
                    if (!_waiting.TryDequeue(out task))
                        return;
                }
                TryExecuteTask(task);
            }
        }

        protected override void QueueTask(Task task)
        {
            lock (_waiting)
                _waiting.Enqueue(task);
        }

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
