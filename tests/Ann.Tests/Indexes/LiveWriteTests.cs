using Ann.Core;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;

namespace Ann.Tests.Indexes;

/// <summary>What an acknowledged write means.</summary>
public sealed class LiveWriteTests
{
    [Fact]
    public async Task AcknowledgedIsVisibleAtOnce()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync([7]);
        Assert.Equal(LiveFixture.Row(7), live.Fetch(7));
        Assert.Equal([7UL], live.Search(LiveFixture.Row(7), 3));
        Assert.Equal([7UL], live.Search(LiveFixture.Row(7), 3, exact: false));
    }

    [Fact]
    public async Task AnUpdateReplacesAndADeleteRemoves()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 20));
        WriteReceipt updated = await live.UpsertAsync([3], version: 1);
        WriteReceipt deleted = await live.DeleteAsync([4, 99]);

        Assert.Equal(LiveFixture.Row(3, 1), live.Fetch(3));
        Assert.Null(live.Fetch(4));
        Assert.Equal(19, live.Search(LiveFixture.Row(3), 100).Count);
        Assert.Equal((1, 0, 21L), (updated.Applied, updated.Skipped, updated.Sequence));
        Assert.Equal((1, 1, 23L), (deleted.Applied, deleted.Skipped, deleted.Sequence));
    }

    [Fact]
    public async Task AKeyThatComesTwiceInABatchTakesTheLaterRow()
    {
        await using LiveFixture live = new();
        KeyColumn keys = new(KeyKind.UInt64);
        keys.Add(5);
        keys.Add(5);
        await live.WriteAsync(new WriteBatch
        {
            Mode = WriteMode.Upsert,
            Keys = keys,
            Rows = [.. LiveFixture.Row(5, 1), .. LiveFixture.Row(5, 2)],
        });
        Assert.Equal(LiveFixture.Row(5, 2), live.Fetch(5));
        Assert.Equal([5UL], live.Search(LiveFixture.Row(5, 1), 10));
    }

    [Fact]
    public async Task InsertOnlyLeavesWhatExists()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync([1, 2]);
        WriteReceipt receipt = await live.WriteAsync(LiveFixture.Batch(WriteMode.InsertOnly, [2, 3, 3], version: 1));

        Assert.Equal((1, 2), (receipt.Applied, receipt.Skipped));
        Assert.Equal(LiveFixture.Row(2), live.Fetch(2));
        Assert.Equal(LiveFixture.Row(3, 1), live.Fetch(3));
    }

    [Fact]
    public async Task ARetryChangesNothingEvenAfterARestart()
    {
        await using LiveFixture live = new();
        WriteBatch first = LiveFixture.Batch(WriteMode.Upsert, [1]) with { Producer = "p", ProducerSequence = 4 };
        WriteBatch other = LiveFixture.Batch(WriteMode.Upsert, [1], version: 1) with { Producer = "p", ProducerSequence = 5 };
        WriteBatch again = LiveFixture.Batch(WriteMode.Upsert, [1]) with { Producer = "p", ProducerSequence = 4 };
        Assert.False((await live.WriteAsync(first)).IsRetry);
        Assert.False((await live.WriteAsync(other)).IsRetry);
        Assert.True((await live.WriteAsync(again)).IsRetry);
        await live.ReopenAsync();
        Assert.True((await live.WriteAsync(other with { Rows = LiveFixture.Row(1, 9) })).IsRetry);
        Assert.Equal(LiveFixture.Row(1, 1), live.Fetch(1));
    }

    [Fact]
    public async Task WhatCanNeverBeWrittenIsRefusedAndNamed()
    {
        await using LiveFixture live = new();
        WriteBatch batch = LiveFixture.Batch(WriteMode.Upsert, [1, 2]);
        batch.Rows[LiveFixture.Dimension + 2] = float.NaN;
        AnnException nan = await Assert.ThrowsAsync<AnnException>(() => live.WriteAsync(batch));
        Assert.Equal(AnnError.InvalidArgument, nan.Error);
        Assert.Contains("row 1, component 2", nan.Message, StringComparison.Ordinal);

        AnnException encoder = await Assert.ThrowsAsync<AnnException>(
            () => live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [1]) with { EncoderFingerprint = 5 }));
        Assert.Equal(AnnError.FailedPrecondition, encoder.Error);

        AnnException generation = await Assert.ThrowsAsync<AnnException>(
            () => live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [1]) with { Generation = "0123456789abcdef" }));
        Assert.Equal(AnnError.FailedPrecondition, generation.Error);
        Assert.Null(live.Fetch(1));
    }

    [Fact]
    public async Task WritesSurviveARestart()
    {
        await using LiveFixture live = new();
        await live.UpsertAsync(LiveFixture.Range(0, 150));
        await live.DeleteAsync([5, 70]);
        await live.UpsertAsync([6, 71], version: 1);

        await live.ReopenAsync();
        Require(live.Index);

        static void Require(LiveIndex index)
        {
            using SnapshotLease lease = index.Acquire();
            Assert.Equal(148, lease.Snapshot.Items);
            Assert.False(lease.Snapshot.TryFind(new ItemKey(5), out _));
            Assert.False(lease.Snapshot.TryFind(new ItemKey(70), out _));
            Assert.True(lease.Snapshot.TryFind(new ItemKey(71), out SearchHit hit));
            Assert.Equal(LiveFixture.Row(71, 1), lease.Snapshot.RowOf(hit).ToArray());
        }
    }

    [Fact]
    public async Task SegmentsStayFewAndCompactionLeavesOne()
    {
        await using LiveFixture live = new();
        for (int round = 0; round < 40; round++)
            await live.UpsertAsync(LiveFixture.Range(round * 50, 100), version: round);
        GenerationStatus before = Assert.Single(live.Index.Generations);
        Assert.InRange(before.Segments, 1, 1 + live.Options.MaxFrozenHeads + 2 * live.Options.MaxSealedSegments + 1);
        Assert.Equal(2050, before.Items);

        await live.Index.CompactAsync();
        GenerationStatus after = Assert.Single(live.Index.Generations);
        Assert.Equal((2, 2050L, 0L), (after.Segments, after.Items, after.Dead));
        for (int key = 0; key < 2050; key++)
            Assert.Equal(LiveFixture.Row((ulong)key, Math.Min(39, key / 50)), live.Fetch((ulong)key));
        await live.ReopenAsync();
        Assert.Equal(2050, live.Search(LiveFixture.Row(1), 3000).Count);
    }

    [Fact]
    public async Task AFullBudgetRefusesWritesWithTheArithmeticAndReadsGoOn()
    {
        MemoryBudget budget = new(6 << 20);
        await using LiveFixture live = new(new LiveIndexOptions { HeadRows = 16_384 }, budget: budget);
        AnnException? refused = null;
        for (int round = 0; round < 400 && refused is null; round++)
        {
            try
            {
                await live.UpsertAsync(LiveFixture.Range(round * 100, 100));
            }
            catch (AnnException e)
            {
                refused = e;
            }
        }
        Assert.NotNull(refused);
        Assert.Equal(AnnError.Overloaded, refused.Error);
        Assert.Matches("needs [0-9,]+ bytes; [0-9,]+ of 6,291,456 are in use", refused.Message);
        Assert.Equal(LiveFixture.Row(0), live.Fetch(0));
        Assert.InRange(budget.Used, 0, budget.Limit);
    }

    [Fact]
    public async Task TwoOpeningsOfOneDirectoryAreRefused()
    {
        await using LiveFixture live = new();
        AnnException e = Assert.Throws<AnnException>(() => live.Open());
        Assert.Equal(AnnError.FailedPrecondition, e.Error);
        Assert.Contains("LOCK", e.Message, StringComparison.Ordinal);
    }
}
