using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>What fails in the middle of a change of an index leaves an index that opens, and takes nothing with it.</summary>
public sealed class LiveFaultTests : IAsyncDisposable
{
    private const string IndexDirectory = "/live";
    private const string BuiltFile = "/built.ann";
    private const string BuiltEncoder = "00000000000000bb";

    private static readonly LiveIndexOptions Options = new() { HeadRows = 32, MaxFrozenHeads = 2, LogRetentionBytes = 0 };

    private readonly SimulatedFileSystem _files = new();
    private readonly MemoryBudget _budget = new(1L << 40);
    private LiveIndex? _index;

    private LiveIndex Index => _index!;

    public async ValueTask DisposeAsync()
    {
        if (_index is not null)
            await _index.DisposeAsync();
    }

    [Fact]
    public async Task AnAttachBesideABrokenLogLeavesAnIndexThatOpens()
    {
        Create();
        await WriteAsync(0, 20);
        Build(0, 20);
        await BreakLogAsync();
        await Record.ExceptionAsync(() => Index.AttachAsync(BuiltFile, 20));
        await RequireOpensAsync(_files.Recover(1));
        await Index.DisposeAsync();
        await RequireOpensAsync(_files);
    }

    [Fact]
    public async Task ADetachBesideABrokenLogLeavesAnIndexThatOpens()
    {
        Create();
        await WriteAsync(0, 20);
        Build(0, 20);
        string attached = (await Index.AttachAsync(BuiltFile, 20)).Id;
        await BreakLogAsync();
        await Record.ExceptionAsync(() => Index.DetachAsync(attached));
        await RequireOpensAsync(_files.Recover(1));
        await Index.DisposeAsync();
        await RequireOpensAsync(_files);
    }

    [Fact]
    public async Task ACopyThatCannotBeBegunHoldsNoFilesBack()
    {
        Create();
        await WriteAsync(0, 20);
        _files.FailAt(SimulatedOperation.CreateFile, 1, $"MANIFEST.copy.{Environment.ProcessId}.partial");
        await Assert.ThrowsAnyAsync<Exception>(() => Index.SnapshotAsync("/copy"));
        await Index.CompactAsync();
        await WriteAsync(20, 20);
        await Index.CompactAsync();
        Assert.True(Index.Log.First > 20, $"the log still begins with {Index.Log.First}");
        Assert.Single(_files.ListFiles(IndexDirectory, "seg-*.ann"));
        Assert.Equal(40, await Index.SnapshotAsync("/copy"));
    }

