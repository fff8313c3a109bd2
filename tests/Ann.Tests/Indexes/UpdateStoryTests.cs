using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;
using Ann.Tests.Server;

namespace Ann.Tests.Indexes;

/// <summary>Goal: updates hold under whatever goes on beside them: crashes, searches, merges, little memory.</summary>
public sealed class UpdateStoryTests
{
    private const int Mebibyte = 1 << 20;

    /// <summary>
    /// Between random operations the power is cut, on a copy of the disk: what opens then is the dictionary, whatever had been sealed,
    /// merged and marked by then.
    /// </summary>
    [Theory]
    [InlineData(30_261, 48, KeyKind.UInt64)]
    [InlineData(30_262, 200, KeyKind.String)]
    public async Task AnIndexRecoveredAtAnyTimeIsTheDictionary(int seed, int headRows, KeyKind keyKind)
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory("/data");
        files.FlushDirectory("/");
        IndexSchema schema = new()
        {
            Dimension = 4,
            Metric = Metric.L2,
            KeyKind = keyKind,
            Layout = SegmentLayout.Lean,
            M = 4,
            EfConstruction = 20,
            Attributes = RandomFilters.Schema,
        };
        LiveIndexOptions options = new()
        {
            CommitWindow = TimeSpan.Zero,
            HeadRows = headRows,
            MaxSealedSegments = 2,
            HeadPayloadBytes = 100_000,
            BackgroundShare = 1,
        };
        await using RandomOperations run = new(seed, files, "/data", schema, options);
        int done = 0;
        try
        {
            for (; done < 3000; done++)
            {
                await run.Step(done);
                if (done % 20 == 19)
                    await run.CheckRecovered(files.Recover(done));
            }
        }
        catch (Exception e)
        {
            Assert.Fail($"Seed {seed}, operation {done}: {e}\nThe last operations:\n{run.Trace}");
        }
    }

    /// <summary>Each batch gives all items the number of its round, as an attribute, and every other as a payload.</summary>
    [Fact]
    public async Task ASearchSeesABatchOfUpdatesWholeOrNotAtAll()
    {
        const int Items = 100;
        const int Rounds = 150;
        AttributeSchema attributes = new([new("round", AttributeType.Int64)]);
        await using LiveFixture live = new(
            new LiveIndexOptions { HeadRows = 256, MaxSealedSegments = 2, BackgroundShare = 1 },
            LiveFixture.Schema() with { Attributes = attributes });
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(0, Items)) with
        {
            Attributes = Numbers(0).Attributes,
            Payloads = Numbers(0).Payloads,
        });
        long seen = 0;
        bool ended = false;
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                do
                {
                    Interlocked.Add(ref seen, Look(live));
                }
                while (!Volatile.Read(ref ended));
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        try
        {
            for (int round = 1; round <= Rounds; round++)
            {
                (AttributeBatch given, PayloadColumn payloads) = Numbers(round);
                WriteBatch update = LiveFixture.Batch(WriteMode.Update, LiveFixture.Range(0, Items));
                await live.WriteAsync(update with { Attributes = given, Payloads = round % 2 == 0 ? null : payloads });
            }
        }
        finally
        {
            Volatile.Write(ref ended, true);
            await Task.WhenAll(readers);
        }
        Assert.True(seen > 0);
        Assert.Equal(Rounds, Look(live));

        (AttributeBatch Attributes, PayloadColumn Payloads) Numbers(int round)
        {
            AttributeBatch given = new(attributes);
            PayloadColumn payloads = new();
            for (int i = 0; i < Items; i++)
            {
                given.Columns[0].Add((long)round);
                payloads.Add(BitConverter.GetBytes(round));
            }
            return (given, payloads);
        }

        static long Look(LiveFixture live)
        {
            using SnapshotLease lease = live.Index.Acquire();
            IndexSnapshot snapshot = lease.Snapshot;
            ReadPoint at = snapshot.Now;
            HashSet<(long, int)> rounds = [];
            foreach (ulong key in LiveFixture.Range(0, Items))
            {
                Assert.True(snapshot.TryFind(new ItemKey(key), at, out SearchHit hit), $"item {key} is gone");
                rounds.Add(RoundOf(snapshot, hit));
            }
            (long round, int payload) = Assert.Single(rounds);
            Assert.Equal(round - (round > 0 && round % 2 == 0 ? 1 : 0), payload);

            SearchHit[] hits = new SearchHit[2 * Items];
            int count = snapshot.Search(
                LiveFixture.Row(1), new SearchParameters(2 * Items, Exact: true), SearchBudget.Unlimited, null, hits, out _);
            Assert.Equal(Items, count);
            (long later, _) = Assert.Single(hits.Take(count).Select(hit => RoundOf(snapshot, hit)).Distinct());
            Assert.True(later >= round);

            Filter filter = new Filter.IntegerIn("round", [later]);
            using ItemSelection selection = snapshot.Select(filter, null)!;
            int matching = snapshot.Search(
                LiveFixture.Row(1), new SearchParameters(2 * Items, Exact: true), SearchBudget.Unlimited, selection, hits, out _);
            Assert.True(matching is 0 or Items, $"{matching} items of round {later}");
            return later;
        }

        static (long Round, int Payload) RoundOf(IndexSnapshot snapshot, SearchHit hit)
        {
            AttributeColumn column = new(snapshot.Attributes.Fields[0]);
            snapshot.CopyAttribute(hit, 0, column);
            return (column.Int64At(0), BitConverter.ToInt32(snapshot.PayloadOf(hit)));
        }
    }

    /// <summary>
    /// A payload that an update leaves as it is is not copied: it is read where it lies in the file, even after the segment was merged
    /// away.
    /// </summary>
    [Fact]
    public async Task AKeptPayloadStaysInItsFileAndTakesNoMemory()
    {
        MemoryBudget budget = new(1L << 40);
        AttributeSchema attributes = new([new("stock", AttributeType.Int64)]);
        IndexSchema schema = LiveFixture.Schema() with { Attributes = attributes };
        await using (LiveFixture live = new(new LiveIndexOptions { HeadRows = 64, MaxSealedSegments = 1 }, schema, budget))
        {
            await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(0, 40)) with { Payloads = Large(40) });
            await live.Index.CompactAsync();
            long before = budget.Used;
            await live.WriteAsync(Stock(10, 1));
            await live.WriteAsync(Stock(10, 2)); // the head's own
            Assert.InRange(budget.Used - before, 1, 10_000);
            Require(10);

            await live.DeleteAsync(LiveFixture.Range(10, 30)); // the file is rewritten beside the head
            await RunningServer.Eventually(() => live.Index.Generations[0].Dead == 20, "the file is rewritten, with the replaced versions");
            Require(10);
            await live.ReopenAsync();
            Require(10);
            await live.Index.CompactAsync();
            Require(10);

            void Require(int count)
            {
                using SnapshotLease lease = live.Index.Acquire();
                foreach (ulong key in LiveFixture.Range(0, count))
                {
                    Assert.True(lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit));
                    Assert.True(lease.Snapshot.PayloadOf(hit).SequenceEqual(Large(count)[(int)key]));
                }
            }
        }
        Assert.Equal(0, budget.Used);

        WriteBatch Stock(int count, long value)
        {
            AttributeBatch given = new(attributes);
            for (int i = 0; i < count; i++)
                given.Columns[0].Add(value);
            return LiveFixture.Batch(WriteMode.Update, LiveFixture.Range(0, count)) with { Attributes = given };
        }
    }

    /// <summary>What does not fit is refused whole; heads full of payloads become files, and then there is room again.</summary>
    [Fact]
    public async Task AFloodOfLargePayloadsKeepsToTheBudget()
    {
        const int Batch = 4;
        MemoryBudget budget = new(60L * Mebibyte);
        await using LiveFixture live = new(
            new LiveIndexOptions { HeadRows = 64, HeadPayloadBytes = 16 * Mebibyte, MaxFrozenHeads = 2, BackgroundShare = 1 },
            budget: budget);
        HashSet<ulong> written = [];
        int refused = 0;
        long most = 0;
        List<(int First, Task<WriteReceipt> Visible)> pending = [];
        for (int first = 0; first < 400; first += Batch)
        {
            WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(first, Batch)) with
            {
                Payloads = Large(Batch, Mebibyte),
            };
            pending.Add((first, (await live.Index.WriteAsync(batch)).Visible));
            most = Math.Max(most, budget.Used);
        }
        foreach ((int first, Task<WriteReceipt> visible) in pending)
        {
            try
            {
                await visible;
                written.UnionWith(LiveFixture.Range(first, Batch));
            }
            catch (AnnException e)
            {
                Assert.Equal((AnnError.Overloaded, "memory"), (e.Error, e.Field));
                refused++;
            }
        }
        Assert.True(written.Count > 40, $"{written.Count} were written");
        Assert.True(most <= budget.Limit, $"{most} bytes were in use");

        // With more held by others there is no room at all, and nothing is half there.
        await live.Index.CompactAsync();
        long others = budget.Limit - budget.Used - 3 * Mebibyte;
        budget.Take(others, "others");
        await Assert.ThrowsAsync<AnnException>(() => live.WriteAsync(
            LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(1000, Batch)) with { Payloads = Large(Batch, Mebibyte) }));
        budget.Return(others);
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [2000]) with { Payloads = Large(1, Mebibyte) });
        written.Add(2000);
        await live.ReopenAsync();
        using SnapshotLease lease = live.Index.Acquire();
        Assert.Equal(written.Count, lease.Snapshot.Items);
        foreach (ulong key in written)
        {
            Assert.True(lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit));
            Assert.Equal(Mebibyte, lease.Snapshot.PayloadOf(hit).Length);
        }
    }

    /// <summary>Payloads that differ.</summary>
    private static PayloadColumn Large(int count, int bytes = 100_000)
    {
        PayloadColumn payloads = new();
        for (int i = 0; i < count; i++)
        {
            byte[] payload = new byte[bytes];
            payload.AsSpan().Fill((byte)(i + 1));
            payloads.Add(payload);
        }
        return payloads;
    }
}
