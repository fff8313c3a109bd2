using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Searching;
using Ann.Tests.Server;

namespace Ann.Tests.Indexes;

/// <summary>Updates and payloads of a live index: what changes, what stays, what is refused.</summary>
public sealed class UpdateTests
{
    private const string Tower = "00000000000000aa";
    private const ulong TowerFingerprint = 0xaa;

    private static readonly AttributeSchema Attributes = new(
        [new("brand", AttributeType.Keyword), new("stock", AttributeType.Int64), new("price", AttributeType.Double)]);

    private static readonly IndexSchema Schema = LiveFixture.Schema() with { Attributes = Attributes };

    [Fact]
    public async Task AnUpdateChangesWhatItGivesAndLeavesTheRest()
    {
        await using LiveFixture live = new(schema: Schema);
        await live.WriteAsync(Items(0, 4));
        WriteReceipt receipt = await live.WriteAsync(Update([1, 9, 2], stock: [50, 51, null], payloads: null));
        Assert.Equal((2, 1), (receipt.Applied, receipt.Skipped));
        Assert.Equal("brand 0 | stock 0 | price 0 | payload 0", Describe(live, 0));
        Assert.Equal("brand 1 | stock 50 | price 1 | payload 1", Describe(live, 1));
        Assert.Equal("brand 2 | - | price 2 | payload 2", Describe(live, 2));
        Assert.Null(Describe(live, 9));

        await live.WriteAsync(Update([1, 3, 0], stock: null, payloads: ["new", "", "newer"]));
        await live.ReopenAsync();
        Assert.Equal("brand 0 | stock 0 | price 0 | payload newer", Describe(live, 0));
        Assert.Equal("brand 1 | stock 50 | price 1 | payload new", Describe(live, 1));
        Assert.Equal("brand 3 | stock 3 | price 3 | payload -", Describe(live, 3));
        for (ulong key = 0; key < 4; key++)
            Assert.Equal(LiveFixture.Row(key), live.Fetch(key));
        Assert.Equal([1UL], live.Search(LiveFixture.Row(1), 1, exact: false));
    }

    [Fact]
    public async Task AnItemThatComesTwiceInABatchIsUpdatedTwice()
    {
        await using LiveFixture live = new(schema: Schema);
        await live.WriteAsync(Items(0, 2));
        WriteReceipt receipt = await live.WriteAsync(Update([1, 1, 1], stock: [7, null, 8], payloads: ["a", "b", "c"]));
        Assert.Equal((3, 0), (receipt.Applied, receipt.Skipped));
        Assert.Equal("brand 1 | stock 8 | price 1 | payload c", Describe(live, 1));
        Assert.Equal(2, live.Index.Generations[0].Items);
    }

    [Fact]
    public async Task ReplacingAnItemReplacesItsPayloadAndInsertingKeepsIt()
    {
        await using LiveFixture live = new(schema: Schema);
        await live.WriteAsync(Items(0, 3));
        await live.WriteAsync(Items(0, 1) with { Payloads = null });
        await live.WriteAsync(Items(1, 4) with { Mode = WriteMode.InsertOnly, Payloads = Payloads(["w", "x", "y", "z"]) });
        Assert.Equal("brand 0 | stock 0 | price 0 | payload -", Describe(live, 0));
        Assert.Equal("brand 1 | stock 1 | price 1 | payload 1", Describe(live, 1));
        Assert.Equal("brand 3 | stock 3 | price 3 | payload y", Describe(live, 3));
        await live.Index.CompactAsync();
        Assert.Equal("brand 4 | stock 4 | price 4 | payload z", Describe(live, 4));
    }

    /// <summary>
    /// The version that an update replaced lies in a file, the new one in the log alone: until that is sealed too, neither the file of
    /// marks nor a merge may lose the old one.
    /// </summary>
    [Fact]
    public async Task AnUpdateOfASealedItemSurvivesMergesAndRestartsBeforeItIsSealed()
    {
        await using LiveFixture live = new(new LiveIndexOptions { HeadRows = 64, MaxSealedSegments = 1 }, Schema);
        await live.WriteAsync(Items(0, 60));
        await live.Index.CompactAsync();
        await live.WriteAsync(Update([.. LiveFixture.Range(0, 20)], Numbers(20, 100), payloads: null));
        await live.DeleteAsync(LiveFixture.Range(20, 30)); // the file is rewritten now
        await RunningServer.Eventually(() => live.Index.Generations[0].Dead == 20, "the file is rewritten, with the replaced versions");
        for (int restart = 0; restart < 3; restart++)
        {
            await live.ReopenAsync();
            Require(100);
        }
        await live.WriteAsync(Update([.. LiveFixture.Range(0, 20)], Numbers(20, 200), payloads: null));
        await live.ReopenAsync();
        Require(200);
        await live.Index.CompactAsync();
        Assert.Equal((30, 0), (live.Index.Generations[0].Items, live.Index.Generations[0].Dead));
        await live.ReopenAsync();
        Require(200);

        void Require(int first)
        {
            Assert.Equal(30, live.Index.Generations[0].Items);
            for (int key = 0; key < 20; key++)
                Assert.Equal($"brand {key} | stock {first + key} | price {key} | payload {key}", Describe(live, (ulong)key));
            Assert.Equal("brand 55 | stock 55 | price 55 | payload 55", Describe(live, 55));
            Assert.Null(Describe(live, 25));
        }
    }