    [Fact]
    public async Task ABrokenLogIsToldAsTheReasonWhyNothingCanBeWritten()
    {
        Create();
        Assert.Null(Index.WriteFailure);
        await BreakLogAsync();
        Assert.Contains(".log", Index.WriteFailure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckpointsThatFailLeaveNoFilesBehind()
    {
        Create();
        await WriteAsync(0, 20);
        await Index.CompactAsync();
        for (int i = 0; i < 3; i++) // too few for the segment to be rewritten
        {
            await DeleteAsync(i, 1);
            // A manifest that failed is tried again behind the next write; a command comes after that.
            await Assert.ThrowsAsync<AnnException>(() => Index.DetachAsync("none"));
            _files.FailAt(SimulatedOperation.CreateFile, 1, $"MANIFEST.{Environment.ProcessId}.partial");
            await Assert.ThrowsAnyAsync<Exception>(() => Index.SnapshotAsync("/copy"));
        }
        await Index.SnapshotAsync("/copy");
        Assert.Single(_files.ListFiles(IndexDirectory, "seg-*.tomb"));
    }

    [Fact]
    public async Task ADiskThatRefusesAChangeIsToldAsFull()
    {
        Create();
        await WriteAsync(0, 20);
        Build(0, 20);
        GenerationStatus attached = await Index.AttachAsync(BuiltFile, 20);
        foreach (Func<Task> change in (Func<Task>[])
        [
            () => Index.PromoteAsync(attached.Id, new PromotionGate()), () => Index.DetachAsync(attached.Id),
            () => Index.SnapshotAsync("/copy"), () => Index.CompactAsync(),
        ])
        {
            _files.FailAt(SimulatedOperation.CreateFile, 1, ".partial");
            AnnException told = await Assert.ThrowsAsync<AnnException>(change);
            Assert.Equal((AnnError.Overloaded, "disk"), (told.Error, told.Field));
        }
        Build(0, 10);
        _files.FailAt(SimulatedOperation.Write, 1, ".partial");
        Assert.Equal(AnnError.Overloaded, (await Assert.ThrowsAsync<AnnException>(() => Index.AttachAsync(BuiltFile, 20))).Error);
    }

    [Fact]
    public async Task DeletesAloneDoNotLetTheLogGrow()
    {
        Create();
        for (int i = 0; i < 10; i++)
            await DeleteAsync(0, 20);
        Assert.True(Index.Log.First > 1, "the log still holds its first write");
    }

    [Fact]
    public async Task MappedFilesTakeNoneOfTheMemoryBudget()
    {
        Create();
        Build(0, 8000);
        string attached = (await Index.AttachAsync(BuiltFile, 0)).Id;
        await Index.DisposeAsync();
        LiveIndexOptions mapped = Options with { Residence = SegmentResidence.Mapped };
        MemoryBudget small = new(_files.ReadAllBytes(BuiltFile).Length);
        _index = LiveIndex.Open(_files, IndexDirectory, "live", mapped, small, TimeProvider.System);
        Assert.Equal(8000, Index.Generations.Single(one => one.Id == attached).Items);
    }

    [Fact]
    public async Task ACopyAndWhatIsRestoredSurviveAPowerCut()
    {
        Create();
        await WriteAsync(0, 20);
        await Index.SnapshotAsync("/copy");
        SnapshotDirectory.Restore(_files, "/copy", "/restored");
        SimulatedFileSystem after = _files.Recover(0);
        Assert.True(after.FileExists("/copy/" + SnapshotDirectory.ListFile), "the copy is gone");
        Assert.True(LiveIndex.Exists(after, "/restored"), "what was restored is gone");
    }

    [Fact]
    public void ACreateThatFailsGivesItsMemoryBack()
    {
        _files.FailAt(SimulatedOperation.CreateFile, 1, $"MANIFEST.{Environment.ProcessId}.partial");
        AnnException told = Assert.Throws<AnnException>(Create);
        Assert.Equal((AnnError.Overloaded, "disk"), (told.Error, told.Field));
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task AGenerationThatFailsToOpenGivesItsMemoryBack()
    {
        Create();
        Build(0, 20, BuiltEncoder);
        await Index.AttachAsync(BuiltFile, 0);
        await WriteAsync(0, 20); // of no encoder: the generation misses them
        await Index.DisposeAsync();
        string missed = Assert.Single(_files.ListFiles(IndexDirectory, "missed-*.keys"));
        byte[] bytes = _files.ReadAllBytes(missed);
        bytes[^1] ^= 1;
        _files.Put(missed, bytes);
        Assert.Equal(0, _budget.Used);

        Open();
        Assert.Contains("missed-", Index.Generations[1].Failure, StringComparison.Ordinal);
        await Index.DisposeAsync();
        Assert.Equal(0, _budget.Used);
        _index = null;
    }

    private void Create() => _index = LiveIndex.Create(
        new(_files, IndexDirectory, "live", LiveFixture.Schema(), Options, _budget, TimeProvider.System), new(null, ""));

    private void Open() => _index = LiveIndex.Open(_files, IndexDirectory, "live", Options, _budget, TimeProvider.System);

    /// <summary>The 20 items of before are there, and perhaps the one that the log failed at.</summary>
    private static async Task RequireOpensAsync(SimulatedFileSystem files)
    {
        await using LiveIndex index = LiveIndex.Open(
            files, IndexDirectory, "live", Options, MemoryBudget.Unlimited(), TimeProvider.System);
        using SnapshotLease lease = index.Acquire();
        Assert.InRange(lease.Snapshot.Items, 20, 21);
    }

    private async Task WriteAsync(int from, int count) =>
        await (await Index.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count)))).Visible;

    private async Task DeleteAsync(int from, int count) =>
        await (await Index.WriteAsync(LiveFixture.Batch(WriteMode.Delete, LiveFixture.Range(from, count)))).Visible;

    private async Task BreakLogAsync()
    {
        _files.FailAt(SimulatedOperation.Flush, 1, ".log");
        await Assert.ThrowsAsync<AnnException>(() => WriteAsync(20, 1));
    }

    private void Build(int from, int count, string encoder = "")
    {
        using SegmentBuilder builder = new(count, LiveFixture.Dimension, new SegmentBuildOptions
        {
            Metric = Metric.L2,
            M = 8,
            EfConstruction = 60,
            Layout = SegmentLayout.Lean,
            Threads = 1,
            EncoderFingerprint = encoder,
        });
        KeyColumn keys = new(KeyKind.UInt64);
        foreach (ulong key in LiveFixture.Range(from, count))
        {
            builder.Add(LiveFixture.Row(key));
            keys.Add(key);
        }
        builder.Build(keys);
        builder.Write(_files, BuiltFile);
    }
}
