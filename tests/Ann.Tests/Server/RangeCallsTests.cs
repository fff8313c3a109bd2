using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: a range holds all within its distance, each list says whether it was bounded, and Explain says why.</summary>
[Collection(typeof(ServerTests))]
public sealed class RangeCallsTests(ShopServer shop) : IClassFixture<ShopServer>
{
    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task ARangeHoldsAllWithinItsDistance(string index)
    {
        float[][] rows = [ShopServer.Query(), ShopServer.Query(1)];
        // Between two items of the first row.
        double[] distances = [.. shop.Nearest(index, rows[0]).Select(item => ShopServer.Distance(index, rows[0], item.Row))];
        double limit = (distances[19] + distances[20]) / 2;
        SearchRequest search = ShopServer.Request(index, 200, request => request.Attributes.Add("price"));
        (search.Queries, search.Exact, search.MinScore) = (RunningServer.Bytes(rows), true, (float)(index == "shop" ? limit : 1 - limit));

        RangeResponse wide = await shop.Retrieval.RangeAsync(new RangeRequest { Search = search });
        search.K = 20;
        search.Filter = Clause.In("sale", false);
        RangeResponse filtered = await shop.Retrieval.RangeAsync(new RangeRequest { Search = search });
        search.Filter = null;
        RangeResponse bounded = await shop.Retrieval.RangeAsync(new RangeRequest { Search = search });

        ulong[] keys = ShopServer.NumbersOf(wide.Answer.Keys);
        for (int row = 0; row < rows.Length; row++)
        {
            Assert.Equal(
                Within(row).Select(static item => item.Key),
                keys[(int)wide.Answer.RowOffsets[row]..(int)wide.Answer.RowOffsets[row + 1]]);
        }
        Assert.Equal(20u, wide.Answer.RowOffsets[1]);
        Assert.Equal([false, false], wide.Bounded);
        ShopItem.RequireEqual(shop.ItemsOf(wide.Answer.Keys), wide.Answer.Attributes, "price");
        Assert.Equal(Within(0).Count(static item => item.Sale == false), (int)filtered.Answer.RowOffsets[1]);
        Assert.Equal((ulong)shop.Items.Count(static item => item.Sale == false), filtered.Answer.Stats.Matching);
        Assert.True(bounded.Bounded[0]);
        Assert.Equal(20u, bounded.Answer.RowOffsets[1]);

        ShopItem[] Within(int row) =>
            [.. shop.Nearest(index, rows[row]).TakeWhile(item => ShopServer.Distance(index, rows[row], item.Row) <= limit)];
    }

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task EachReasonIsExplained(string index)
    {
        ShopItem[] nearest = shop.Nearest(index, ShopServer.Query());
        ShopItem sold = nearest.Take(8).First(static item => item.Sale == true);
        await shop.Server.Ingest.AppendToSetAsync(
            new AppendToSetRequest { Index = index, Set = "seen", Keys = ShopServer.Keys(index, nearest[1].Key) });

        ExplainResponse returned = await ExplainAsync(nearest[2].Key, static _ => { });
        ExplainResponse none = await ExplainAsync(9_999, static _ => { });
        ExplainResponse filtered = await ExplainAsync(
            sold.Key, static request => request.Filter = Clause.All(Clause.Exists("sale"), Clause.In("sale", false)));
        ExplainResponse excluded = await ExplainAsync(
            nearest[1].Key, static request => request.Exclude = new Ann.Protocol.V1.Exclusions { Sets = { "other", "seen" } });
        ExplainResponse far = await ExplainAsync(
            nearest[^1].Key, request => request.MinScore = index == "shop" ? 0.01f : 0.9999f);
        ExplainResponse outranked = await ExplainAsync(nearest[20].Key, static _ => { });
        ExplainResponse capped = await ExplainAsync(
            nearest.Where(static item => item.Sale == true).ElementAt(1).Key,
            static request => request.Caps.Add([new Cap { Attribute = "brand", Most = 100 }, new Cap { Attribute = "sale", Most = 1 }]));
        ExplainResponse union = await ExplainAsync(
            shop.Nearest(index, ShopServer.Query(1))[0].Key, static request =>
            {
                request.Queries = RunningServer.Bytes(ShopServer.Query(), ShopServer.Query(1));
                request.Union = new Union();
            });

        Assert.Equal((Verdict.Returned, 3u, 3ul), (returned.Verdict, returned.Position, returned.ExactRank));
        Assert.Equal(shop.Server.GenerationOf(index), returned.Generation);
        Assert.Equal((Verdict.NoSuchItem, false), (none.Verdict, none.HasScore));
        Assert.Equal(Verdict.Filtered, filtered.Verdict);
        Assert.StartsWith("all_of[1].in: ", Assert.Single(filtered.FailedClauses), StringComparison.Ordinal);
        Assert.Equal((Verdict.Excluded, "seen"), (excluded.Verdict, Assert.Single(excluded.ExcludedBy)));
        Assert.Equal((Verdict.BelowMinScore, (ulong)ShopServer.Count), (far.Verdict, far.ExactRank));
        Assert.Equal((Verdict.Outranked, 21ul), (outranked.Verdict, outranked.ExactRank));
        Assert.Equal((Verdict.Capped, 1u), (capped.Verdict, Assert.Single(capped.CappedBy)));
        Assert.Equal((Verdict.Returned, 1u), (union.Verdict, union.Row));

        async Task<ExplainResponse> ExplainAsync(ulong key, Action<SearchRequest> change) => await shop.Retrieval.ExplainAsync(
            new ExplainRequest { Search = ShopServer.Request(index, 10, change), Key = ShopServer.Keys(index, key) });
    }
}
