using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>
/// A life of an index in a few hundred file operations: writes, updates, seals, compactions, generations, a copy. It knows at every step
/// what was acknowledged, and what may be there besides: the step that was under way.
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
        HeadPayloadBytes = 400,
        MaxFrozenHeads = 2,
        MaxSealedSegments = 2,
        LogRetentionBytes = 0,
        Residence = SegmentResidence.Mapped,
    };

    /// <summary>Attributes that updates give.</summary>
    private static readonly AttributeSchema Given = new(AttributeFixture.Schema.Fields.Take(3).Reverse());

    private static readonly IndexSchema Schema = LiveFixture.Schema() with { Attributes = AttributeFixture.Schema };

    private readonly SeededSchedule _schedule = new(files, seed);
    private LiveIndex? _index;

    /// <summary>Versions of the items that were acknowledged, by key.</summary>
    public Dictionary<ulong, ItemVersion> Known { get; private set; } = [];

    /// <summary>What would be there if the step under way were whole; the same as <see cref="Known"/> between steps.</summary>
    public Dictionary<ulong, ItemVersion> Possible { get; private set; } = [];

    /// <summary>What the copy holds, when it is whole.</summary>
    public Dictionary<ulong, ItemVersion> Copied { get; private set; } = [];

    /// <summary>True once the index was acknowledged to exist.</summary>
    public bool IsCreated { get; private set; }

    /// <summary>Opens what a crash left.</summary>
    public static LiveIndex Open(IFileSystem files, string directory = IndexDirectory) =>
        LiveIndex.Open(files, directory, "live", Options, MemoryBudget.Unlimited(), TimeProvider.System);

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
        await UpdateAsync(2, 6, version: 7, payloads: true);
        await DeleteAsync(3, 7);
        await UpsertAsync(10, 20, version: 1);
        await CompactAsync();
        await UpdateAsync(8, 9, version: 8, payloads: false);
        await UpsertAsync(25, 12, version: 2);
        await DeleteAsync(0, 28);

        long position = _index.Log.Visible;
        Build();
        await UpsertAsync(5, 3, version: 3);
        await UpdateAsync(4, 3, version: 9, payloads: true);
        string attached = (await _index.AttachAsync(BuiltFile, position)).Id;
        await _schedule.SettleAsync();
        await UpsertAsync(50, 18, version: 4);
        await _index.PromoteAsync(attached, new PromotionGate());
        await _schedule.SettleAsync();
        await DeleteAsync(51);
        await UpdateAsync(48, 5, version: 10, payloads: false);
        await _index.RollbackAsync();
        await _schedule.SettleAsync();
        await UpsertAsync(1, 2, version: 5);
        await UpdateAsync(0, 12, version: 11, payloads: true);
        Copied = Known;
        await _index.SnapshotAsync(CopyDirectory);
        await _schedule.SettleAsync();
        await _index.DetachAsync(attached);
        await _schedule.SettleAsync();
        await CompactAsync();
        await UpdateAsync(8, 6, version: 12, payloads: false);
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
            Payloads = Payloads(LiveFixture.Range(from, count), version),
        },
        items =>
        {
            foreach (ulong key in LiveFixture.Range(from, count))
                items[key] = new ItemVersion(version, version, version, version);
        });

    /// <summary>Some of the keys may have no item.</summary>
    private Task UpdateAsync(int from, int count, int version, bool payloads)
    {
        IEnumerable<ulong> keys = LiveFixture.Range(from, count);
        AttributeBatch given = new(Given);
        foreach (AttributeColumn column in given.Columns)
            for (int item = 0; item < count; item++)
                column.AddFrom(AttributeFixture.Of(keys, version).Columns[AttributeFixture.Schema.Find(column.Field.Name)], item);
        WriteBatch batch = LiveFixture.Batch(WriteMode.Update, keys) with
        {
            Attributes = given,
            Payloads = payloads ? Payloads(keys, version) : null,
        };
        return WriteAsync(batch, items =>
        {
            foreach (ulong key in keys)
                if (items.TryGetValue(key, out ItemVersion old))
                    items[key] = old with { Given = version, Payload = payloads ? version : old.Payload };
        });
    }

    private Task DeleteAsync(params ulong[] keys) => WriteAsync(
        LiveFixture.Batch(WriteMode.Delete, keys),
        items =>
        {
            foreach (ulong key in keys)
                items.Remove(key);
        });

    private async Task WriteAsync(WriteBatch batch, Action<Dictionary<ulong, ItemVersion>> change)
    {
        Possible = new Dictionary<ulong, ItemVersion>(Known);
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
        foreach ((ulong key, ItemVersion version) in Known)
        {
            builder.Add(LiveFixture.Row(key, version.Row));
            builder.AddAttributes(AttributesOf(key, version));
            keys.Add(key);
        }
        ItemVersion[] versions = [.. Known.Values];
        builder.SetPayloads(row => Payload(keys.Numbers[row], versions[row].Payload));
        builder.Build(keys);
        builder.Write(files, BuiltFile);
    }

    /// <summary>All that can be read of an item in a version.</summary>
    public static string Describe(ulong key, ItemVersion version) => Describe(
        version.Row.ToString(CultureInfo.InvariantCulture), AttributesOf(key, version), Payload(key, version.Payload));

    /// <summary>All that can be read of an item.</summary>
    public static string Describe(string row, AttributeBatch attributes, ReadOnlySpan<byte> payload) =>
        $"row {row}, {AttributeFixture.Describe(attributes, 0)}, payload {Convert.ToHexString(payload)}";

    private static AttributeBatch AttributesOf(ulong key, ItemVersion version)
    {
        AttributeBatch given = AttributeFixture.Of([key], version.Given);
        AttributeBatch rest = AttributeFixture.Of([key], version.Rest);
        AttributeBatch all = new(AttributeFixture.Schema);
        for (int column = 0; column < all.Columns.Count; column++)
            all.Columns[column].AddFrom((Given.Find(all.Columns[column].Field.Name) >= 0 ? given : rest).Columns[column], 0);
        return all;
    }

    private static PayloadColumn Payloads(IEnumerable<ulong> keys, int version)
    {
        PayloadColumn payloads = new();
        foreach (ulong key in keys)
            payloads.Add(Payload(key, version));
        return payloads;
    }

    /// <summary>A third have none.</summary>
    private static byte[] Payload(ulong key, int version)
    {
        int length = ((int)key + version) % 3 == 0 ? 0 : 1 + ((int)key * 7 + version) % 40;
        return [.. Enumerable.Range(0, length).Select(i => (byte)((int)key * 31 + version * 7 + i))];
    }
}

/// <summary>Which versions an item has.</summary>
/// <param name="Row">Of its row.</param>
/// <param name="Given">Of the attributes that updates give.</param>
/// <param name="Rest">Of the others.</param>
/// <param name="Payload">Of its payload.</param>
internal readonly record struct ItemVersion(int Row, int Given, int Rest, int Payload);
