using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Encoding;
using Ann.Tests.Files;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: deletes do not rot an index. Method: its content is replaced three times over, and then held against a fresh build of the final
/// items: the same recall at the same ef, and memory that compaction brings back. ANN_NIGHTLY=1 runs the full size.
/// </summary>
public sealed class ChurnTests
{
    private const int Seed = 31;
    private const int Dimension = 32;
    private const int Rounds = 3;
    private const int BatchRows = 250;
    private const int K = 10;

    /// <summary>So narrow that an index of this size does not find everything, whatever it is built of.</summary>
    private static int Ef => IsNightly ? 64 : 14;

    private static bool IsNightly => Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1";

    /// <summary>Ten operations an item: it is added once, and three times over deleted, added under another key and changed.</summary>
    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public async Task AnIndexWhoseContentWasReplacedIsAsGoodAsAFreshOne(Metric metric)
    {
        int items = IsNightly ? 100_000 : 5_000;
        IndexSchema schema = new() { Dimension = Dimension, Metric = metric };
        LiveIndexOptions options = new() { HeadRows = items / 5, CommitWindow = TimeSpan.Zero };
        using TemporaryFolder folder = new();
        await using LiveIndex index = LiveIndex.Create(
            new(
                new UnflushedFiles(), Path.Combine(folder.Path, "index"), "churn", schema, options, MemoryBudget.Unlimited(),
                TimeProvider.System),
            new(null, ""));

        SortedDictionary<ulong, float[]> content = [];
        for (int from = 0; from < items; from += BatchRows)
            await Put(index, content, from, RowsOf(0, from));
        for (int round = 1; round <= Rounds; round++)
        {
            for (int from = 0; from < items; from += BatchRows)
            {
                await Remove(index, content, (round - 1) * items + from);
                await Put(index, content, round * items + from, RowsOf(round, from));
                int changed = from / 2 / BatchRows * BatchRows;
                await Put(index, content, round * items + changed, RowsOf(round + Rounds, changed + from));
                if (from / BatchRows % 4 == 0)
                    CheckAnswers(index, content, RowsOf(round, from)[0]);
            }
        }

        using SealedSegment fresh = Fresh(schema, content);
        float[][] queries = [.. Enumerable.Range(0, 6).SelectMany(i => RowsOf(Rounds + i % 2 * Rounds, 1_000_000 + i)[..50])];
        double expected = Recall(fresh, queries);
        double before = Recall(index, fresh, queries);
        await index.CompactAsync();
        double after = Recall(index, fresh, queries);

        GenerationStatus status = Assert.Single(index.Generations);
        Assert.Equal((items, 0L), (status.Items, status.Dead));
        long memory = fresh.LoadedBytes + KeyTable.BytesOf(items) + EmptyHeadBytes(index);
        string figures =
            $"recall {before:F4} and compacted {after:F4}, fresh {expected:F4}; {status.MemoryBytes} bytes, fresh {memory}; seed {Seed}";
        Assert.True(before >= expected - 0.01, figures);
        Assert.True(after >= expected - 0.01, figures);
        Assert.True(status.MemoryBytes <= 1.3 * memory, figures);
        CheckAnswers(index, content, queries[0]);
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
    }

    /// <summary>
    /// Of a small index the scratch of the head, which does not depend on its items, is more than all the rest. It is left out; of the full
    /// size it is not.
    /// </summary>
    private static long EmptyHeadBytes(LiveIndex index)
    {
        using SnapshotLease lease = index.Acquire();
        return IsNightly ? 0 : lease.Snapshot.Segments[^1].MemoryBytes;
    }

