using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Tests.Encoding;
using Ann.Tests.Tool;
using Google.Protobuf;
using Grpc.Core;
using TemporaryFolder = Ann.Tests.Encoding.TemporaryFolder;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: while releases are promoted and rolled back ten times, no answer of 10,000 requests was made with a query of one encoder and rows
/// of the other pair. What does not fit is refused with both fingerprints, and nothing else fails.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class ReleasesUnderLoadTests(SampleIndexes samples, ITestOutputHelper output)
{
    private const int Requests = 10_000;
    private const int Changes = 10;
    private const int Callers = 8;
    private const int Seed = 20261130;

    private static readonly string[] Texts = ["red", "blue shoe", "red shoes !", "cafe"];

    [Fact]
    public async Task NoAnswerMixesTheEncodersOfTwoReleases()
    {
        output.WriteLine($"seed {Seed}");
        using TemporaryFolder folder = ReleaseVerbTests.Texts();
        Tower[] towers = [await MakeAsync(folder, "a", "red "), await MakeAsync(folder, "b", "blue ")];
        await using RunningServer server = await LiveCalls.StartAsync(samples, samples.NewDirectory(), options =>
        {
            options.ImportDirectory = folder.Path;
            options.EncoderProviders = "cpu";
            options.EncoderThreads = 1;
            options.BrownOut = false; // an answer with less work finds other items of the same tower
        });
        await LiveCalls.CreateAsync(server, change: static create =>
            (create.Dimension, create.Metric, create.KeyKind) = (TinyModels.Dimension, Metric.Cosine, KeyKind.String));
        Dictionary<string, Tower> towerOf = [];
        foreach (Tower tower in towers)
        {
            tower.Generation = (await server.Indexes.AttachAsync(
                new AttachRequest { Index = "shop", File = tower.Release })).Generation.Id;
            towerOf.Add(tower.Generation, tower);
            for (int text = 0; text < Texts.Length; text++)
            {
                tower.Scores.Add([.. (await server.Retrieval.SearchAsync(new SearchRequest
                {
                    Index = $"shop@{tower.Generation}",
                    K = 3,
                    Queries = Bytes(tower.Vectors[text]),
                })).Scores]);
            }
        }
        Assert.All(
            towers[0].Scores.Zip(towers[1].Scores),
            static pair => Assert.False(AreLike(pair.First, pair.Second), "the towers must be told apart by what they find"));
        await server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = towers[0].Generation });

        Tally tally = new();
        int begun = 0;
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            Random random = new(Seed + caller);
            while (Interlocked.Increment(ref begun) <= Requests)
                await AskAsync(server, towers, towerOf, random, tally);
        }))];
        for (int change = 0; change < Changes; change++)
        {
            int due = Requests / (Changes + 1) * (change + 1);
            // A caller that failed ends the wait with its failure.
            await RunningServer.Eventually(
                () => Volatile.Read(ref begun) >= due || callers.Any(static caller => caller.IsFaulted), "requests between two changes");
            await Task.WhenAll(callers.Where(static caller => caller.IsFaulted));
            PromotionFacts facts = change == 0
                ? (await server.Indexes.PromoteAsync(new PromoteRequest { Index = "shop", Generation = towers[1].Generation })).Promotion
                : (await server.Indexes.RollbackAsync(new RollbackRequest { Index = "shop" })).Promotion;
            Assert.Equal(towers[(change + 1) % 2].Generation, facts.Serving);
        }
        await Task.WhenAll(callers);

        output.WriteLine($"{tally.Answered.Count} answered, {tally.Refused} refused");
        Assert.Equal(Requests, tally.Answered.Count + tally.Refused);
        Assert.Equal(2, tally.Answered.Distinct().Count());
        Assert.True(tally.Refused > 0, "some requests named the pair that did not serve");
    }

    /// <summary>
    /// One request of a kind that chance decides: a text, a text that is encoded by a call before, or a vector that names its encoder.
    /// </summary>
    private static async Task AskAsync(
        RunningServer server, Tower[] towers, Dictionary<string, Tower> towerOf, Random random, Tally tally)
    {
        int text = random.Next(Texts.Length);
        Tower tower = towers[random.Next(2)];
        bool insists = random.Next(4) == 0;
        string index = insists ? $"shop@{tower.Generation}" : "shop";
        SearchRequest search = new() { Index = index, K = 3 };
        int kind = random.Next(3);
        if (kind == 0)
        {
            search.Texts.Add(Texts[text]);
            SearchResponse answer = await server.Retrieval.SearchAsync(search); // is never refused
            Assert.True(!insists || answer.Generation == tower.Generation);
            Assert.True(
                AreLike(towerOf[answer.Generation].Scores[text], [.. answer.Scores]),
                "what was found is what the tower of the generation finds that answered");
            tally.Answered.Add(answer.Generation);
            return;
        }
        if (kind == 1)
        {
            EmbedResponse embedded = await server.Retrieval.EmbedAsync(new EmbedRequest { Index = index, Texts = { Texts[text] } });
            tower = Assert.Single(towers, one => one.Queries == embedded.EncoderFingerprint);
            // The fingerprint is that of the tower that made the vector, not only of the one that serves.
            Assert.True(AreLike(tower.Vectors[text], MemoryMarshal.Cast<byte, float>(embedded.Vectors.Data.Span).ToArray()));
        }
        search.Queries = Bytes(tower.Vectors[text]);
        search.EncoderFingerprint = tower.Queries;
        try
        {
            SearchResponse found = await server.Retrieval.SearchAsync(search);
            Assert.Equal(search.EncoderFingerprint, towerOf[found.Generation].Queries);
            Assert.Equal(3, found.Keys.Texts.Count);
            tally.Answered.Add(found.Generation);
        }
        catch (RpcException e)
        {
            Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
            Assert.False(insists, e.Status.Detail);
            Assert.All(towers, one => Assert.Contains($"{one.Queries:x16}", e.Status.Detail, StringComparison.Ordinal));
            Interlocked.Increment(ref tally.Refused);
        }
    }

    /// <summary>A release whose towers differ from those of every other prefix, and the vectors that its queries have.</summary>
    private static async Task<Tower> MakeAsync(TemporaryFolder folder, string name, string prefix)
    {
        foreach ((string side, string setting) in new[] { ("items", "document_prefix"), ("queries", "query_prefix") })
        {
            folder.With($"{name}-{side}/model.onnx", TinyModels.Bert()).With($"{name}-{side}/vocab.txt", TinyModels.VocabularyText)
                .With($"{name}-{side}/encoder.json", $$"""{ "pooling": "mean", "{{setting}}": "{{prefix}}" }""");
        }
        string release = $"{name}.release";
        (await ToolRun.RunAsync("release", "build", folder["items.jsonl"], "--encoder", folder[$"{name}-items"], "--query-encoder",
            folder[$"{name}-queries"], "--metric", "cosine", "--providers", "cpu", "--output", folder[release])).Expect(0);
        using TextEncoder encoder = TextEncoder.Open(folder[$"{name}-queries"], DefaultEncoderTests.Cpu);
        float[][] vectors = [.. Texts.Select(text =>
        {
            float[] row = new float[encoder.Info.Dimension];
            encoder.Encode([text], Ann.Encoding.TextRole.Query, row);
            return row;
        })];
        return new Tower(release, encoder.Info.Fingerprint, vectors);
    }

    /// <summary>Batches of other sizes may round otherwise.</summary>
    private static bool AreLike(float[] a, float[] b) =>
        a.Length == b.Length && a.Zip(b).All(static pair => Math.Abs(pair.First - pair.Second) < 1e-4);

    private static VectorBatch Bytes(float[] row) => new()
    {
        Dtype = Dtype.F32,
        Dim = (uint)row.Length,
        Data = ByteString.CopyFrom(MemoryMarshal.AsBytes(row.AsSpan())),
    };

    private sealed record Tower(string Release, ulong Queries, float[][] Vectors)
    {
        public string Generation { get; set; } = "";

        /// <summary>Of the nearest items of each text.</summary>
        public List<float[]> Scores { get; } = [];
    }

    private sealed class Tally
    {
        public int Refused;

        public ConcurrentBag<string> Answered { get; } = [];
    }
}
