using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: items with identical vectors are found in a live index through writes, updates and deletions of some of them, seals, merges and a
/// restart. Method: walks against exact search, item by item.
/// </summary>
public sealed class LiveCopiesTests
{
    private const int Seed = 20261129;

    [Theory]
    [InlineData(SegmentLayout.Lean)]
    [InlineData(SegmentLayout.Fast)]
    [InlineData(SegmentLayout.Compact)]
    public async Task CopiesAreFoundThroughTheLifeOfAnIndex(SegmentLayout layout)
    {
        await using LiveFixture live = new(
            new LiveIndexOptions { HeadRows = 700, MaxFrozenHeads = 2 }, LiveFixture.Schema() with { Layout = layout });
        Random random = new(Seed);
        await WriteAsync(live, Enumerable.Range(0, 2000).Select(key => ((ulong)key, RowOf(key))));
        AssertFound(live, "written");

        // Half of each group moves away, a tenth of everything goes, some come back as they were.
        IEnumerable<int> even = Enumerable.Range(0, 1000).Where(static key => key % 2 == 0);
        await WriteAsync(live, even.Select(static key => ((ulong)key, LiveFixture.Row((ulong)key, 1))));
        AssertFound(live, "updated");
        await live.DeleteAsync(Enumerable.Range(0, 2000).Where(_ => random.Next(10) == 0).Select(static key => (ulong)key));
        AssertFound(live, "deleted");
        await WriteAsync(live, Enumerable.Range(0, 400).Select(key => ((ulong)key, RowOf(key))));
        AssertFound(live, "written again");

        await live.Index.CompactAsync();
        AssertFound(live, "compacted");
        await live.ReopenAsync();
        AssertFound(live, "opened again");
    }

    /// <summary>A thousand items share five vectors, the others have their own.</summary>
    private static float[] RowOf(int key) => LiveFixture.Row((ulong)(key < 1000 ? 5000 + key % 5 : key));

    private static async Task WriteAsync(LiveFixture live, IEnumerable<(ulong Key, float[] Row)> items)
    {
        foreach ((ulong Key, float[] Row)[] batch in items.Chunk(250))
        {
            KeyColumn keys = new(KeyKind.UInt64);
            foreach ((ulong key, _) in batch)
                keys.Add(key);
            await live.WriteAsync(new WriteBatch
            {
                Mode = WriteMode.Upsert,
                Keys = keys,
                Rows = [.. batch.SelectMany(static item => item.Row)],
            });
        }
    }

    private static void AssertFound(LiveFixture live, string when)
    {
        const int K = 10;
        using SnapshotLease lease = live.Index.Acquire();
        int found = 0;
        int queries = 0;
        foreach (float[] query in Enumerable.Range(0, 2000).Where(static key => key % 40 == 0).Select(RowOf))
        {
            HashSet<ulong> exact = [.. Keys(query, new SearchParameters(K, Exact: true))];
            found += Keys(query, new SearchParameters(K, 128)).Count(exact.Contains);
            queries++;
        }
        Assert.True(found >= 0.99 * queries * K, $"{found} of {queries * K} found; {when}; seed {Seed}");

        List<ulong> Keys(float[] query, SearchParameters parameters)
        {
            SearchHit[] hits = new SearchHit[K];
            int count = lease.Snapshot.Search(query, in parameters, SearchBudget.Unlimited, hits, out _);
            Assert.Equal(K, count);
            return [.. hits.Select(hit => lease.Snapshot.KeyOf(hit).Number)];
        }
    }
}