    /// <summary>Rows of another law in every round: the clusters of the last one are gone altogether.</summary>
    private static float[][] RowsOf(int round, int from)
    {
        Random centres = new(Seed * 1000 + round);
        float[][] places = [.. Enumerable.Range(0, 40).Select(_ => SegmentFixture.Gaussian(centres, Dimension, 1))];
        Random random = new(HashCode.Combine(Seed, round) ^ from);
        return [.. Enumerable.Range(0, BatchRows).Select(_ =>
        {
            float[] row = SegmentFixture.Gaussian(random, Dimension, 0.5);
            float[] place = places[random.Next(places.Length)];
            return row.Select((x, i) => x + place[i]).ToArray();
        })];
    }

    private static async Task Put(LiveIndex index, SortedDictionary<ulong, float[]> content, int firstKey, float[][] rows)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        for (int i = 0; i < rows.Length; i++)
        {
            keys.Add((ulong)(firstKey + i));
            content[(ulong)(firstKey + i)] = rows[i];
        }
        WriteBatch batch = new() { Mode = WriteMode.Upsert, Keys = keys, Rows = [.. rows.SelectMany(row => row)] };
        Assert.Equal(rows.Length, (await (await index.WriteAsync(batch)).Visible).Applied);
    }

    private static async Task Remove(LiveIndex index, SortedDictionary<ulong, float[]> content, int firstKey)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        for (int i = 0; i < BatchRows; i++)
        {
            keys.Add((ulong)(firstKey + i));
            content.Remove((ulong)(firstKey + i));
        }
        WriteBatch batch = new() { Mode = WriteMode.Delete, Keys = keys };
        Assert.Equal(BatchRows, (await (await index.WriteAsync(batch)).Visible).Applied);
    }

    private static void CheckAnswers(LiveIndex index, SortedDictionary<ulong, float[]> content, float[] query)
    {
        using SnapshotLease lease = index.Acquire();
        IndexSnapshot snapshot = lease.Snapshot;
        Assert.Equal(content.Count, snapshot.Items);
        SearchHit[] hits = new SearchHit[K];
        Assert.Equal(K, snapshot.Search(query, new(K, Ef), SearchBudget.Unlimited, hits, out _));
        ulong[] keys = [.. hits.Select(hit => snapshot.KeyOf(hit).Number)];
        Assert.Equal(K, keys.Distinct().Count());
        Assert.All(keys, key => Assert.True(content.ContainsKey(key), $"key {key} was deleted; seed {Seed}"));
    }

    private static SealedSegment Fresh(IndexSchema schema, SortedDictionary<ulong, float[]> content)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        foreach (ulong key in content.Keys)
            keys.Add(key);
        return SegmentFixture.Seal([.. content.Values], SegmentFixture.Options(schema.Metric, threads: 2), keys);
    }

    private static double Recall(SealedSegment fresh, float[][] queries) => Recall(
        fresh,
        queries,
        query =>
        {
            Neighbor[] results = new Neighbor[K];
            int count = fresh.Search(query, new(K, Ef), SearchBudget.Unlimited, results, out _);
            return results[..count].Select(result => fresh.Keys.Number(result.Node));
        });

    private static double Recall(LiveIndex index, SealedSegment fresh, float[][] queries)
    {
        using SnapshotLease lease = index.Acquire();
        IndexSnapshot snapshot = lease.Snapshot;
        return Recall(
            fresh,
            queries,
            query =>
            {
                SearchHit[] hits = new SearchHit[K];
                int count = snapshot.Search(query, new(K, Ef), SearchBudget.Unlimited, hits, out _);
                return hits[..count].Select(hit => snapshot.KeyOf(hit).Number).ToArray();
            });
    }

    private static double Recall(SealedSegment fresh, float[][] queries, Func<float[], IEnumerable<ulong>> ask)
    {
        int found = 0;
        foreach (float[] query in queries)
        {
            Neighbor[] exact = new Neighbor[K];
            fresh.Search(query, new(K, Exact: true), SearchBudget.Unlimited, exact, out _);
            found += exact.Select(result => fresh.Keys.Number(result.Node)).Intersect(ask(query)).Count();
        }
        return found / (double)(K * queries.Length);
    }
}
