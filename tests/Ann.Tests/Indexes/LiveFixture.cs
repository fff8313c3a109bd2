using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Indexes;

/// <summary>A live index in a directory that goes when the test ends, and short ways to write and ask.</summary>
internal sealed class LiveFixture : IAsyncDisposable
{
    public const int Dimension = 8;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ann-live-");
    private LiveIndex? _index;

    public LiveFixture(LiveIndexOptions? options = null, IndexSchema? schema = null, MemoryBudget? budget = null, ulong? encoder = null)
    {
        Options = options ?? new LiveIndexOptions { HeadRows = 64, MaxFrozenHeads = 2 };
        Budget = budget ?? MemoryBudget.Unlimited();
        _index = LiveIndex.Create(
            new(PhysicalFileSystem.Instance, IndexDirectory, "live", schema ?? Schema(), Options, Budget, TimeProvider.System),
            new(encoder, ""));
    }

    public LiveIndexOptions Options { get; }

    public MemoryBudget Budget { get; }

    public string Root => _root.FullName;

    public string IndexDirectory => Path.Combine(Root, "live");

    public LiveIndex Index => _index!;

    public static IndexSchema Schema(KeyKind keys = KeyKind.UInt64) =>
        new() { Dimension = Dimension, Metric = Metric.L2, KeyKind = keys, M = 8, EfConstruction = 60, Layout = SegmentLayout.Lean };

    /// <summary>The row that an item has in its n-th version: no two are alike.</summary>
    public static float[] Row(ulong key, int version = 0)
    {
        Random random = new((int)(key * 7919 + (ulong)version * 104_729));
        return [.. Enumerable.Range(0, Dimension).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }

    public static WriteBatch Batch(WriteMode mode, IEnumerable<ulong> keys, int version = 0)
    {
        KeyColumn column = new(KeyKind.UInt64);
        List<float> rows = [];
        foreach (ulong key in keys)
        {
            column.Add(key);
            rows.AddRange(Row(key, version));
        }
        return new WriteBatch { Mode = mode, Keys = column, Rows = mode is WriteMode.Delete or WriteMode.Update ? [] : [.. rows] };
    }

    public static IEnumerable<ulong> Range(int from, int count) => Enumerable.Range(from, count).Select(static key => (ulong)key);

    public async Task<WriteReceipt> WriteAsync(WriteBatch batch) => await (await Index.WriteAsync(batch)).Visible;

    public Task<WriteReceipt> UpsertAsync(IEnumerable<ulong> keys, int version = 0) => WriteAsync(Batch(WriteMode.Upsert, keys, version));

    public Task<WriteReceipt> DeleteAsync(IEnumerable<ulong> keys) => WriteAsync(Batch(WriteMode.Delete, keys));

    /// <summary>The stored row of an item; null when there is none.</summary>
    public float[]? Fetch(ulong key, string? generation = null)
    {
        using SnapshotLease lease = Index.Acquire(generation);
        return lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit) ? lease.Snapshot.RowOf(hit).ToArray() : null;
    }

    /// <summary>Keys of an exact search, nearest first.</summary>
    public List<ulong> Search(float[] query, int k, string? generation = null, bool exact = true)
    {
        using SnapshotLease lease = Index.Acquire(generation);
        SearchHit[] hits = new SearchHit[k];
        int count = lease.Snapshot.Search(query, new SearchParameters(k, Exact: exact), SearchBudget.Unlimited, hits, out _);
        List<ulong> keys = [];
        foreach (SearchHit hit in hits.AsSpan(0, count))
            keys.Add(lease.Snapshot.KeyOf(hit).Number);
        return keys;
    }

    /// <summary>Builds an index file of the fixture's schema.</summary>
    public string Build(
        string name, IEnumerable<ulong> keys, int version = 0, string encoder = "", long? logPosition = null, string encoderName = "")
    {
        ulong[] all = [.. keys];
        using SegmentBuilder builder = new(all.Length, Dimension, new SegmentBuildOptions
        {
            Metric = Metric.L2,
            M = 8,
            EfConstruction = 60,
            Layout = SegmentLayout.Lean,
            EncoderFingerprint = encoder,
            EncoderName = encoderName,
            LogPosition = logPosition,
        });
        KeyColumn column = new(KeyKind.UInt64);
        foreach (ulong key in all)
        {
            builder.Add(Row(key, version));
            column.Add(key);
        }
        builder.Build(column);
        string path = Path.Combine(Root, name);
        builder.Write(PhysicalFileSystem.Instance, path);
        return path;
    }

    public async Task CloseAsync()
    {
        if (_index is not null)
            await _index.DisposeAsync();
        _index = null;
    }

    public void Open(LiveIndexOptions? options = null) => _index = LiveIndex.Open(
        PhysicalFileSystem.Instance, IndexDirectory, "live", options ?? Options, Budget, TimeProvider.System);

    /// <summary>Waits until a generation has every write: after a restart it replays the log beside the serving one.</summary>
    public Task CaughtUpAsync(string generation) => Server.RunningServer.Eventually(
        () => Index.Generations.Single(one => one.Id == generation).Role != GenerationRole.CatchingUp, "the generation catches up");

    public async Task ReopenAsync()
    {
        await CloseAsync();
        Open();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _root.Delete(recursive: true);
    }
}
