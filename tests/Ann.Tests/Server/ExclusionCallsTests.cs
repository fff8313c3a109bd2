using System.Buffers.Binary;
using Ann.Protocol.V1;
using Google.Protobuf;
using WireExclude = Ann.Protocol.V1.Exclusions;

namespace Ann.Tests.Server;

/// <summary>Goal: what a search excludes, in whichever way, does not come back, and k others do.</summary>
[Collection(typeof(ServerTests))]
public sealed class ExclusionCallsTests(ShopServer shop) : IClassFixture<ShopServer>
{
    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task ExcludedKeysDoNotComeBack(string index)
    {
        ulong[] nearest = [.. shop.Nearest(index, ShopServer.Query()).Select(static item => item.Key)];

        await RequireOthersAsync(index, new WireExclude { Keys = ShopServer.Keys(index, [.. nearest[..5], 9_999]) }, nearest[..5]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ARoaringBitmapIsTaken(bool wide)
    {
        ulong[] nearest = [.. shop.Nearest("shop", ShopServer.Query()).Select(static item => item.Key).Take(30)];
        byte[] bitmap = wide ? Bitmap64(nearest) : Bitmap32(nearest);

        await RequireOthersAsync("shop", new WireExclude { Roaring = ByteString.CopyFrom(bitmap), Roaring64 = wide }, nearest);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task ASetThatTheServerKeepsIsTakenByItsName(string index)
    {
        ulong[] nearest = [.. shop.Nearest(index, ShopServer.Query()).Select(static item => item.Key).Take(6)];
        await AppendAsync(index, "seen:größe", nearest[..4]);
        WireExclude exclude = new()
        {
            Sets = { "seen:größe", "nobody's" },
            Keys = ShopServer.Keys(index, nearest[4]),
        };
        await RequireOthersAsync(index, exclude, nearest[..5]);

        // What is appended is seen by the next search; what is dropped is excluded no more.
        await AppendAsync(index, "seen:größe", nearest[5]);
        await RequireOthersAsync(index, exclude, nearest);
        await shop.Server.Ingest.DropSetAsync(new DropSetRequest { Index = index, Set = "seen:größe" });
        await RequireOthersAsync(index, exclude, nearest[4..5]);
        await RequireOthersAsync(index, new WireExclude { Sets = { "nobody's" } }, []);
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task AFilterAndExclusionsBothHold(string index)
    {
        ShopItem[] sold = shop.Nearest(index, ShopServer.Query(), static item => item.Sale == true);
        SearchRequest request = ShopServer.Request(index, 240, static request => request.Filter = Clause.In("sale", true));
        request.Exclude = new WireExclude { Keys = ShopServer.Keys(index, sold[0].Key, sold[3].Key, 1) };

        SearchResponse found = await shop.Retrieval.SearchAsync(request);
        request.Caps.Add(new Cap { Attribute = "sale", Most = 7 });
        SearchResponse capped = await shop.Retrieval.SearchAsync(request);

        Assert.Equal(
            sold.Select(static item => item.Key).Where((_, i) => i is not (0 or 3)).Order(), ShopServer.NumbersOf(found.Keys).Order());
        Assert.Equal((ulong)sold.Length - 2, found.Stats.Matching);
        Assert.Equal(7, capped.Scores.Count);
        Assert.Equal((ulong)sold.Length - 2, capped.Stats.Matching);
    }

    private async Task RequireOthersAsync(string index, WireExclude exclude, ulong[] excluded)
    {
        foreach (bool ranked in new[] { false, true })
        {
            SearchRequest request = ShopServer.Request(index, 20, request => (request.Exclude, request.Exact) = (exclude, true));
            if (ranked)
                request.Diversity = new Diversity { Lambda = 1 };

            SearchResponse found = await shop.Retrieval.SearchAsync(request);

            Assert.Equal(
                shop.Nearest(index, ShopServer.Query(), item => !excluded.Contains(item.Key)).Take(20).Select(static item => item.Key),
                ShopServer.NumbersOf(found.Keys));
            if (excluded.Length > 0)
                Assert.Equal((ulong)(ShopServer.Count - excluded.Length), found.Stats.Matching);
        }
    }

    private async Task AppendAsync(string index, string set, params ulong[] keys) => await shop.Server.Ingest.AppendToSetAsync(
        new AppendToSetRequest { Index = index, Set = set, Keys = ShopServer.Keys(index, keys) });

    /// <summary>Numbers below 65536 in one array container.</summary>
    private static byte[] Bitmap32(params ulong[] keys)
    {
        byte[] bitmap = new byte[16 + 2 * keys.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap, 12_346);
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(bitmap.AsSpan(10), (ushort)(keys.Length - 1));
        BinaryPrimitives.WriteUInt32LittleEndian(bitmap.AsSpan(12), 16);
        foreach ((int i, ulong key) in keys.Order().Index())
            BinaryPrimitives.WriteUInt16LittleEndian(bitmap.AsSpan(16 + 2 * i), (ushort)key);
        return bitmap;
    }

    /// <summary>The same as the one bitmap of the high half 0.</summary>
    private static byte[] Bitmap64(params ulong[] keys) => [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. Bitmap32(keys)];
}
