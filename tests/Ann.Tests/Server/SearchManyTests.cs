using System.Collections.Concurrent;
using Ann.Core.Indexes;
using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: the answers of a batch are those that its searches have alone, as of one write of one generation. Method: random searches of every
/// kind, each asked alone too; writes and promotions that change every item at once, beside batches.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class SearchManyTests(SampleIndexes samples, ShopServer shop) : IClassFixture<ShopServer>
{
    private const int Seed = 20261201;
    private const int Rounds = 12;

    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task AnswersAreThoseOfSearchesAlone(string index)
    {
        await shop.Server.Part<IndexCatalog>().RequireLive("shop").SettleAsync(); // no segment is sealed between two calls
        Random random = new(Seed);
        int sealings = 0;
        for (int round = 0; round < Rounds; round++)
        {
            SearchManyRequest request = new() { Index = index };
            request.Searches.Add(Enumerable.Range(0, random.Next(1, 40)).Select(_ => RandomSearch(random, index)));

            SearchResponse[] before = await AloneAsync(request);
            SearchManyResponse together = await shop.Retrieval.SearchManyAsync(request);
            SearchResponse[] after = await AloneAsync(request);

            Assert.Equal(request.Searches.Count, together.Answers.Count);
            if (!before.SequenceEqual(after))
            {
                // A head was sealed meanwhile, of which there are few.
                Assert.InRange(++sealings, 1, 10);
                round--;
                continue;
            }
            foreach ((int i, SearchRequest search) in request.Searches.Index())
            {
                SearchResponse alone = before[i];
                SearchResponse answer = Comparable(together.Answers[i]);
                Assert.True(
                    alone.Equals(answer),
                    $"seed {Seed}, round {round}, searches[{i}]:\n{alone.Stats}\n{answer.Stats}\n{search}:\n{alone}\n{answer}");
            }
        }
    }

    /// <summary>Users with what each has seen: the case that batches are for.</summary>
    [Theory]
    [MemberData(nameof(ShopServer.Both), MemberType = typeof(ShopServer))]
    public async Task EachUserGetsWhatHeHasNotSeen(string index)
    {
        SearchManyRequest request = new() { Index = index };
        ulong[][] seen =
        [
            .. Enumerable.Range(0, 100).Select(user =>
                shop.Nearest(index, ShopServer.Query(user)).Where((_, i) => (i + user) % 3 > 0).Select(static item => item.Key).ToArray()),
        ];
        request.Searches.Add(seen.Select((keys, user) => new SearchRequest
        {
            Queries = RunningServer.Bytes(ShopServer.Query(user)),
            K = 15,
            Exact = true,
            Exclude = new Ann.Protocol.V1.Exclusions { Keys = ShopServer.Keys(index, keys) },
        }));

        SearchManyResponse found = await shop.Retrieval.SearchManyAsync(request);

        foreach ((int user, SearchResponse answer) in found.Answers.Index())
        {
            ShopItem[] others = shop.Nearest(index, ShopServer.Query(user), item => !seen[user].Contains(item.Key));
            Assert.Equal(others.Take(15).Select(static item => item.Key), ShopServer.NumbersOf(answer.Keys));
            Assert.Equal((ulong)(ShopServer.Count - seen[user].Length), answer.Stats.Matching);
        }
    }

    /// <summary>A segment keeps the mask of a filter that it is asked for a second time, so evaluations can be counted.</summary>
    [Fact]
    public async Task AFilterOfSeveralSearchesIsEvaluatedOnce()
    {
        SearchManyRequest request = new() { Index = "catalog" };
        foreach (int i in Enumerable.Range(0, 9))
        {
            SearchRequest search = new()
            {
                Queries = RunningServer.Bytes(ShopServer.Query(i)),
                K = 5,
                Filter = Clause.In("price", 11L, 17L),
                Exact = true, // live recall, which evaluates filters again, takes none of these
            };
            if (i % 3 == 1)
                search.Exclude = new Ann.Protocol.V1.Exclusions { Keys = ShopServer.Keys("catalog", (ulong)i) };
            if (i % 3 == 2)
                search.Filter = Clause.Exists("weight");
            request.Searches.Add(search);
        }
        using SnapshotLease lease = shop.Server.Host.Indexes.Acquire("catalog");
        int before = Kept(lease);

        SearchManyResponse found = await shop.Retrieval.SearchManyAsync(request);
        int afterOne = Kept(lease);
        await shop.Retrieval.SearchManyAsync(request);

        Assert.Equal((before, before + 2), (afterOne, Kept(lease)));
        ulong priced = (ulong)shop.Items.Count(static item => item.Price is 11 or 17);
        Assert.Equal([priced, priced], new[] { found.Answers[0].Stats.Matching, found.Answers[3].Stats.Matching });

        static int Kept(SnapshotLease lease) => lease.Snapshot.Segments.Sum(static segment => segment.Masks.Cache?.Count ?? 0);
    }

    /// <summary>Each write replaces all items at once, so that answers as of two writes would show.</summary>
    [Fact]
    public async Task ABatchIsAnsweredAsOfOneWrite()
    {
        await using RunningServer server = await LiveCalls.StartAsync(
            samples, samples.NewDirectory(), static options => options.HeadRows = 256);
        await LiveCalls.CreateAsync(
            server, change: static request => request.Attributes.Add(new AttributeField { Name = "price", Type = AttributeType.Int64 }));
        ulong[] keys = [.. Enumerable.Range(1, 60).Select(static key => (ulong)key)];
        await WriteAsync(0);
        SearchManyRequest request = new() { Index = "shop" };
        request.Searches.Add(Enumerable.Range(0, 60).Select(i => new SearchRequest
        {
            Queries = RunningServer.Bytes(ShopServer.Query(i)),
            K = 20,
            Exact = i % 2 == 0,
            Attributes = { "price" },
            Filter = i % 3 == 0 ? Clause.Exists("price") : null,
            Exclude = i % 4 == 0 ? new Ann.Protocol.V1.Exclusions { Keys = LiveCalls.Keys((ulong)i + 1) } : null,
            Caps = { i % 5 == 0 ? [new Cap { Attribute = "price", Most = 10_000 }] : (Cap[])[] },
        }));

        Task writing = Task.Run(async () =>
        {
            for (int version = 1; version <= 40; version++)
                await WriteAsync(version);
        });
        HashSet<long> seen = [];
        do
        {
            SearchManyResponse found = await server.Retrieval.SearchManyAsync(request);
            Assert.All(found.Answers, static answer => Assert.Equal(20, answer.Scores.Count));
            seen.Add(Assert.Single(found.Answers.SelectMany(static answer => answer.Attributes[0].Integers).Distinct()));
        }
        while (!writing.IsCompleted);
        await writing;
        TestContext.Current.TestOutputHelper?.WriteLine($"{seen.Count} writes were seen");

        async Task WriteAsync(int version)
        {
            UpsertRequest upsert = LiveCalls.Upsert(version, keys);
            upsert.Attributes.Add(new AttributeColumn { Name = "price", Integers = { Enumerable.Repeat((long)version, keys.Length) } });
            await server.Ingest.UpsertAsync(upsert);
        }
    }

    /// <summary>The generations have no key in common, so that an answer which mixes them shows.</summary>
    [Fact]
    public async Task ABatchIsAnsweredByOneGeneration()
    {
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data);
        await LiveCalls.CreateAsync(server);
        ulong[] oldKeys = [.. Enumerable.Range(1, 100).Select(static i => (ulong)i)];
        ulong[] newKeys = [.. Enumerable.Range(1_001, 100).Select(static i => (ulong)i)];
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, oldKeys));
        string old = server.GenerationOf("shop");
        string next = LiveCalls.Build(Path.Combine(data, "next.ann"), 100, 1, newKeys);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" });
        Dictionary<string, HashSet<ulong>> keysOf = new() { [old] = [.. oldKeys], [next] = [.. newKeys] };
        SearchManyRequest request = new() { Index = "shop" };
        request.Searches.Add(Enumerable.Range(0, 50).Select(static i => new SearchRequest
        {
            Queries = RunningServer.Bytes(ShopServer.Query(i)),
            K = 10,
            Exclude = i % 2 == 0 ? new Ann.Protocol.V1.Exclusions { Keys = LiveCalls.Keys(1, 1_001) } : null,
        }));

        ConcurrentBag<SearchManyResponse> answers = [];
        using CancellationTokenSource over = new();
        Task asking = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
                answers.Add(await server.Retrieval.SearchManyAsync(request));
        });
        for (int change = 0; change < 6; change++)
        {
            int due = answers.Count + 2;
            await RunningServer.Eventually(() => answers.Count >= due || asking.IsCompleted, "batches between two changes");
            if (change % 2 == 0)
                await server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = next });
            else
                await server.Indexes.RollbackAsync(new RollbackRequest { Index = "shop" });
        }
        await over.CancelAsync();
        await asking;

        Assert.All(answers, batch =>
        {
            string generation = Assert.Single(batch.Answers.Select(static answer => answer.Generation).Distinct());
            Assert.All(batch.Answers, answer => Assert.Subset(keysOf[generation], answer.Keys.Numbers.ToHashSet()));
        });
        Assert.Equal(2, answers.Select(static batch => batch.Answers[0].Generation).Distinct().Count());
        request.Index = $"shop@{next}";
        request.Searches[3].Index = request.Index;
        Assert.Equal(next, (await server.Retrieval.SearchManyAsync(request)).Answers[3].Generation);
    }

    /// <summary>What each search of a batch is answered alone.</summary>
    private async Task<SearchResponse[]> AloneAsync(SearchManyRequest request)
    {
        List<SearchResponse> answers = [];
        foreach (SearchRequest search in request.Searches)
        {
            SearchRequest alone = search.Clone();
            alone.Index = request.Index;
            answers.Add(Comparable(await shop.Retrieval.SearchAsync(alone)));
        }
        return [.. answers];
    }

    private static SearchRequest RandomSearch(Random random, string index)
    {
        int rows = random.Next(4) == 0 ? random.Next(2, 5) : 1;
        uint k = (uint)random.Next(1, 40);
        SearchRequest search = new()
        {
            Index = random.Next(2) == 0 ? index : "",
            K = k,
            Queries = Rows(random, [.. Enumerable.Range(0, rows).Select(_ => ShopServer.Query(random.Next(1000)))]),
            Filter = RandomFilter(random, index),
        };
        if (random.Next(2) == 0)
        {
            ulong[] keys = [.. Enumerable.Range(0, random.Next(1, 500)).Select(_ => (ulong)random.Next(1, ShopServer.Count + 50))];
            search.Exclude = new Ann.Protocol.V1.Exclusions { Keys = ShopServer.Keys(index, keys) };
        }
        if (random.Next(3) == 0)
            search.EfSearch = k + (uint)random.Next(50);
        else if (random.Next(3) == 0)
            search.Exact = true;
        if (random.Next(4) == 0)
            search.MinScore = index == "shop" ? 1.1f : 0.8f;
        if (random.Next(3) == 0)
            search.Attributes.Add(["price", "tags"]);
        if (random.Next(4) == 0)
            search.Caps.Add(new Cap { Attribute = random.Next(2) == 0 ? "brand" : "sale", Most = (uint)random.Next(1, 10) });
        if (random.Next(6) == 0)
            search.Floors.Add(new Floor { Filter = Clause.In("tags", "eco"), Least = (uint)random.Next(1, (int)k + 1) });
        if (random.Next(6) == 0)
            search.Diversity = new Diversity { Lambda = random.NextSingle() };
        if (random.Next(6) == 0)
            search.Union = new Union();
        if (random.Next(4) == 0)
            search.OnDeadline = OnDeadline.BestSoFar;
        return search;
    }

    /// <summary>Few, so that several searches of a batch have the same, in other words at times.</summary>
    private static Filter? RandomFilter(Random random, string index) => random.Next(8) switch
    {
        0 => Clause.In("sale", true),
        1 => Clause.Between("price", Clause.At(100), null),
        2 => Clause.All(Clause.Exists("weight"), Clause.In("brand", "brand-1", "brand-2")),
        3 => Clause.All(Clause.In("brand", "brand-2", "brand-1"), Clause.Exists("weight")),
        4 => new Filter { Keys = ShopServer.Keys(index, [.. Enumerable.Range(1, 40).Select(static key => (ulong)key)]) },
        5 => Clause.In("brand", "nobody"),
        _ => null,
    };

    private static VectorBatch Rows(Random random, float[][] rows) =>
        random.Next(2) == 0 ? RunningServer.Bytes(rows) : RunningServer.Floats(rows);

    /// <summary>
    /// A reply without times, and without the estimate, which follows what live recall learns meanwhile.
    /// </summary>
    private static SearchResponse Comparable(SearchResponse reply)
    {
        SearchResponse copy = reply.Clone();
        copy.Stats.ClearEstimatedRecall();
        (copy.Stats.QueueUs, copy.Stats.SearchUs, copy.Stats.FilterUs) = (0, 0, 0);
        return copy;
    }
}
