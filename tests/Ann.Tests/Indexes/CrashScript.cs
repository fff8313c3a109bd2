using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>
/// A life of an index in a few hundred file operations: writes, seals, compactions, generations, a copy. It knows at every step what was
/// acknowledged, and what may be there besides: the step that was under way.
/// </summary>
internal sealed class CrashScript(SimulatedFileSystem files)
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

    /// <summary>Runs to the end, or to the crash.</summary>
    public async Task RunAsync()
    {
        try
        {
            await LiveAsync();
        }
        finally
        {
            if (_index is not null)
                await _index.DisposeAsync();
        }
    }

    private async Task LiveAsync()
    {
        files.CreateDirectory("/data");
        files.FlushDirectory("/");
        _index = LiveIndex.Create(
            files, IndexDirectory, "live", Schema, null, "", Options, MemoryBudget.Unlimited(), TimeProvider.System);
        IsCreated = true;
        await UpsertAsync(0, 20, version: 0);
        await DeleteAsync(3, 7);
        await UpsertAsync(10, 20, version: 1);
        await _index.CompactAsync();
        await UpsertAsync(25, 12, version: 2);
        await DeleteAsync(0, 28);

        long position = _index.Log.Visible;
        Build();
        await UpsertAsync(5, 3, version: 3);
        string attached = (await _index.AttachAsync(BuiltFile, position)).Id;
        await UpsertAsync(50, 18, version: 4);
        await _index.PromoteAsync(attached, new PromotionGate());
        await DeleteAsync(51);
        await _index.RollbackAsync();
        await UpsertAsync(1, 2, version: 5);
        await _index.SnapshotAsync(CopyDirectory);
        await _index.DetachAsync(attached);
        await _index.CompactAsync();
        await UpsertAsync(60, 4, version: 6);
        await _index.DisposeAsync();
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
