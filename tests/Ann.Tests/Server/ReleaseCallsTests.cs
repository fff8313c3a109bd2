using Ann.Protocol.V1;
using Ann.Tests.Tool;
using Grpc.Core;
using TemporaryFolder = Ann.Tests.Encoding.TemporaryFolder;

namespace Ann.Tests.Server;

/// <summary>Goal: a release is attached, served and hosted with the encoder of its queries, or refused with a reason.</summary>
[Collection(typeof(ServerTests))]
public sealed class ReleaseCallsTests(SampleIndexes samples)
{
    [Fact]
    public async Task ALiveIndexIsAskedWithTheTextsOfItsRelease()
    {
        using TemporaryFolder folder = await ReleasedAsync("shop.release");
        string data = samples.NewDirectory();
        await using (RunningServer server = await StartAsync(folder, data))
        {
            await CreateAsync(server);
            GenerationFacts attached = (await server.Indexes.AttachAsync(
                new AttachRequest { Index = "live", File = "shop.release" })).Generation;
            Assert.Equal((true, true), (attached.QueryEncoder.Hosted, attached.QueryEncoder.Brought));
            Assert.Equal((false, false), (attached.Encoder.Hosted, attached.Encoder.Brought));
            await RequireAnswersAsync(server, "live@" + attached.Id);
            await server.Indexes.PromoteAsync(new PromoteRequest { Index = "live", Generation = attached.Id });
            await RequireAnswersAsync(server, "live");
            RpcException rows = await LiveCalls.Fails(server.Retrieval.EmbedAsync(
                new EmbedRequest { Index = "live", Texts = { "red" }, Role = TextRole.Document }));
            Assert.Equal(StatusCode.FailedPrecondition, rows.StatusCode);
            Assert.Contains("rows", rows.Status.Detail, StringComparison.Ordinal);
        }

        await using RunningServer again = await StartAsync(folder, data);
        await RequireAnswersAsync(again, "live");
    }

    [Fact]
    public async Task ReleasesAreHostedAsFilesByNameAndInADataDirectory()
    {
        using TemporaryFolder folder = await ReleasedAsync("shop.release");
        await using (RunningServer named = await RunningServer.StartAsync(samples, options =>
        {
            options.IndexFiles.Clear();
            options.IndexFiles.Add(folder["shop.release"]);
        }))
            await RequireAnswersAsync(named, "shop");
        await using (RunningServer found = await LiveCalls.StartAsync(samples, folder.Path))
            await RequireAnswersAsync(found, "shop");

        File.WriteAllText(folder["shop.release/query-encoder/model.onnx"], "no model");
        await using RunningServer broken = await LiveCalls.StartAsync(samples, folder.Path);
        IndexDescription failed = (await broken.Indexes.DescribeAsync(new DescribeRequest { Index = "shop" })).Index;
        Assert.Equal(IndexState.Failed, failed.State);
        Assert.Contains("model.onnx", failed.Failure, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, failed.Failure, StringComparison.Ordinal);
        broken.Log.Expect("shop cannot be served");
    }

    [Fact]
    public async Task ABrokenReleaseIsRefusedAndWhatServesGoesOn()
    {
        using TemporaryFolder folder = await ReleasedAsync("shop.release", "cut.release");
        await using RunningServer server = await StartAsync(folder, samples.NewDirectory());
        await CreateAsync(server);
        string id = (await server.Indexes.AttachAsync(new AttachRequest { Index = "live", File = "shop.release" })).Generation.Id;
        await server.Indexes.PromoteAsync(new PromoteRequest { Index = "live", Generation = id });
        File.WriteAllText(folder["cut.release/query-encoder/model.onnx"], "");
        Directory.CreateDirectory(folder["empty.release"]);

        RpcException cut = await LiveCalls.Fails(server.Indexes.AttachAsync(new AttachRequest { Index = "live", File = "cut.release" }));
        RpcException empty = await LiveCalls.Fails(
            server.Indexes.AttachAsync(new AttachRequest { Index = "live", File = "empty.release" }));
        RpcException outside = await LiveCalls.Fails(
            server.Indexes.AttachAsync(new AttachRequest { Index = "live", File = "../x.release" }));
        RpcException twice = await LiveCalls.Fails(server.Indexes.AttachAsync(new AttachRequest { Index = "live", File = "shop.release" }));

        Assert.Equal(StatusCode.DataLoss, cut.StatusCode);
        Assert.Contains("query-encoder/model.onnx", cut.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(folder.Path, cut.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.NotFound, empty.StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, outside.StatusCode);
        Assert.Equal(StatusCode.AlreadyExists, twice.StatusCode);
        await RequireAnswersAsync(server, "live");
    }

    /// <summary>Makes releases of the texts of <see cref="ReleaseVerbTests.Texts"/>, of those names.</summary>
    internal static async Task<TemporaryFolder> ReleasedAsync(params string[] names)
    {
        TemporaryFolder folder = ReleaseVerbTests.Texts();
        foreach (string name in names)
        {
            (await ToolRun.RunAsync("release", "build", folder["items.jsonl"], "--encoder", folder["items"], "--query-encoder",
                folder["queries"], "--metric", "cosine", "--providers", "cpu", "--output", folder[name])).Expect(0);
        }
        return folder;
    }

    private Task<RunningServer> StartAsync(TemporaryFolder folder, string data) => LiveCalls.StartAsync(samples, data, options =>
    {
        options.ImportDirectory = folder.Path;
        options.EncoderProviders = "cpu";
    });

    private static Task<IndexDescription> CreateAsync(RunningServer server) => LiveCalls.CreateAsync(server, "live", static create =>
        (create.Dimension, create.Metric, create.KeyKind) = (Encoding.TinyModels.Dimension, Metric.Cosine, KeyKind.String));

    /// <summary>A text is encoded by the encoder of the release's queries, and its vector finds what was found when it was built.</summary>
    private static async Task RequireAnswersAsync(RunningServer server, string index)
    {
        EmbedResponse query = await server.Retrieval.EmbedAsync(new EmbedRequest { Index = index, Texts = { "blue shoe" } });
        SearchResponse found = await server.Retrieval.SearchAsync(new SearchRequest
        {
            Index = index,
            Queries = query.Vectors,
            K = 3,
            EncoderFingerprint = query.EncoderFingerprint,
        });
        Assert.Equal(3, found.Keys.Texts.Count);
        RpcException other = await LiveCalls.Fails(server.Retrieval.SearchAsync(new SearchRequest
        {
            Index = index,
            Queries = query.Vectors,
            K = 3,
            EncoderFingerprint = query.EncoderFingerprint + 1,
        }));
        Assert.Equal(StatusCode.FailedPrecondition, other.StatusCode);
        Assert.Contains($"{query.EncoderFingerprint:x16}", other.Status.Detail, StringComparison.Ordinal);
        Assert.Contains($"{query.EncoderFingerprint + 1:x16}", other.Status.Detail, StringComparison.Ordinal);
    }
}
