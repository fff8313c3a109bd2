using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Core.Releases;
using Ann.Core.Segments;
using Ann.Tests.Encoding;
using TemporaryFolder = Ann.Tests.Encoding.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: one command goes from items and encoders to a release that is proven, or leaves nothing.</summary>
public sealed class ReleaseVerbTests
{
    private static readonly string[] Words = ["red", "blue", "shoe", "shoes", "cafe", "!", "-", "中"];

    [Fact]
    public async Task ItemsAndTwoEncodersBecomeOneRelease()
    {
        using TemporaryFolder folder = Texts();
        string release = folder["shop.release"];

        ToolRun run = (await BuildAsync(folder, release, "--query-encoder", folder["queries"], "--json")).Expect(0);

        Assert.Equal(
            ["golden.json", "index.ann", "query-encoder/encoder.json", "query-encoder/model.onnx", "query-encoder/vocab.txt",
                "release.json"],
            DirectoryTree.Files(PhysicalFileSystem.Instance, release).Order(StringComparer.Ordinal));
        Release list = ReleaseDirectory.Read(PhysicalFileSystem.Instance, release);
        Assert.Equal((TextFingerprint(folder["items"]), TextFingerprint(folder["queries"])),
            (list.ItemEncoder.Fingerprint, list.QueryEncoder.Fingerprint));
        Assert.NotEqual(list.ItemEncoder.Fingerprint, list.QueryEncoder.Fingerprint);
        Assert.Equal("queries", list.QueryEncoder.Name);
        using (SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, Path.Combine(release, "index.ann")))
        {
            Assert.Equal(list.ItemEncoder.Fingerprint, segment.BuildRecord.EncoderFingerprint);
            Assert.Equal(list.QueryEncoder.Fingerprint, segment.BuildRecord.QueryEncoderFingerprint);
            Assert.Equal((60, "items.jsonl"), (segment.Count, segment.BuildRecord.Source));
        }
        Assert.Equal((60L, 60L), (list.Verification!.Rows, list.Verification.Reachable));
        Assert.Equal(60, list.Verification.Queries);
        JsonElement golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(release, "golden.json"))).RootElement;
        Assert.Equal(16, golden.GetArrayLength());
        Assert.Equal(10, golden[0].GetProperty("nearest").GetArrayLength());
        Assert.Equal(run.Json.GetProperty("generation").GetString(), list.Generation);

        ToolRun verified = (await ToolRun.RunAsync("release", "verify", release, "--json", "--providers", "cpu")).Expect(0);
        Assert.Equal(16, verified.Json.GetProperty("golden_rows").GetInt32());
        Assert.Equal(0, verified.Json.GetProperty("largest_difference").GetDouble());
        (await ToolRun.RunAsync("encoder", "check", Path.Combine(release, "query-encoder"), "--providers", "cpu",
            "--golden", Path.Combine(release, "golden.json"))).Expect(0);
    }

    [Fact]
    public async Task AFileMayNameTheEncoderOfItsQueriesWithoutCarryingIt()
    {
        using TemporaryFolder folder = Texts();
        (await ToolRun.RunAsync("encode", "--input", folder["items.jsonl"], "--output", folder["items.npy"], "--encoder", folder["items"],
            "--providers", "cpu")).Expect(0);

        (await ToolRun.RunAsync("build", "--input", folder["items.npy"], "--metric", "cosine", "--output", folder["items.ann"],
            "--query-encoder", folder["queries"])).Expect(0);

        ToolRun info = (await ToolRun.RunAsync("info", folder["items.ann"])).Expect(0);
        Assert.Contains($"query encoder queries, {TextFingerprint(folder["queries"])}", info.Out, StringComparison.Ordinal);
        (await ToolRun.RunAsync("build", "--input", folder["items.npy"], "--metric", "cosine", "--output", folder["items.ann"],
            "--query-encoder", "default")).ExpectRefusal("--query-encoder", "256", "3");
    }

    [Fact]
    public async Task TheEncoderMayBeOneAndMayStayOutside()
    {
        using TemporaryFolder folder = Texts();
        string release = folder["shop.release"];

        (await BuildAsync(folder, release, "--without-encoder")).Expect(0);

        Release list = ReleaseDirectory.Read(PhysicalFileSystem.Instance, release);
        Assert.Empty(list.EncoderFiles);
        Assert.Equal(list.ItemEncoder, list.QueryEncoder);
        using (SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, Path.Combine(release, "index.ann")))
            Assert.Null(segment.BuildRecord.QueryEncoderFingerprint);
        (await ToolRun.RunAsync("release", "verify", release)).Expect(0);
    }

    [Fact]
    public async Task TheEmbeddedEncoderIsAnEncoderLikeAnother()
    {
        using TemporaryFolder folder = Texts();
        string release = folder["shop.release"];

        (await ToolRun.RunAsync("release", "build", folder["items.jsonl"], "--metric", "cosine", "--output", release, "--providers", "cpu",
            "--empty", "skip")).Expect(0);

        (await ToolRun.RunAsync("release", "verify", release, "--providers", "cpu")).Expect(0);
        Assert.Equal("default", ReleaseDirectory.Read(PhysicalFileSystem.Instance, release).QueryEncoder.Name);
    }

    [Fact]
    public async Task TowersOfFeaturesTakeQueriesOfTheirOwn()
    {
        using TemporaryFolder folder = new TemporaryFolder()
            .With("item.onnx", TinyModels.ItemTower()).With("user.onnx", TinyModels.UserTower());
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, folder["ids.ibin"], 1, [0, 1, 2, 3, 4]);
        Write(folder["users.npy"], [.. Enumerable.Range(1, 30).Select(static i => (float)i)]);
        string[] build =
        [
            "release", "build", folder["ids.ibin"], "--encoder", folder["item.onnx"], "--query-encoder", folder["user.onnx"],
            "--metric", "ip", "--providers", "cpu", "--output", folder["shop.release"],
        ];

        (await ToolRun.RunAsync(build)).ExpectRefusal("ids.ibin");
        Assert.False(Directory.Exists(folder["shop.release"]));
        (await ToolRun.RunAsync([.. build, "--queries", folder["users.npy"]])).Expect(0);

        Release list = ReleaseDirectory.Read(PhysicalFileSystem.Instance, folder["shop.release"]);
        Assert.Equal((5L, 10, "queries"), (list.Verification!.Rows, list.Verification.Queries, list.Verification.QuerySource));
        (await ToolRun.RunAsync("release", "verify", folder["shop.release"], "--providers", "cpu")).Expect(0);
    }

    [Fact]
    public async Task WhatFailsLeavesNothing()
    {
        using TemporaryFolder folder = Texts();
        string release = folder["shop.release"];

        foreach (long room in (long[])[0, 2_000, 6_000, 12_000])
        {
            FaultyFileSystem full = new(room);
            ToolRun run = await ToolRun.RunAsync(full, CancellationToken.None, BuildArgs(folder, release));
            Assert.Equal(2, run.Code);
            Assert.False(Directory.Exists(release), $"room for {room} bytes");
        }
        using (CancellationTokenSource cancelled = new())
        {
            await cancelled.CancelAsync();
            Assert.Equal(130, (await ToolRun.RunAsync(PhysicalFileSystem.Instance, cancelled.Token, BuildArgs(folder, release))).Code);
            Assert.False(Directory.Exists(release));
        }
        folder.With("shop.release/mine.txt", "mine");
        (await BuildAsync(folder, release)).ExpectRefusal("shop.release", "not empty");
        Assert.Equal("mine", File.ReadAllText(Path.Combine(release, "mine.txt")));
        (await BuildAsync(folder, folder["no such/shop.release"])).ExpectRefusal("no directory");
    }

    [Fact]
    public async Task RecallBelowTheDemandIsAFailedCheck()
    {
        const int Rows = 1_500;
        Random random = new(20261130);
        using TemporaryFolder folder = new TemporaryFolder().With("user.onnx", TinyModels.UserTower());
        Write(folder["users.npy"], [.. Enumerable.Range(0, Rows * 3).Select(_ => random.NextSingle())]);

        ToolRun run = (await ToolRun.RunAsync("release", "build", folder["users.npy"], "--encoder", folder["user.onnx"], "--metric", "l2",
            "--providers", "cpu", "--m", "2", "--ef-construction", "2", "--ef", "1", "--codes", "f32", "--layout", "lean",
            "--min-recall", "1", "--output", folder["shop.release"], "--json")).Expect(1);

        Assert.Contains("below 1", run.Error, StringComparison.Ordinal);
        Assert.False(run.Json.GetProperty("passed").GetBoolean());
        Assert.False(Directory.Exists(folder["shop.release"]));
    }

    [Fact]
    public async Task VerifyNamesWhatIsWrong()
    {
        using TemporaryFolder folder = Texts();
        string release = folder["shop.release"];
        (await BuildAsync(folder, release, "--query-encoder", folder["queries"])).Expect(0);
        string model = Path.Combine(release, "query-encoder", "model.onnx");
        string golden = Path.Combine(release, "golden.json");
        byte[] sound = File.ReadAllBytes(model);

        byte[] bytes = [.. sound];
        bytes[^1] ^= 1;
        File.WriteAllBytes(model, bytes);
        await RequireFault("model.onnx", "hash");
        File.Delete(model);
        await RequireFault("model.onnx", "missing");
        File.WriteAllBytes(model, sound);
        string rows = File.ReadAllText(golden);
        File.WriteAllText(golden, rows.Replace("\"nearest\":[\"", "\"nearest\":[\"nobody-", StringComparison.Ordinal));
        Relist(release, "golden.json");
        await RequireFault("golden.json", "nobody-");
        File.WriteAllText(golden, rows.Replace("\"embedding\":[", "\"embedding\":[9,", StringComparison.Ordinal));
        Relist(release, "golden.json");
        await RequireFault("golden.json", "components");
        File.WriteAllText(golden, rows);
        Relist(release, "golden.json");
        File.WriteAllText(Path.Combine(release, "query-encoder", "encoder.json"), "{ \"pooling\": \"max\" }");
        Relist(release, "query-encoder/encoder.json");
        await RequireFault("query-encoder", "fingerprint");
        (await ToolRun.RunAsync("release", "verify", folder.Path)).ExpectRefusal("no release", "release.json");

        async Task RequireFault(params string[] parts)
        {
            ToolRun run = (await ToolRun.RunAsync("release", "verify", release, "--providers", "cpu")).Expect(1);
            foreach (string part in parts)
                Assert.Contains(part, run.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Two encoders of texts, and texts.</summary>
    internal static TemporaryFolder Texts()
    {
        TemporaryFolder folder = new();
        foreach ((string name, string settings) in new[] { ("items", "mean"), ("queries", "cls") })
        {
            folder.With($"{name}/model.onnx", TinyModels.Bert()).With($"{name}/vocab.txt", TinyModels.VocabularyText)
                .With($"{name}/encoder.json", $$"""{ "pooling": "mean", "query_prefix": "{{(settings == "cls" ? "red " : "")}}" }""")
                .With($"{name}/notes.txt", "not of the encoder");
        }
        return folder.With("items.jsonl", Lines(60));
    }

    private static string Lines(int count) => string.Join('\n', Enumerable.Range(0, count).Select(static i =>
        $"{{\"id\": \"sku-{i}\", \"text\": \"{Words[i % 8]} {Words[i / 8 % 8]} {Words[(i * 5 + 1) % 8]} red\"}}")) + "\n";

    private static string[] BuildArgs(TemporaryFolder folder, string release, params string[] more) =>
    [
        "release", "build", folder["items.jsonl"], "--encoder", folder["items"], "--metric", "cosine", "--providers", "cpu",
        "--output", release, .. more,
    ];

    private static Task<ToolRun> BuildAsync(TemporaryFolder folder, string release, params string[] more) =>
        ToolRun.RunAsync(BuildArgs(folder, release, more));

    private static string TextFingerprint(string directory)
    {
        using Ann.Encoding.TextEncoder encoder = Ann.Encoding.TextEncoder.Open(directory, DefaultEncoderTests.Cpu);
        return encoder.Info.FingerprintText;
    }

    private static void Relist(string release, string name)
    {
        Release list = ReleaseDirectory.Read(PhysicalFileSystem.Instance, release);
        ReleaseDirectory.Write(PhysicalFileSystem.Instance, release, list with
        {
            Files = [.. list.Files.Select(file =>
                file.Name == name ? ReleaseDirectory.Describe(PhysicalFileSystem.Instance, release, name) : file)],
        });
    }

    /// <summary>Rows of three features.</summary>
    private static void Write(string path, float[] features)
    {
        using VectorWriter writer = VectorFile.CreateWriter(
            PhysicalFileSystem.Instance, path, features.Length / 3, 3, KeyColumn.Ordinals(features.Length / 3));
        writer.Write(features);
        writer.Commit();
    }
}
