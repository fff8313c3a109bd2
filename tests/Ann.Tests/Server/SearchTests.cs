using System.Runtime.InteropServices;
using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Tests.Server;

/// <summary>
/// Goal: what comes back over the wire is what the index holds.
/// Method: exact requests against a plain double loop; every way to write a query against every other.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed class SearchTests(SampleIndexes samples)
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task ExactL2EqualsTheDoubleLoop()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        float[] query = [.. samples.Rows[3].Select(static x => x + 0.01f)];

        SearchResponse found = await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "plain", Queries = RunningServer.Bytes(query), K = 20, Exact = true }, cancellationToken: None);

        (ulong Key, double Distance)[] expected =
        [
            .. samples.Rows
                .Select((row, i) => ((ulong)i, Math.Sqrt(row.Zip(query, static (x, y) => ((double)x - y) * ((double)x - y)).Sum())))
                .OrderBy(static pair => pair.Item2).Take(20),
        ];
        Assert.Equal(expected.Select(static pair => pair.Key), found.Keys.Numbers);
        Assert.All(expected.Zip(found.Scores), static pair => Assert.Equal(pair.First.Distance, pair.Second, tolerance: 1e-4));
        Assert.Equal([0u, 20u], found.RowOffsets);
        Assert.Equal(Completeness.Complete, found.Completeness);
        Assert.Equal((ulong)SampleIndexes.Count, found.Stats.Visited);
        Assert.Equal(0u, found.Stats.EfSearch);
        Assert.Equal(server.GenerationOf("plain"), found.Generation);
    }

    [Fact]
    public async Task CosineGivesSimilaritiesAndTextKeys()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        SearchResponse found = await server.Retrieval.SearchAsync(RunningServer.Request(samples, "named"), cancellationToken: None);

        Assert.Equal("item-0", found.Keys.Texts[0]);
        Assert.Equal(1.0, found.Scores[0], tolerance: 1e-5);
        Assert.Equal(found.Scores.OrderDescending(), found.Scores);
        Assert.Empty(found.Keys.Numbers);
        Assert.True(found.Stats.Visited > 0 && found.Stats.Expanded > 0 && found.Stats.Reranked > 0);
        Assert.Equal(128u, found.Stats.EfSearch);
    }

    [Fact]
    public async Task ABatchEqualsItsRowsAlone()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        float[][] queries = [.. samples.Rows.Take(40)];

        SearchResponse batch = await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "named", Queries = RunningServer.Bytes(queries), K = 7, EfSearch = 30 }, cancellationToken: None);

        Assert.Equal(queries.Length + 1, batch.RowOffsets.Count);
        for (int row = 0; row < queries.Length; row++)
        {
            SearchRequest alone = new() { Index = "named", Queries = RunningServer.Bytes(queries[row]), K = 7, EfSearch = 30 };
            SearchResponse single = await server.Retrieval.SearchAsync(alone, cancellationToken: None);
            Range place = (int)batch.RowOffsets[row]..(int)batch.RowOffsets[row + 1];
            Assert.Equal(single.Keys.Texts, batch.Keys.Texts.ToArray()[place]);
            Assert.Equal(single.Scores, batch.Scores.ToArray()[place]);
        }
    }

    [Fact]
    public async Task EveryWayToWriteAQueryGivesTheSameAnswer()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        // Small integers: every type holds them exactly.
        sbyte[] whole = [.. Enumerable.Range(0, SampleIndexes.Dimension).Select(static i => (sbyte)(i % 5 - 2))];
        float[] row = [.. whole.Select(static x => (float)x)];
        VectorBatch[] ways =
        [
            RunningServer.Bytes(row),
            RunningServer.Floats(row),
            new() { Values = { row } },
            new() { Dtype = Dtype.F16, Dim = (uint)row.Length, Data = Data([.. row.Select(static x => (Half)x)]) },
            new() { Dtype = Dtype.I8, Dim = (uint)row.Length, Data = Data(whole) },
        ];

        List<SearchResponse> answers = [];
        foreach (VectorBatch way in ways)
        {
            SearchRequest request = new() { Index = "plain", Queries = way, K = 9 };
            answers.Add(await server.Retrieval.SearchAsync(request, cancellationToken: None));
        }

        Assert.All(answers, answer => Assert.Equal(answers[0].Keys, answer.Keys));
        Assert.All(answers, answer => Assert.Equal(answers[0].Scores, answer.Scores));
    }

    [Fact]
    public async Task FewerItemsThanKIsAnAnswer()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        SearchResponse found = await server.Retrieval.SearchAsync(RunningServer.Request(samples, k: 10_000), cancellationToken: None);

        Assert.Equal(SampleIndexes.Count, found.Keys.Numbers.Distinct().Count());
        Assert.Equal([0u, (uint)SampleIndexes.Count], found.RowOffsets);
    }

    [Fact]
    public async Task AGenerationAndAnEncoderThatFitAreTaken()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        SearchRequest request = RunningServer.Request(samples, "named");
        request.Index = "named@" + server.GenerationOf("named");
        request.EncoderFingerprint = SampleIndexes.EncoderFingerprint;
        request.RequestTag = "test";

        SearchResponse found = await server.Retrieval.SearchAsync(request, cancellationToken: None);

        Assert.Equal(5, found.Keys.Texts.Count);
    }

    private static ByteString Data<T>(T[] values) where T : unmanaged => ByteString.CopyFrom(MemoryMarshal.AsBytes<T>(values));
}
