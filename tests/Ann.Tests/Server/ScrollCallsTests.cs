using System.Runtime.InteropServices;
using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: pages hold every item exactly once, in the order of keys, with what was asked of them; so does Fetch.</summary>
[Collection(typeof(ServerTests))]
public sealed class ScrollCallsTests(ShopServer shop) : IClassFixture<ShopServer>
{
    [Theory]
    [InlineData("shop", 7)]
    [InlineData("shop", 600)]
    [InlineData("catalog", 7)]
    [InlineData("catalog", 10_000)]
    public async Task PagesHoldEveryItemOnce(string index, uint limit)
    {
        List<ulong> seen = await PagesAsync(new ScrollRequest { Index = index, Limit = limit }, shop.Items.Length);

        Assert.Equal(shop.Items.Select(static item => item.Key), seen);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task AFilterIsScrolledToItsEnd(string index)
    {
        ShopItem[] expected = [.. shop.Items.Where(static item => item.Brand is "brand-1" or null)];
        Filter filter = Clause.Any(Clause.In("brand", "brand-1"), Clause.Not(Clause.Exists("brand")));

        List<ulong> seen = await PagesAsync(new ScrollRequest { Index = index, Limit = 5, Filter = filter }, expected.Length);
        ScrollResponse nothing = await shop.Retrieval.ScrollAsync(
            new ScrollRequest { Index = index, Limit = 5, Filter = Clause.In("brand", "x"), WithVectors = true, Attributes = { "tags" } });

        Assert.Equal(expected.Select(static item => item.Key), seen);
        Assert.Empty(ShopServer.NumbersOf(nothing.Keys));
        Assert.Null(nothing.Vectors);
        Assert.Empty(Assert.Single(nothing.Attributes).KeywordSets);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task VectorsAndAttributesComeBeside(string index)
    {
        string[] names = ["tags", "weight", "added", "sale"];

        ScrollResponse page = await shop.Retrieval.ScrollAsync(new ScrollRequest
        {
            Index = index,
            Limit = 60,
            After = ShopServer.Keys(index, 50),
            WithVectors = true,
            Attributes = { names },
        });
        ShopItem[] items = shop.ItemsOf(page.Keys);

        Assert.Equal(Enumerable.Range(51, 60).Select(static key => (ulong)key), items.Select(static item => item.Key));
        RequireRows(index, items, page.Vectors);
        ShopItem.RequireEqual(items, page.Attributes, names);
        Assert.Equal(shop.Server.GenerationOf(index), page.Generation);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task FetchGivesTheAttributesOfWhatItFound(string index)
    {
        FetchResponse found = await shop.Retrieval.FetchAsync(new FetchRequest
        {
            Index = index,
            Keys = ShopServer.Keys(index, 17, 9_999, 3, 17, 11, 8_888),
            WithVectors = true,
            Attributes = { "price", "brand", "tags" },
        });
        ShopItem[] items = shop.ItemsOf(found.Found);

        Assert.Equal([17ul, 3ul, 17ul, 11ul], items.Select(static item => item.Key));
        Assert.Equal([9_999ul, 8_888ul], ShopServer.NumbersOf(found.Missing));
        ShopItem.RequireEqual(items, found.Attributes, "price", "brand", "tags");
        RequireRows(index, items, found.Vectors);
    }

    /// <summary>An item that is there all the while comes exactly once, whatever is written meanwhile.</summary>
    [Fact]
    public async Task WritesBetweenPagesLoseNothing()
    {
        ulong[] keys = [.. Enumerable.Range(1, 60).Select(static key => (ulong)key * 2)];
        await LiveCalls.CreateAsync(shop.Server, "moving");
        UpsertRequest all = LiveCalls.Upsert(0, keys);
        all.Index = "moving";
        await shop.Server.Ingest.UpsertAsync(all);
        List<ulong> seen = [];
        ScrollRequest request = new() { Index = "moving", Limit = 8 };
        for (ulong page = 0; seen.Count == 0 || request.After is not null; page++)
        {
            ScrollResponse found = await shop.Retrieval.ScrollAsync(request);
            seen.AddRange(found.Keys.Numbers);
            request.After = found.Keys.Numbers.Count < 8 ? null : LiveCalls.Keys(found.Keys.Numbers[^1]);

            // Every second item is replaced, and so moves to another node.
            UpsertRequest replaced = LiveCalls.Upsert((int)page + 1, [.. keys.Where(key => key % 4 == page % 2 * 2)]);
            replaced.Index = "moving";
            await shop.Server.Ingest.UpsertAsync(replaced);
        }
        Assert.Equal(keys, seen);
    }

    private async Task<List<ulong>> PagesAsync(ScrollRequest request, int expected)
    {
        List<ulong> seen = [];
        while (true)
        {
            ScrollResponse page = await shop.Retrieval.ScrollAsync(request);
            ulong[] keys = ShopServer.NumbersOf(page.Keys);
            seen.AddRange(keys);
            Assert.True(seen.Count <= expected, "more items than there are");
            if (keys.Length < request.Limit)
                return seen;
            Assert.Equal((int)request.Limit, keys.Length);
            request.After = ShopServer.Keys(request.Index, keys[^1]);
        }
    }

    private static void RequireRows(string index, ShopItem[] items, VectorBatch vectors)
    {
        Assert.Equal((Dtype.F32, (uint)LiveCalls.Dimension), (vectors.Dtype, vectors.Dim));
        float[] rows = MemoryMarshal.Cast<byte, float>(vectors.Data.Span).ToArray();
        Assert.Equal(items.Length * LiveCalls.Dimension, rows.Length);
        foreach ((int i, float[] row) in rows.Chunk(LiveCalls.Dimension).Index())
        {
            double length = index == "shop" ? 1 : Math.Sqrt(items[i].Row.Sum(static x => (double)x * x));
            Assert.All(row.Zip(items[i].Row), pair => Assert.Equal(pair.Second / length, pair.First, 1e-6));
        }
    }
}