    [Fact]
    public async Task AnUpdateGoesToGenerationsOfEveryEncoder()
    {
        await using LiveFixture live = new(schema: LiveFixture.Schema());
        await live.UpsertAsync(LiveFixture.Range(0, 10));
        string attached = (await live.Index.AttachAsync(
            live.Build("tower.ann", LiveFixture.Range(0, 10), version: 2, encoder: Tower), logPosition: 10)).Id;
        await live.UpsertAsync([4, 11], version: 3); // the other encoder lacks them
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Update, [3, 4, 11]) with
        {
            EncoderFingerprint = 0xbb, // of no matter: there are no rows
            Payloads = Payloads(["three", "four", "eleven"]),
        });
        Assert.Equal(2, live.Index.Generations.Single(one => one.Id == attached).MissedKeys);
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(LiveFixture.Row(3), live.Fetch(3));
            Assert.Equal("three", Payload(live, 3));
            Assert.Equal(LiveFixture.Row(3, 2), live.Fetch(3, attached));
            Assert.Equal("three", Payload(live, 3, attached));
            Assert.Equal(LiveFixture.Row(4, 3), live.Fetch(4));
            Assert.Equal("four", Payload(live, 4));
            Assert.Equal(LiveFixture.Row(4, 2), live.Fetch(4, attached));
            Assert.Equal("four", Payload(live, 4, attached));
            Assert.Equal("eleven", Payload(live, 11));
            Assert.Null(live.Fetch(11, attached));
            await live.ReopenAsync();
            await live.CaughtUpAsync(attached);
        }

        WriteReceipt receipt = await live.WriteAsync(LiveFixture.Batch(WriteMode.Update, [11, 5]) with
        {
            Generation = attached,
            Payloads = Payloads(["again", "five"]),
        });
        Assert.Equal((1, 1), (receipt.Applied, receipt.Skipped)); // of the generation that is named
        Assert.Equal("again", Payload(live, 11));
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [4, 11], version: 4) with
        {
            Generation = attached,
            EncoderFingerprint = TowerFingerprint,
        });
        Assert.Equal(0, (await live.Index.PromoteAsync(attached, new PromotionGate())).MissedKeys);
        Assert.Equal(LiveFixture.Row(5, 2), live.Fetch(5));
        Assert.Equal("five", Payload(live, 5));
        Assert.Equal("", Payload(live, 4)); // replaced by an item without
    }

    [Fact]
    public async Task WhatIsNoUpdateIsRefused()
    {
        await using LiveFixture live = new(schema: Schema);
        await live.WriteAsync(Items(0, 2));
        WriteBatch sound = Update([0, 1], [1, 2], ["a", "b"]);
        await Refused(sound with { Attributes = null, Payloads = null }, "attributes", "changes attributes, payloads or both");
        await Refused(sound with { Rows = LiveFixture.Row(0) }, "vectors", "leaves vectors as they are");
        await Refused(sound with { Attributes = Column("color", AttributeType.Int64, [1, 2]) }, "attributes", "'color' is unknown");
        await Refused(
            sound with { Attributes = Column("brand", AttributeType.Int64, [1, 2]) }, "attributes",
            "'brand' of the update is of type Int64; index 'live' has Keyword");
        await Refused(sound with { Attributes = Column("stock", AttributeType.Int64, [1]) }, "attributes", "2 keys and attributes of 1");
        await Refused(sound with { Payloads = Payloads(["a"]) }, "payloads", "2 keys and payloads of 1");
        await Refused(Items(0, 2) with { Payloads = Payloads(["a"]) }, "payloads", "2 keys and payloads of 1");
        await Refused(LiveFixture.Batch(WriteMode.Delete, [1]) with { Payloads = Payloads(["a"]) }, "payloads", "a delete takes keys only");
        PayloadColumn many = new();
        for (int i = 0; i < 65; i++)
            many.Add(new byte[PayloadColumn.MaxBytes]);
        await Refused(Items(0, 65) with { Payloads = many }, "payloads", "a batch takes at most 67108864");
        AnnException e = Assert.Throws<AnnException>(() => many.Add(new byte[PayloadColumn.MaxBytes + 1]));
        Assert.Equal((AnnError.InvalidArgument, "payloads"), (e.Error, e.Field));
        Assert.Contains("the payload of item 65 takes 1048577 bytes", e.Message, StringComparison.Ordinal);
        Assert.Equal("brand 0 | stock 0 | price 0 | payload 0", Describe(live, 0));

        async Task Refused(WriteBatch batch, string field, string what)
        {
            AnnException refused = await Assert.ThrowsAsync<AnnException>(() => live.WriteAsync(batch));
            Assert.Equal((AnnError.InvalidArgument, field), (refused.Error, refused.Field));
            Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ARetryOfAnUpdateChangesNothing()
    {
        await using LiveFixture live = new(schema: Schema);
        await live.WriteAsync(Items(0, 2));
        WriteBatch update = Update([0], [1], ["a"]) with { Producer = "p", ProducerSequence = 1 };
        await live.WriteAsync(update);
        await live.WriteAsync(Update([0], [2], ["b"]) with { Producer = "p", ProducerSequence = 2 });
        await live.ReopenAsync();
        Assert.True((await live.WriteAsync(update)).IsRetry);
        Assert.Equal("brand 0 | stock 2 | price 0 | payload b", Describe(live, 0));
    }

    private static WriteBatch Items(int from, int count)
    {
        AttributeBatch attributes = new(Attributes);
        for (int i = from; i < from + count; i++)
        {
            attributes.Columns[0].Add(System.Text.Encoding.UTF8.GetBytes($"brand {i}"));
            attributes.Columns[1].Add((long)i);
            attributes.Columns[2].Add((double)i);
        }
        return LiveFixture.Batch(WriteMode.Upsert, LiveFixture.Range(from, count)) with
        {
            Attributes = attributes,
            Payloads = Payloads([.. Enumerable.Range(from, count).Select(static i => $"{i}")]),
        };
    }

    private static WriteBatch Update(ulong[] keys, long?[]? stock, string[]? payloads) =>
        LiveFixture.Batch(WriteMode.Update, keys) with
        {
            Attributes = stock is null ? null : Column("stock", AttributeType.Int64, stock),
            Payloads = payloads is null ? null : Payloads(payloads),
        };

    private static long?[] Numbers(int count, int first) => [.. Enumerable.Range(first, count).Select(static i => (long?)i)];

    private static AttributeBatch Column(string name, AttributeType type, long?[] values)
    {
        AttributeBatch batch = new(new AttributeSchema([new(name, type)]));
        foreach (long? value in values)
            _ = value is long given ? batch.Columns[0].Add(given) : batch.Columns[0].AddMissing();
        return batch;
    }

    private static PayloadColumn Payloads(string[] texts)
    {
        PayloadColumn payloads = new();
        foreach (string text in texts)
            payloads.Add(System.Text.Encoding.UTF8.GetBytes(text));
        return payloads;
    }

    private static string? Payload(LiveFixture live, ulong key, string? generation = null)
    {
        using SnapshotLease lease = live.Index.Acquire(generation);
        return lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit)
            ? System.Text.Encoding.UTF8.GetString(lease.Snapshot.PayloadOf(hit))
            : null;
    }

    /// <summary>What an item has beside its row; null when there is none.</summary>
    private static string? Describe(LiveFixture live, ulong key)
    {
        using SnapshotLease lease = live.Index.Acquire();
        if (!lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit))
            return null;
        AttributeBatch has = new(lease.Snapshot.Attributes);
        lease.Snapshot.CopyAttributes(hit, has);
        string brand = has.Columns[0].Has(0) ? System.Text.Encoding.UTF8.GetString(has.Columns[0].TextAt(0)) : "-";
        string stock = has.Columns[1].Has(0) ? $"stock {has.Columns[1].Int64At(0)}" : "-";
        string price = has.Columns[2].Has(0) ? $"price {has.Columns[2].DoubleAt(0)}" : "-";
        string payload = Payload(live, key)!;
        return $"{brand} | {stock} | {price} | payload {(payload.Length == 0 ? "-" : payload)}";
    }
}
