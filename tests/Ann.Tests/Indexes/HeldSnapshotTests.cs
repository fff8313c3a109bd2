using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Server;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: who holds a snapshot while its segments are merged away goes on seeing one moment. Method: sealing that the test lets on.
/// </summary>
public sealed class HeldSnapshotTests : IDisposable
{
    private const int Items = 120;

    private readonly BackgroundThreads _threads = new(0.01);
    private readonly ManualResetEventSlim _sealing = new();
    private readonly Task _busy;

    public HeldSnapshotTests() =>
        _busy = Task.Factory.StartNew(_sealing.Wait, CancellationToken.None, TaskCreationOptions.None, _threads);

    public void Dispose()
    {
        _sealing.Set();
        _busy.Wait();
        _threads.Dispose();
        _sealing.Dispose();
    }

    [Fact]
    public async Task AnItemThatIsReplacedAfterAMergeIsThereOnce()
    {
        await using LiveFixture live = new(new LiveIndexOptions { HeadRows = 100, MaxFrozenHeads = 4, Background = _threads });
        try
        {
            await live.UpsertAsync(LiveFixture.Range(0, Items));
            using SnapshotLease lease = live.Index.Acquire();
            Assert.Equal(2, lease.Snapshot.Segments.Count); // a frozen head, and the one that goes on
            await live.UpsertAsync([Items]);
            Check(lease.Snapshot, Items + 1, version: 0); // what is written is seen, as long as it can be

            _sealing.Set();
            await RunningServer.Eventually(() => IsSealed(live), "the frozen head is sealed");
            await live.UpsertAsync([3, 5], version: 1);
            await live.DeleteAsync([7]);

            Check(lease.Snapshot, Items + 1, version: 0);
            Assert.Equal(LiveFixture.Row(3, 1), live.Fetch(3));
            Assert.Null(live.Fetch(7));
        }
        finally
        {
            _sealing.Set(); // without it the index does not close
        }
    }

    private static bool IsSealed(LiveFixture live)
    {
        using SnapshotLease lease = live.Index.Acquire();
        return lease.Snapshot.Segments[0] is LiveSealedSegment;
    }

    private static void Check(IndexSnapshot snapshot, int items, int version)
    {
        SearchHit[] hits = new SearchHit[2 * items];
        int count = snapshot.Search(
            LiveFixture.Row(3), new SearchParameters(hits.Length, Exact: true), SearchBudget.Unlimited, hits, out _);
        Assert.Equal(
            LiveFixture.Range(0, items), hits[..count].Select(hit => snapshot.KeyOf(hit).Number).Order());
        foreach (ulong key in (ulong[])[3, 5, 7])
        {
            Assert.True(snapshot.TryFind(new ItemKey(key), out SearchHit found));
            Assert.Equal(LiveFixture.Row(key, version), snapshot.RowOf(found));
        }
    }
}
