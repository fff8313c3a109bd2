using System.Runtime.InteropServices;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Server.Encoders;
using Grpc.Core;

namespace Ann.Tests.Server;

/// <summary>Goal: texts become the vectors that the encoder itself makes, and say whose they are.</summary>
[Collection(typeof(ServerTests))]
public sealed class EmbedTests(SampleIndexes samples)
{
    [Fact]
    public async Task TextsBecomeRowsWithAFingerprint()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, WithEncoder());

        EmbedResponse response = await server.Retrieval.EmbedAsync(
            new EmbedRequest { Encoder = "default", Texts = { "wireless mouse", "wireles mouse", "garden hose" } });

        Assert.Equal("default", response.Encoder);
        Assert.NotEqual(0ul, response.EncoderFingerprint);
        Assert.Equal(Dtype.F32, response.Vectors.Dtype);
        ReadOnlySpan<float> rows = MemoryMarshal.Cast<byte, float>(response.Vectors.Data.Span);
        int dimension = (int)response.Vectors.Dim;
        Assert.Equal(3 * dimension, rows.Length);
        Assert.True(
            Dot(rows[..dimension], rows[dimension..(2 * dimension)]) > Dot(rows[..dimension], rows[(2 * dimension)..]),
            "a misspelling is nearer than something else");
    }

    [Fact]
    public async Task MistakesHaveTheirCodes()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, WithEncoder());

        Assert.Equal(StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Encoder = "default" }));
        Assert.Equal(StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Texts = { "x" } }));
        Assert.Equal(
            StatusCode.InvalidArgument,
            await Code(server, new EmbedRequest { Encoder = "default", Texts = { "x" }, Role = (Ann.Protocol.V1.TextRole)3 }));
        Assert.Equal(StatusCode.InvalidArgument, await Code(server, new EmbedRequest { Index = "", Texts = { "x" } }));
        EmbedRequest tooMany = new() { Encoder = "default", Texts = { Enumerable.Repeat("x", 1025) } };
        Assert.Equal(StatusCode.InvalidArgument, await Code(server, tooMany));
        EmbedRequest endless = new() { Encoder = new string('x', 1 << 20), Texts = { "x" } };
        Assert.Equal(StatusCode.InvalidArgument, await Code(server, endless));
        Assert.Equal(StatusCode.NotFound, await Code(server, new EmbedRequest { Encoder = "nobody", Texts = { "x" } }));
        Assert.Equal(StatusCode.NotFound, await Code(server, new EmbedRequest { Index = "nothing", Texts = { "x" } }));
        Assert.Equal(StatusCode.FailedPrecondition, await Code(server, new EmbedRequest { Index = "plain", Texts = { "x" } }));
        Assert.Equal(StatusCode.FailedPrecondition, await Code(server, new EmbedRequest { Index = "named", Texts = { "x" } }));
    }

    [Fact]
    public async Task AnIndexIsSearchedWithTheTextsOfItsOwnEncoder()
    {
        string[] texts = ["wireless mouse", "garden hose", "steel kettle", "wool socks", "desk lamp"];
        string cache = samples.NewDirectory();
        string path = Path.Combine(samples.NewDirectory(), "shop.ann");
        Build(path, cache, texts);
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.EmbeddedEncoder = true;
            options.EncoderCacheDirectory = cache;
            options.IndexFiles.Add(path);
        });

        EmbedResponse query = await server.Retrieval.EmbedAsync(new EmbedRequest { Index = "shop", Texts = { "wireles mouse", "kettel" } });
        SearchResponse found = await server.Retrieval.SearchAsync(
            new SearchRequest { Index = "shop", Queries = query.Vectors, K = 1, EncoderFingerprint = query.EncoderFingerprint });
        DescribeResponse described = await server.Indexes.DescribeAsync(new DescribeRequest { Index = "shop" });

        Assert.Equal([0ul, 2ul], found.Keys.Numbers);
        Assert.True(described.Index.Encoder.Hosted);
        Assert.Equal(query.EncoderFingerprint, described.Index.Encoder.Fingerprint);
    }

    [Fact]
    public async Task ListTellsTheHostedEncoders()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, WithEncoder());

        HostedEncoder encoder = Assert.Single((await server.Indexes.ListAsync(new ListRequest())).Encoders);

        EmbedResponse embedded = await server.Retrieval.EmbedAsync(new EmbedRequest { Encoder = encoder.Name, Texts = { "one" } });
        Assert.Equal("default", encoder.Name);
        Assert.Equal(embedded.EncoderFingerprint, encoder.Fingerprint);
        Assert.Equal(embedded.Vectors.Dim, encoder.Dimension);
        Assert.Equal("cpu", encoder.Provider);
    }

    [Fact]
    public async Task QueriesAndDocumentsHaveTheirPrefixes()
    {
        using Ann.Tests.Encoding.TemporaryFolder folder = Ann.Tests.Encoding.TextEncoderTests.Described(
            """{ "query_prefix": "red ", "document_prefix": "blue " }""");
        await using RunningServer server = await RunningServer.StartAsync(samples, options => options.EncoderDirectories.Add(folder.Path));
        string name = Path.GetFileName(folder.Path);

        EmbedResponse usual = await server.Retrieval.EmbedAsync(new EmbedRequest { Encoder = name, Texts = { "shoe" } });
        EmbedResponse query = await server.Retrieval.EmbedAsync(
            new EmbedRequest { Encoder = name, Texts = { "shoe" }, Role = Ann.Protocol.V1.TextRole.Query });
        EmbedResponse document = await server.Retrieval.EmbedAsync(
            new EmbedRequest { Encoder = name, Texts = { "shoe" }, Role = Ann.Protocol.V1.TextRole.Document });

        Assert.Equal(usual.Vectors, query.Vectors);
        Assert.NotEqual(query.Vectors, document.Vectors);
        Assert.Equal(query.EncoderFingerprint, document.EncoderFingerprint);
    }

    [Fact]
    public async Task AFullEmbedQueueLeavesSearchesAlone()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples, options =>
        {
            options.EmbeddedEncoder = true;
            options.EncoderCacheDirectory = samples.NewDirectory();
            options.MaxConcurrentEmbeds = 1;
            options.EmbedQueueLimit = 0;
        });
        using HeldLane held = new(server.Part<EncoderCatalog>().Threads!);

        Assert.Equal(StatusCode.ResourceExhausted, await Code(server, new EmbedRequest { Encoder = "default", Texts = { "x" } }));
        await server.Retrieval.SearchAsync(RunningServer.Request(samples));
    }

    [Fact]
    public async Task ATextWithoutARowFailsItsOwnCallerOnly()
    {
        using Ann.Tests.Encoding.TemporaryFolder folder = Ann.Tests.Encoding.TextEncoderTests.Described("{}");
        await using RunningServer server = await RunningServer.StartAsync(samples, options => options.EncoderDirectories.Add(folder.Path));
        string name = Path.GetFileName(folder.Path);

        RpcException broken = await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.EmbedAsync(
            new EmbedRequest { Encoder = name, Texts = { "shoe", "red", "broken" } }).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, broken.StatusCode);
        Assert.StartsWith("texts[2]: ", broken.Status.Detail, StringComparison.Ordinal);
        await server.Retrieval.EmbedAsync(new EmbedRequest { Encoder = name, Texts = { "shoe", "red" } });
    }

    private static void Build(string path, string cache, string[] texts)
    {
        using TextEncoder encoder = TextEncoder.OpenDefault(PhysicalFileSystem.Instance, cache);
        int dimension = encoder.Info.Dimension;
        float[] rows = new float[texts.Length * dimension];
        encoder.Encode(texts, Ann.Encoding.TextRole.Document, rows);
        using SegmentBuilder builder = new(texts.Length, dimension, new SegmentBuildOptions
        {
            Metric = Ann.Core.Metric.Cosine,
            EncoderFingerprint = encoder.Info.FingerprintText,
            EncoderName = encoder.Info.Name,
        });
        for (int row = 0; row < texts.Length; row++)
            builder.Add(rows.AsSpan(row * dimension, dimension));
        builder.Build(Ann.Core.Keys.KeyColumn.Ordinals(texts.Length));
        builder.Write(PhysicalFileSystem.Instance, path);
    }

    private Action<Ann.Server.ServerOptions> WithEncoder() => options =>
    {
        options.EmbeddedEncoder = true;
        options.EncoderCacheDirectory = samples.NewDirectory();
    };

    private static async Task<StatusCode> Code(RunningServer server, EmbedRequest request) =>
        (await Assert.ThrowsAsync<RpcException>(() => server.Retrieval.EmbedAsync(request).ResponseAsync)).StatusCode;

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
