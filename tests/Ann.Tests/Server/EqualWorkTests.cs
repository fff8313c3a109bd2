using Ann.Core.Indexes;
using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: what narrows nothing changes nothing: requests that ask for equal work get equal replies, but for what they added.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class EqualWorkTests(ShopServer shop) : IClassFixture<ShopServer>
{
    private const int Seed = 20261130;

    /// <summary>A live index of a head alone.</summary>
    private const string Young = "young";

    /// <summary>Ways to ask that take nothing away, of a file, a live index with segments and a head, and one of a head alone.</summary>
    public static TheoryData<string, string> Ways
    {
        get
        {
            TheoryData<string, string> ways = [];
            foreach (string index in (string[])[.. ShopServer.Names, Young])
                foreach (string way in (string[])["min_score", "filter", "cap", "exclusion", "all of them"])
                    ways.Add(index, way);
            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task WhatNarrowsNothingChangesNothing(string index, string way)
    {
        await shop.Server.Part<IndexCatalog>().RequireLive("shop").SettleAsync(); // no segment is sealed between two calls
        if (index == Young && !shop.Server.Part<IndexCatalog>().Indexes.Any(static hosted => hosted.Name == Young))
            await FillYoungAsync();
        int sealings = 0;
        Random random = new(Seed);
        for (int round = 0; round < 20; round++)
        {
            SearchRequest plain = Random(random, index);
            SearchRequest same = plain.Clone();
            AskNothing(same, index, way);

            SearchResponse expected = await shop.Retrieval.SearchAsync(plain);
            SearchResponse actual = await shop.Retrieval.SearchAsync(same);
            if (!Comparable(expected).Equals(Comparable(await shop.Retrieval.SearchAsync(plain))))
            {
                // A head was sealed meanwhile, of which there are few.
                Assert.InRange(++sealings, 1, 10);
                round--;
                continue;
            }

            string context = $"{way} of {index}, round {round}, seed {Seed}";
            // Live recall learns meanwhile, of each class of filters by itself, so the estimates of a file may differ a little; those of
            // segments without a curve begin with it.
            if (index == "catalog")
            {
                Assert.True(expected.Stats.HasEstimatedRecall && actual.Stats.HasEstimatedRecall, context);
                Assert.Equal(expected.Stats.EstimatedRecall, actual.Stats.EstimatedRecall, tolerance: 0.02);
            }
            Assert.True(Comparable(expected).Equals(Comparable(actual)), $"{context}:\n{Comparable(expected)}\n{Comparable(actual)}");
        }
    }

    private async Task FillYoungAsync()
    {
        await LiveCalls.CreateAsync(shop.Server, Young, static request => request.Attributes.Add(ShopItem.Fields()));
        UpsertRequest upsert = ShopServer.Upsert(shop.Items[..200]);
        upsert.Index = Young;
        await shop.Server.Ingest.UpsertAsync(upsert);
    }

    private static SearchRequest Random(Random random, string index)
    {
        int rows = random.Next(1, 4);
        uint k = (uint)random.Next(1, 30);
        SearchRequest request = new()
        {
            Index = index,
            K = k,
            Queries = RunningServer.Bytes([.. Enumerable.Range(0, rows).Select(_ => ShopServer.Query(random.Next(1000)))]),
        };
        if (random.Next(3) == 0)
            request.EfSearch = k + (uint)random.Next(50);
        else if (random.Next(3) == 0)
            request.Exact = true;
        return request;
    }

    private static void AskNothing(SearchRequest request, string index, string way)
    {
        bool all = way == "all of them";
        if (all || way == "min_score")
            request.MinScore = index == "catalog" ? -1 : 1e9f; // a distance of L2, a similarity of cosine
        if (all || way == "filter")
            request.Filter = Clause.In("sale", true, false);
        if (all || way == "cap")
            request.Caps.Add(new Cap { Attribute = "brand", Most = 10_000 });
        if (all || way == "exclusion")
            request.Exclude = new Ann.Protocol.V1.Exclusions { Keys = ShopServer.Keys(index == Young ? "shop" : index) };
    }

    /// <summary>A reply without times, and without what a filter tells of itself.</summary>
    private static SearchResponse Comparable(SearchResponse reply)
    {
        SearchResponse copy = reply.Clone();
        SearchStats stats = copy.Stats;
        stats.ClearEstimatedRecall();
        (stats.QueueUs, stats.SearchUs, stats.FilterUs) = (0, 0, 0);
        stats.ClearMatching();
        stats.ClearSelectivity();
        return copy;
    }
}
