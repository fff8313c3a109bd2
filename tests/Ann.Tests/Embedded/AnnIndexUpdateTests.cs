using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Embedded;
using Ann.Tests.Segments;

namespace Ann.Tests.Embedded;

/// <summary>Payloads and updates at the front door.</summary>
public sealed class AnnIndexUpdateTests : IDisposable
{
    private const int Dimension = 8;

    private static readonly float[][] Rows = SegmentFixture.Clustered(50, Dimension, seed: 24);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ann-update-");

    private string Live => Path.Combine(_root.FullName, "live");

    [Fact]
    public async Task AnItemComesBackWithItsPayload()
    {
        await using (AnnIndex index = await CreateAsync())
        {
            await index.UpsertAsync(Items());
            Check(index);
            SearchOptions options = new() { Payloads = true };
            Assert.All(
                index.Search(Rows[4], 50, options), static one => Assert.Equal(Payload((int)one.Key.Number), one.Payload.ToArray()));
            Assert.All(index.Search(Rows[4], 50), static one => Assert.True(one.Payload.IsEmpty));
            await index.UpsertAsync([new AnnItem(4, Rows[4])]);
            Assert.True(index.Fetch(4)!.Payload.IsEmpty);
            await index.UpsertAsync(Items());
        }
        await using (AnnIndex index = AnnIndex.Open(Live))
            Check(index);

        static void Check(AnnIndex index)
        {
            for (int key = 0; key < Rows.Length; key++)
                Assert.Equal(Payload(key), index.Fetch((ulong)key)!.Payload.ToArray());
        }
    }

    [Fact]
    public async Task AnUpdateLeavesTheVectorAndWhatItDoesNotName()
    {
        await using AnnIndex index = await CreateAsync();
        await index.UpsertAsync(Items());
        Assert.Equal(0, await index.UpdateAsync([]));
        Assert.Equal(2, await index.UpdateAsync(
        [
            new AnnItemUpdate(1) { ["stock"] = 70 }, new AnnItemUpdate(2) { ["stock"] = null }, new AnnItemUpdate(400) { ["stock"] = 1 },
        ]));
        Assert.Equal(1, await index.UpdateAsync([new AnnItemUpdate(3) { Payload = "new"u8.ToArray(), ["brand"] = "other" }]));
        Assert.Equal(1, await index.UpdateAsync([new AnnItemUpdate(5) { Payload = ReadOnlyMemory<byte>.Empty }]));

        AnnItem one = index.Fetch(1)!;
        Assert.Equal(Rows[1], one.Vector.ToArray());
        Assert.Equal(("brand 1", 70L), (one["brand"], one["stock"]));
        Assert.Equal(Payload(1), one.Payload.ToArray());
        Assert.Equal(("brand 2", null), (index.Fetch(2)!["brand"], index.Fetch(2)!["stock"]));
        AnnItem three = index.Fetch(3)!;
        Assert.Equal(("other", 3L), (three["brand"], three["stock"]));
        Assert.Equal("new"u8.ToArray(), three.Payload.ToArray());
        Assert.Equal(("brand 5", 0), (index.Fetch(5)!["brand"], index.Fetch(5)!.Payload.Length));
        Assert.Null(index.Fetch(400));
        SearchOptions options = new() { Filter = new Filter.Between("stock", new FilterBound(70, null), null) };
        Assert.Equal(1UL, Assert.Single(index.Search(Rows[0], 10, options)).Key.Number);
    }

    [Fact]
    public async Task UpdatesOfABatchChangeTheSame()
    {
        await using AnnIndex index = await CreateAsync();
        await index.UpsertAsync(Items());
        await Refused("attributes", "item '2' changes brand", new(1) { ["stock"] = 1 }, new(2) { ["brand"] = "x" });
        await Refused("attributes", "item '2' changes no attribute", new(1) { ["stock"] = 1 }, new(2));
        await Refused("payloads", "item '2' changes no payload", new(1) { Payload = new byte[1] }, new(2));
        await Refused("payloads", "item '1' changes no payload", new(1), new(2) { Payload = new byte[1] });
        await Refused("attributes", "changes attributes, payloads or both", new AnnItemUpdate(1));
        await Refused("attributes", "'colour' is unknown", new AnnItemUpdate(1) { ["colour"] = "red" });
        await Refused("attributes", "a string was expected", new AnnItemUpdate(1) { ["brand"] = 1 });
        await Refused("payloads", "at most 1048576", new AnnItemUpdate(1) { Payload = new byte[(1 << 20) + 1] });
        Assert.Equal(("brand 1", 1L), (index.Fetch(1)!["brand"], index.Fetch(1)!["stock"]));

        async Task Refused(string field, string what, params AnnItemUpdate[] updates)
        {
            AnnException error = await Assert.ThrowsAsync<AnnException>(() => index.UpdateAsync(updates));
            Assert.Equal((AnnError.InvalidArgument, field), (error.Error, error.Field));
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _root.Delete(recursive: true);

    private static IEnumerable<AnnItem> Items() => Rows.Select(static (row, number) => new AnnItem((ulong)number, row)
    {
        ["stock"] = number,
        ["brand"] = $"brand {number}",
        Payload = Payload(number),
    });

    /// <summary>Every third item has none.</summary>
    private static byte[] Payload(int key) => key % 3 == 0 ? [] : [.. Enumerable.Repeat((byte)key, 10 + key)];

    private Task<AnnIndex> CreateAsync() => AnnIndex.CreateAsync(Live, new AnnIndexSchema
    {
        Dimension = Dimension,
        Metric = Metric.L2,
        Attributes = [new("brand", AttributeType.Keyword), new("stock", AttributeType.Int64)],
    });
}
