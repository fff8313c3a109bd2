using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Indexes;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Attributes;

namespace Ann.Tests.Indexes;

/// <summary>An item has the attributes of its last write, whatever became of the segment that they were written to.</summary>
public sealed class LiveAttributesTests
{
    private static readonly IndexSchema Schema = LiveFixture.Schema() with { Attributes = AttributeFixture.Schema };

    [Fact]
    public async Task AWriteReplacesAllAttributes()
    {
        await using LiveFixture live = new(schema: Schema);
        await UpsertAsync(live, LiveFixture.Range(0, 40), version: 0);
        await UpsertAsync(live, [3, 5], version: 1);
        await live.UpsertAsync([4], version: 2); // without any

        Assert.Equal(AttributeFixture.Expected(3, 1), Fetch(live, 3));
        Assert.Equal(AttributeFixture.Expected(6, 0), Fetch(live, 6));
        Assert.Equal("none | none | none | none | none | none", Fetch(live, 4));
    }

    [Fact]
    public async Task WhatIsNotInsertedLeavesTheAttributesOfOthersInPlace()
    {
        await using LiveFixture live = new(schema: Schema);
        await UpsertAsync(live, [1, 3], version: 0);
        ulong[] keys = [1, 2, 3, 4, 2];
        WriteReceipt receipt = await live.WriteAsync(
            LiveFixture.Batch(WriteMode.InsertOnly, keys, 1) with { Attributes = AttributeFixture.Of(keys, 1) });

        Assert.Equal((2, 3), (receipt.Applied, receipt.Skipped));
        foreach ((ulong key, int version) in new[] { (1UL, 0), (2UL, 1), (3UL, 0), (4UL, 1) })
            Assert.Equal(AttributeFixture.Expected(key, version), Fetch(live, key));
    }

    [Fact]
    public async Task AttributesSurviveRestartsSealsAndCompactions()
    {
        await using LiveFixture live = new(schema: Schema);
        for (int version = 0; version < 4; version++)
            await UpsertAsync(live, LiveFixture.Range(version * 30, 100), version);
        RequireAll(live);
        await live.ReopenAsync();
        RequireAll(live);
        await live.Index.CompactAsync();
        RequireAll(live);
        Assert.InRange(live.Index.Generations[0].Segments, 1, 2);
        await live.ReopenAsync();
        RequireAll(live);
        Assert.Equal(AttributeFixture.Schema, live.Index.Schema.Attributes);

        static void RequireAll(LiveFixture live)
        {
            for (ulong key = 0; key < 190; key++)
                Assert.Equal(AttributeFixture.Expected(key, (int)Math.Min(3, key / 30)), Fetch(live, key));
        }
    }

    [Fact]
    public async Task AnAttachedGenerationTakesTheWritesThatItLacks()
    {
        await using LiveFixture live = new(schema: Schema);
        await UpsertAsync(live, LiveFixture.Range(0, 20), version: 0);
        string path = Build(live, AttributeFixture.Schema, version: 1);
        await UpsertAsync(live, [7], version: 2);
        GenerationStatus attached = await live.Index.AttachAsync(path, logPosition: 20);
        await UpsertAsync(live, [8], version: 3);
        await live.Index.PromoteAsync(attached.Id, new PromotionGate());

        foreach ((ulong key, int version) in new[] { (6UL, 1), (7UL, 2), (8UL, 3), (9UL, 1) })
            Assert.Equal(AttributeFixture.Expected(key, version), Fetch(live, key));
    }

    [Fact]
    public async Task AFileOfOtherAttributesIsNotAttached()
    {
        await using LiveFixture live = new(schema: Schema);
        AttributeSchema other = new([AttributeFixture.Schema.Fields[0], new AttributeField("tags", AttributeType.Keyword)]);
        foreach ((AttributeSchema schema, string what) in new[]
        {
            (other, "it has 'tags' of type Keyword as attribute 2; the index has 'tags' of type KeywordSet as attribute 2"),
            (AttributeSchema.Empty, "it has no attributes; the index has 'color' of type Keyword as attribute 1"),
        })
        {
            AnnException error = await Assert.ThrowsAsync<AnnException>(() => live.Index.AttachAsync(Build(live, schema, 0), 0));
            Assert.Equal(AnnError.InvalidArgument, error.Error);
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AttributesThatTheIndexDoesNotHaveAreRefusedAndNamed()
    {
        await using LiveFixture live = new(schema: Schema);
        WriteBatch upsert = LiveFixture.Batch(WriteMode.Upsert, [1, 2]);
        AttributeBatch other = AttributeFixture.Of([1, 2], 0, new AttributeSchema([new AttributeField("colour", AttributeType.Keyword)]));
        AttributeBatch few = AttributeFixture.Of([1], 0);
        AttributeBatch two = AttributeFixture.Of([1, 2], 0);
        foreach ((WriteBatch batch, string what) in new[]
        {
            (upsert with { Attributes = other }, "'colour' of type Keyword as attribute 1; index 'live' has 'color'"),
            (upsert with { Attributes = few }, "2 keys and attributes of 1 items"),
            (LiveFixture.Batch(WriteMode.Delete, [1, 2]) with { Attributes = two }, "found attributes"),
        })
        {
            AnnException error = await Assert.ThrowsAsync<AnnException>(() => live.WriteAsync(batch));
            Assert.Equal((AnnError.InvalidArgument, "attributes"), (error.Error, error.Field));
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnIndexWithoutAttributesTakesABatchOfNone()
    {
        await using LiveFixture live = new();
        await live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, [1]) with { Attributes = new AttributeBatch(AttributeSchema.Empty) });
        await live.ReopenAsync();
        Assert.Equal(LiveFixture.Row(1), live.Fetch(1));
    }

    private static Task<WriteReceipt> UpsertAsync(LiveFixture live, IEnumerable<ulong> keys, int version)
    {
        ulong[] all = [.. keys];
        return live.WriteAsync(LiveFixture.Batch(WriteMode.Upsert, all, version) with { Attributes = AttributeFixture.Of(all, version) });
    }

    private static string Fetch(LiveFixture live, ulong key)
    {
        using SnapshotLease lease = live.Index.Acquire();
        Assert.True(lease.Snapshot.TryFind(new ItemKey(key), out SearchHit hit), $"item {key}");
        AttributeBatch items = new(lease.Snapshot.Attributes);
        lease.Snapshot.CopyAttributes(hit, items);
        AttributeColumn price = new(lease.Snapshot.Attributes.Fields[3]);
        lease.Snapshot.CopyAttribute(hit, 3, price);
        Assert.Equal((items.Columns[3].Has(0), items.Columns[3].DoubleAt(0)), (price.Has(0), price.DoubleAt(0)));
        return AttributeFixture.Describe(items, 0);
    }

    /// <summary>A file with the items 0 to 19.</summary>
    private static string Build(LiveFixture live, AttributeSchema schema, int version)
    {
        using SegmentBuilder builder = new(20, LiveFixture.Dimension, new SegmentBuildOptions
        {
            Metric = Metric.L2,
            M = 8,
            EfConstruction = 60,
            Layout = SegmentLayout.Lean,
            Attributes = schema,
        });
        for (ulong key = 0; key < 20; key++)
            builder.Add(LiveFixture.Row(key, version));
        builder.AddAttributes(AttributeFixture.Of(LiveFixture.Range(0, 20), version, schema));
        builder.Build(KeyColumn.Ordinals(20));
        string path = Path.Combine(live.Root, "built.ann");
        builder.Write(PhysicalFileSystem.Instance, path);
        return path;
    }
}
