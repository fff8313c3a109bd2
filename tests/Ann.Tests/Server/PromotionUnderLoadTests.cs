using System.Collections.Concurrent;
using Ann.Protocol.V1;

namespace Ann.Tests.Server;

/// <summary>Goal: generations change places under an open loop of searches, and no caller notices.</summary>
[Collection(typeof(ServerTests))]
public sealed class PromotionUnderLoadTests(SampleIndexes samples)
{
    private const int Items = 400;
    private const int Changes = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(4);

    /// <summary>The generations have no key in common, so that an answer which mixes them shows.</summary>
    [Fact]
    public async Task NoSearchFailsAndNoAnswerMixesGenerations()
    {
        TimeSpan duration = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1" ? 60 : 3);
        string data = samples.NewDirectory();
        await using RunningServer server = await LiveCalls.StartAsync(samples, data, static options => options.SearchQueueLimit = 4096);
        await LiveCalls.CreateAsync(server);
        ulong[] oldKeys = [.. Enumerable.Range(1, Items).Select(static i => (ulong)i)];
        ulong[] newKeys = [.. Enumerable.Range(100_001, Items).Select(static i => (ulong)i)];
        await server.Ingest.UpsertAsync(LiveCalls.Upsert(0, oldKeys));
        string old = server.GenerationOf("shop");
        string next = LiveCalls.Build(Path.Combine(data, "next.ann"), Items, 1, newKeys);
        await server.Indexes.AttachAsync(new AttachRequest { Index = "shop", File = "next.ann" });
        Dictionary<string, HashSet<ulong>> keysOf = new() { [old] = [.. oldKeys], [next] = [.. newKeys] };

        ConcurrentBag<Task<SearchResponse>> searches = [];
        using CancellationTokenSource over = new(duration);
        Task load = Task.Run(async () =>
        {
            using PeriodicTimer due = new(Interval);
            int number = 0;
            while (!over.IsCancellationRequested)
            {
                await due.WaitForNextTickAsync();
                SearchRequest request = new() { Index = "shop", K = 10, Queries = RunningServer.Bytes(LiveCalls.Row((ulong)number++)) };
                searches.Add(server.Retrieval.SearchAsync(request).ResponseAsync); // nobody waits for the answer before
            }
        });
        List<string> served = [];
        for (int change = 0; change < Changes; change++)
        {
            int due = searches.Count + (int)(duration / Interval / (Changes + 2));
            await RunningServer.Eventually(() => searches.Count >= due || load.IsCompleted, "searches between two changes");
            PromotionFacts facts = change % 2 == 0
                ? (await server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = next })).Promotion
                : (await server.Indexes.RollbackAsync(new RollbackRequest { Index = "shop" })).Promotion;
            served.Add(facts.Serving);
        }
        await load;
        SearchResponse[] answers = await Task.WhenAll(searches); // throws when any failed

        Assert.Equal(Enumerable.Range(0, Changes).Select(change => change % 2 == 0 ? next : old), served);
        Assert.All(answers, answer =>
        {
            Assert.Equal(10, answer.Keys.Numbers.Count);
            Assert.Subset(keysOf[answer.Generation], answer.Keys.Numbers.ToHashSet());
        });
        Assert.Equal(2, answers.Select(static answer => answer.Generation).Distinct().Count());
    }
}
