using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>
/// A life of an index in a few hundred file operations: writes, seals, compactions, generations, a copy. It knows at every step what was
/// acknowledged, and what may be there besides: the step that was under way.
/// </summary>
/// <param name="files">Where it lives.</param>
/// <param name="seed">Of the order of the operations of its threads.</param>
internal sealed class CrashScript(SimulatedFileSystem files, int seed) : IAsyncDisposable
{
    public const string IndexDirectory = "/data/live";
    public const string CopyDirectory = "/data/copy";
    private const string BuiltFile = "/data/built.ann";

    private static readonly LiveIndexOptions Options = new()
    {
        HeadRows = 16,
        MaxFrozenHeads = 2,
        MaxSealedSegments = 2,
        LogRetentionBytes = 0,
        Residence = SegmentResidence.Mapped,
    };

    private static readonly IndexSchema Schema = LiveFixture.Schema() with { Attributes = AttributeFixture.Schema };

    private readonly SeededSchedule _schedule = new(files, seed);
    private LiveIndex? _index;

    /// <summary>Versions of the items that were acknowledged, by key.</summary>
    public Dictionary<ulong, int> Known { get; private set; } = [];

    /// <summary>What would be there if the step under way were whole; the same as <see cref="Known"/> between steps.</summary>
    public Dictionary<ulong, int> Possible { get; private set; } = [];

    /// <summary>True once the index was acknowledged to exist.</summary>
    public bool IsCreated { get; private set; }

    /// <summary>Opens what a crash left.</summary>
    public static LiveIndex Open(IFileSystem files) =>
        LiveIndex.Open(files, IndexDirectory, "live", Options, MemoryBudget.Unlimited(), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _schedule.Dispose();
    }

    /// <summary>Runs to the end, or to the crash, whose exception it throws.</summary>
    public async Task RunAsync()
    {
        files.CreateDirectory("/data");
        files.FlushDirectory("/");
        LiveIndexOptions options = Options with { Background = _schedule, Waiting = () => _schedule.FinishMerge() };
        _index = LiveIndex.Create(
            new(files, IndexDirectory, "live", Schema, options, MemoryBudget.Unlimited(), TimeProvider.System), new(null, ""));
        _schedule.Index = _index;
        IsCreated = true;
        await UpsertAsync(0, 20, version: 0);
        await DeleteAsync(3, 7);
        await UpsertAsync(10, 20, version: 1);
        await CompactAsync();
        await UpsertAsync(25, 12, version: 2);
        await DeleteAsync(0, 28);

        long position = _index.Log.Visible;
        Build();
        await UpsertAsync(5, 3, version: 3);
        string attached = (await _index.AttachAsync(BuiltFile, position)).Id;
        await _schedule.SettleAsync();
        await UpsertAsync(50, 18, version: 4);
        await _index.PromoteAsync(attached, new PromotionGate());
        await _schedule.SettleAsync();
        await DeleteAsync(51);
        await _index.RollbackAsync();
        await _schedule.SettleAsync();
        await UpsertAsync(1, 2, version: 5);
        await _index.SnapshotAsync(CopyDirectory);
        await _schedule.SettleAsync();
        await _index.DetachAsync(attached);
        await _schedule.SettleAsync();
        await CompactAsync();
        await UpsertAsync(60, 4, version: 6);
        await CloseAsync();
    }

    /// <summary>Waits for merges, which get on only when they are let.</summary>
    private async Task CompactAsync()
    {
        Task compacted = _index!.CompactAsync();
        do
        {
            await _schedule.SettleAsync();
        }
        while (_schedule.FinishMerge() || !compacted.IsCompleted);
        await compacted;
        await _schedule.SettleAsync();
    }

    private async Task CloseAsync()
    {
        if (_index is null)
            return;
        await _schedule.SettleAsync();
        await _index.DisposeAsync();
        _schedule.Index = null;
        _index = null;
    }

    private Task UpsertAsync(int from, int count, int version) => WriteAsync(
        LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count), version) with
        {
            Attributes = AttributeFixture.Of(LiveFixture.Range(from, count), version),
        },
        items =>
        {
            foreach (ulong key in LiveFixture.Range(from, count))
                items[key] = version;
        });

    private Task DeleteAsync(params ulong[] keys) => WriteAsync(
        LiveFixture.Batch(WriteMode.Delete, keys),
        items =>
        {
            foreach (ulong key in keys)
                items.Remove(key);
        });

    private async Task WriteAsync(WriteBatch batch, Action<Dictionary<ulong, int>> change)
    {
        Possible = new Dictionary<ulong, int>(Known);
        change(Possible);
        await (await _index!.WriteAsync(batch)).Visible;
        Known = Possible;
        await _schedule.SettleAsync();
    }

    /// <summary>A file as a pipeline would build it: the items as they are now.</summary>
    private void Build()
    {
        using SegmentBuilder builder = new(Known.Count, LiveFixture.Dimension, new SegmentBuildOptions
        {
            Metric = Metric.L2,
            M = 8,
            EfConstruction = 60,
            Layout = SegmentLayout.Lean,
            Threads = 1,
            Attributes = AttributeFixture.Schema,
        });
        KeyColumn keys = new(KeyKind.UInt64);
        foreach ((ulong key, int version) in Known)
        {
            builder.Add(LiveFixture.Row(key, version));
            builder.AddAttributes(AttributeFixture.Of([key], version));
            keys.Add(key);
        }
        builder.Build(keys);
        builder.Write(files, BuiltFile);
    }
}
