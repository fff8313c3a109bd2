using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Tests.Segments;

namespace Ann.Tests.Indexes;

/// <summary>
/// Goal: no client's row ruins an index for the others, and rows that codes cannot tell apart become segments without codes, which live
/// beside others. Method: recall against exact search after sealing and after reopening.
/// </summary>
public sealed class HardCompactionTests
{
    private const int Seed = 20261129;

    [Theory]
    [InlineData("outlier", Metric.L2)]
    [InlineData("outlier", Metric.InnerProduct)]
    [InlineData("variants 0.003", Metric.L2)]
    [InlineData("variants on the sphere 0.003", Metric.InnerProduct)]
    public async Task ASealedHeadFindsWhatTheHeadFound(string set, Metric metric)
    {
        (float[][] rows, float[][] queries) = HardRows.Of(set, Seed);
        List<SealingReport> sealedFiles = [];
        IndexSchema schema = new() { Dimension = rows[0].Length, Metric = metric, KeyKind = KeyKind.UInt64 };
        await using LiveFixture index = new(new LiveIndexOptions { HeadRows = 8192, Sealed = sealedFiles.Add }, schema);
        for (int from = 0; from < rows.Length; from += 500)
            await index.WriteAsync(Batch(rows, from, Math.Min(from + 500, rows.Length)));
        double before = Recall(index, queries);
        await index.Index.CompactAsync();
        double after = Recall(index, queries);

        Assert.True(Math.Min(before, after) >= 0.98, $"{before:f4} before, {after:f4} after compaction; seed {Seed}");
        SealingReport made = Assert.Single(sealedFiles);
        Assert.Equal(("live", rows.Length), (made.Index, made.Rows));
        Assert.Equal(set.StartsWith("variants", StringComparison.Ordinal), made.Build.Codes == "f32");

        // One segment without codes, and one with: a plain set's rows come after.
        if (rows[0].Length == 64)
        {
            float[][] plain = SegmentFixture.Clustered(1000, 64, Seed);
            await index.WriteAsync(Batch([.. rows, .. plain], rows.Length, rows.Length + plain.Length));
            Assert.True(Recall(index, queries) >= 0.98, $"seed {Seed}");
        }
    }

    private static WriteBatch Batch(float[][] rows, int from, int to)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        for (int row = from; row < to; row++)
            keys.Add((ulong)row);
        return new WriteBatch { Mode = WriteMode.Upsert, Keys = keys, Rows = [.. rows[from..to].SelectMany(static row => row)] };
    }

    private static double Recall(LiveFixture index, float[][] queries)
    {
        using SnapshotLease lease = index.Index.Acquire(null);
        double sum = 0;
        foreach (float[] query in queries)
        {
            Neighbor[] exact = Search(lease.Snapshot, query, new SearchParameters(10, Exact: true));
            sum += HardRows.Share(exact, Search(lease.Snapshot, query, new SearchParameters(10, 256)));
        }
        return sum / queries.Length;
    }

    private static Neighbor[] Search(IndexSnapshot snapshot, float[] query, SearchParameters parameters)
    {
        SearchHit[] hits = new SearchHit[parameters.K];
        int count = snapshot.Search(query, in parameters, SearchBudget.Unlimited, hits, out _);
        return [.. hits.Take(count).Select(static hit => new Neighbor(hit.Node, hit.Distance))];
    }
}
