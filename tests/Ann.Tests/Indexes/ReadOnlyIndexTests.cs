using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Tests.Files;

namespace Ann.Tests.Indexes;

/// <summary>An index in a directory that cannot be written is served for reads, says so, and is left as it is.</summary>
public sealed class ReadOnlyIndexTests
{
    private const string IndexDirectory = "/live";

    private static readonly LiveIndexOptions Options = new() { HeadRows = 32, MaxFrozenHeads = 2, LogRetentionBytes = 0 };

    private readonly SimulatedFileSystem _files = new();

    [Fact]
    public async Task ItIsSearchedAndNotChanged()
    {
        await CreateAsync();
        _files.IsReadOnly = true;
        long before = _files.Operations;

        await using (LiveIndex index = Open())
        {
            Assert.True(index.IsReadOnly);
            Assert.Contains("read-only", index.WriteFailure, StringComparison.Ordinal);
            for (ulong key = 0; key < 100; key++)
            {
                using SnapshotLease lease = index.Acquire();
                Assert.True(lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit));
                Assert.Equal(LiveFixture.Row(key), lease.Snapshot.RowOf(hit).ToArray());
            }
            Assert.Equal(3, index.Sets.Find("seen")!.Count);
            await index.SettleAsync();

            await RefusesAsync(async () => await index.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [1])));
            await RefusesAsync(() => index.CompactAsync());
            await RefusesAsync(() => index.SnapshotAsync("/copy"));
            await RefusesAsync(() => index.AttachAsync("/built.ann", 1));
            await RefusesAsync(() => index.PromoteAsync(index.Generations[0].Id, new PromotionGate()));
            await RefusesAsync(() => index.Sets.AppendAsync("seen", Keys(9), ttl: null));
        }

        Assert.Equal(before, _files.Operations);
        _files.IsReadOnly = false;
        await using LiveIndex again = Open();
        Assert.False(again.IsReadOnly);
        await (await again.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [100]))).Visible;
        Assert.Equal(101, again.Generations[0].Items);
    }

    [Fact]
    public async Task AProcessThatWritesToItKeepsReadersOut()
    {
        await CreateAsync();
        await using LiveIndex writer = Open();
        _files.IsReadOnly = true;

        AnnException error = Assert.Throws<AnnException>(Open);

        Assert.Equal(AnnError.FailedPrecondition, error.Error);
        Assert.Contains("another process has the index open", error.Message, StringComparison.Ordinal);
        _files.IsReadOnly = false;
    }

    private LiveIndex Open() => LiveIndex.Open(_files, IndexDirectory, "live", Options, MemoryBudget.Unlimited(), TimeProvider.System);

    private async Task CreateAsync()
    {
        IndexHome home = new(
            _files, IndexDirectory, "live", LiveFixture.Schema(), Options, MemoryBudget.Unlimited(), TimeProvider.System);
        await using LiveIndex index = LiveIndex.Create(home, new(null, ""));
        for (int from = 0; from < 100; from += 20)
            await (await index.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, 20)))).Visible;
        await index.Sets.AppendAsync("seen", Keys(3, 4, 5), ttl: null);
    }

    private static KeyColumn Keys(params ulong[] keys)
    {
        KeyColumn column = new(KeyKind.UInt64);
        foreach (ulong key in keys)
            column.Add(key);
        return column;
    }

    private static async Task RefusesAsync(Func<Task> action)
    {
        AnnException error = await Assert.ThrowsAsync<AnnException>(action);
        Assert.Equal(AnnError.FailedPrecondition, error.Error);
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
    }
}
