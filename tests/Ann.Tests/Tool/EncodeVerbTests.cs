using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tests.Encoding;
using static Ann.Tests.Files.Formats.TemporaryFolder;
using TemporaryFolder = Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: texts become vectors that stay joined to their keys and their encoder, all the way into the index.</summary>
public sealed class EncodeVerbTests : IDisposable
{
    private const string Items = """
        {"id": "m-1", "title": "wireless mouse", "price": 20}
        {"id": "k-1", "title": "mechanical keyboard", "text": "with number pad"}
        {"id": "b-1", "text": "stainless steel water bottle"}

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("x.npy")]
    [InlineData("x.fbin")]
    [InlineData("x.jsonl")]
    public async Task KeysAndEncoderReachTheIndex(string output)
    {
        string input = _folder.Write("items.jsonl", Items);

        ToolRun encode = (await Encode(input, output, "--json")).Expect(0);
        ToolRun build = (await ToolRun.RunAsync(
            "build", "--input", _folder[output], "--metric", "cosine", "--output", _folder["x.ann"], "--json")).Expect(0);

        Assert.Equal(3, encode.Json.GetProperty("rows").GetInt32());
        Assert.Equal("default", encode.Json.GetProperty("encoder_name").GetString());
        Assert.Equal("cpu", encode.Json.GetProperty("provider").GetString());
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["x.ann"]);
        Assert.Equal(["m-1", "k-1", "b-1"], Enumerable.Range(0, 3).Select(node => segment.Keys.Of(node).ToString()));
        Assert.Equal(encode.Json.GetProperty("encoder_fingerprint").GetString(), segment.BuildRecord.EncoderFingerprint);
        Assert.Equal("default", segment.BuildRecord.EncoderName);
        Assert.Equal(encode.Json.GetProperty("dimension").GetInt32(), build.Json.GetProperty("dimension").GetInt32());
    }

    [Fact]
    public async Task EveryFormatHoldsTheSameRows()
    {
        string input = _folder.Write("items.jsonl", Items);
        (await Encode(input, "x.npy")).Expect(0);
        (await Encode(input, "x.fbin")).Expect(0);
        (await Encode(input, "x.jsonl")).Expect(0);

        Assert.Equal(ReadAll(_folder["x.npy"]), ReadAll(_folder["x.fbin"]));
        Assert.Equal(ReadAll(_folder["x.npy"]), ReadAll(_folder["x.jsonl"]));
    }

    [Fact]
    public async Task VectorsThatWereReplacedAreNotJoinedToTheOldKeys()
    {
        string input = _folder.Write("items.jsonl", Items);
        (await Encode(input, "x.npy")).Expect(0);
        float[] rows = ReadAll(_folder["x.npy"]);
        using (VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["x.npy"], 3, rows.Length / 3))
        {
            writer.Write([.. rows.Reverse()]);
            writer.Commit();
        }

        (await ToolRun.RunAsync("build", "--input", _folder["x.npy"], "--metric", "cosine", "--output", _folder["x.ann"]))
            .ExpectRefusal("x.npy.keys.jsonl: it belongs to other rows");
    }

    [Theory]
    [InlineData("out.npy")]
    [InlineData("out.jsonl")]
    public async Task AttributesOfFeaturesGoOn(string output)
    {
        string tower = _folder.Write("user.onnx", TinyModels.UserTower());
        string input = _folder.Write("x.fbin", Bytes(2u, 3u), Bytes(1f, 0f, 0f, 0f, 1f, 0f));
        const string Header = "{\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"price\":\"double\",\"brand\":\"keyword\"}}\n";
        _folder.Write("x.fbin.attributes.jsonl", Header + "{\"price\":1,\"brand\":\"acme\"}\n{\"price\":2}\n");

        ToolRun run = (await Encode(input, output, "--encoder", tower)).Expect(0);
        (await Encode(input, "some.npy", "--encoder", tower, "--attributes", "brand:keyword")).Expect(0);

        Assert.Contains("Attributes are taken from", run.Error);
        bool isJsonl = output.EndsWith(".jsonl", StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(isJsonl ? _folder[output] : _folder[output + ".attributes.jsonl"]);
        Assert.Contains("\"price\":1,\"brand\":\"acme\"}", lines[isJsonl ? 0 : 1]);
        Assert.EndsWith("\"price\":2}", lines[isJsonl ? 1 : 2]);
        Assert.Equal(["{\"brand\":\"acme\"}", "{}"], File.ReadAllLines(_folder["some.npy.attributes.jsonl"])[1..]);
        (await ToolRun.RunAsync(
            "build", "--input", _folder["some.npy"], "--metric", "l2", "--output", _folder["some.ann"])).Expect(0);
    }

    [Fact]
    public async Task AttributesOfOtherFeaturesAreRefused()
    {
        string tower = _folder.Write("user.onnx", TinyModels.UserTower());
        string input = _folder.Write("x.fbin", Bytes(1u, 3u), Bytes(1f, 0f, 0f));

        (await Encode(input, "out.npy", "--encoder", tower, "--attributes", "price:double"))
            .ExpectRefusal("--attributes asks for attributes; there is no", "x.fbin.attributes.jsonl");
        _folder.Write("x.fbin.attributes.jsonl", "{\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"price\":\"double\"}}\n{}\n{}\n");
        (await Encode(input, "out.npy", "--encoder", tower)).ExpectRefusal("it describes 2 rows", "holds 1");
        _folder.Write(
            "x.fbin.attributes.jsonl",
            "{\"ann_attributes\":1,\"rows\":1,\"rows_hash\":\"0123456789abcdef\",\"attributes\":{\"price\":\"double\"}}\n{}\n");
        (await Encode(input, "out.npy", "--encoder", tower)).ExpectRefusal("it belongs to other rows than");
        Assert.DoesNotContain(_folder.Names(), name => name.StartsWith("out.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BadInputNamesFileLineAndReason()
    {
        (await Encode(_folder.Write("a.jsonl", Items + "{oops\n"), "x.npy")).ExpectRefusal("a.jsonl: line 4: not JSON");
        (await Encode(_folder.Write("b.jsonl", Items + "{\"id\": \"n\"}\n"), "x.npy")).ExpectRefusal("b.jsonl: line 4: it has neither");
        (await Encode(_folder.Write("c.jsonl", Items + "{\"id\": \"m-1\", \"text\": \"again\"}\n"), "x.npy"))
            .ExpectRefusal("c.jsonl: line 4: the key 'm-1' is already the key of line 1");
        (await Encode(_folder["absent.jsonl"], "x.npy")).ExpectRefusal("absent.jsonl: no such file");
        (await Encode(_folder.Write("items.txt", "wireless mouse"), "x.npy", "--encoder", _folder.Root)).ExpectRefusal(_folder.Root);
        (await Encode(_folder.Write("d.jsonl", Items), "x.xyz")).ExpectRefusal("x.xyz", ".npy");
        (await Encode(_folder.Write("d.jsonl", Items), "x.npy", "--encoder", _folder["nowhere"])).ExpectRefusal("nowhere");
        (await Encode(_folder.Write("f.npy", "-"), "x.npy")).ExpectRefusal("--encoder", "reads texts");
        Assert.DoesNotContain(_folder.Names(), name => name.StartsWith("x.", StringComparison.Ordinal));
    }

    /// <summary>Empty texts and signs only: refused, with their number and names; left out, with all that is theirs; or kept.</summary>
    [Theory]
    [InlineData("x.npy")]
    [InlineData("x.jsonl")]
    public async Task TextsWithoutTokensAreToldOfAndTreatedAsAsked(string output)
    {
        string input = _folder.Write("items.jsonl", """
            {"id": "m-1", "text": "wireless mouse", "price": 20}
            {"id": "e-1", "text": "", "price": 21}
            {"id": "k-1", "text": "mechanical keyboard"}
            {"id": "e-2", "text": " … !?", "price": 23}

            {"id": "b-1", "text": "water bottle", "price": 24}
            {"id": "e-3", "title": "", "text": ""}

            """);
        const string Told = "items.jsonl: 3 of 6 texts have no tokens: 'e-1' (line 2), 'e-2' (line 4), 'e-3' (line 7).";

        (await Encode(input, output)).ExpectRefusal(Told, "--empty skip");
        Assert.False(File.Exists(_folder[output]));

        ToolRun kept = (await Encode(input, output, "--empty", "keep", "--json")).Expect(0);
        Assert.Contains(Told, kept.Error);
        Assert.Equal((6, 3), (kept.Json.GetProperty("rows").GetInt32(), kept.Json.GetProperty("empty_texts").GetInt32()));
        (await Build(output)).ExpectRefusal(
            $"{output}: 3 of 6 rows are the zero vector", "(key e-1)", "(key e-2)", "(key e-3)", "--zero-rows skip");

        ToolRun skipped = (await Encode(input, output, "--empty", "skip", "--json", "--attributes", "price:double")).Expect(0);
        Assert.Contains(Told, skipped.Error);
        Assert.Equal((3, 3), (skipped.Json.GetProperty("rows").GetInt32(), skipped.Json.GetProperty("empty_texts").GetInt32()));
        string[] attributes = output.EndsWith(".jsonl", StringComparison.Ordinal) ? ["--attributes", "price:double"] : [];
        (await Build([output, .. attributes])).Expect(0);
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["x.ann"]);
        Assert.Equal(["m-1", "k-1", "b-1"], Enumerable.Range(0, 3).Select(node => segment.Keys.Of(node).ToString()));
        AttributeBatch values = new(segment.Attributes!.Schema);
        for (int node = 0; node < 3; node++)
            segment.Attributes.CopyTo(node, values);
        Assert.Equal([20, 0, 24], Enumerable.Range(0, 3).Select(values.Columns[0].DoubleAt));
    }

    [Fact]
    public async Task AModelLargerThanAllowedIsNotRead()
    {
        string tower = _folder.Write("user.onnx", TinyModels.UserTower());
        string input = _folder.Write("x.fbin", Bytes(1u, 3u), Bytes(1f, 0f, 0f));

        (await Encode(input, "out.npy", "--encoder", tower, "--max-model-bytes", "1MiB")).Expect(0);
        (await Encode(input, "out.npy", "--encoder", tower, "--max-model-bytes", "0.1 kB")).ExpectRefusal("user.onnx", "100");
        (await Encode(input, "out.npy", "--encoder", tower, "--max-model-bytes", "much"))
            .ExpectRefusal("--max-model-bytes is 'much'; it must be a size");
        (await Encode(input, "out.npy", "--encoder", tower, "--resume")).ExpectRefusal("--resume is of texts");
    }

    [Fact]
    public async Task AFileWithoutAnyTokenIsRefused()
    {
        string input = _folder.Write("items.jsonl", """{"id": 1, "text": "!"}""");

        (await Encode(input, "x.npy", "--empty", "skip"))
            .ExpectRefusal("1 of 1 texts have no tokens: '1' (line 1). Nothing would be left.");
        (await Encode(_folder.Write("x.fbin", Bytes(1u, 3u), Bytes(1f, 0f, 0f)), "y.npy", "--empty", "skip"))
            .ExpectRefusal("--empty is of texts");
    }

    [Fact]
    public async Task AMissingProviderIsNamedWhenItIsRequired()
    {
        string input = _folder.Write("items.jsonl", Items);

        (await Encode(input, "x.npy", "--providers", "tensorrt,cpu", "--require-provider")).ExpectRefusal("tensorrt");
        (await Encode(input, "x.npy", "--providers", "tensorrt,cpu")).Expect(0);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(3_300)]
    public async Task AFullDiskLeavesNothing(int freeBytes)
    {
        string input = _folder.Write("items.jsonl", Items);
        (await Encode(input, "warm.npy")).Expect(0); // Writes the encoder's cache while there is room.

        ToolRun run = await ToolRun.RunAsync(
            new FaultyFileSystem(freeBytes), CancellationToken.None,
            "encode", "--input", input, "--output", _folder["x.npy"], "--providers", "cpu");

        run.ExpectRefusal("x.npy", "cannot be written: No space left on device");
        Assert.Equal(["items.jsonl", "warm.npy", "warm.npy.keys.jsonl"], _folder.Names());
    }

    private Task<ToolRun> Build(params string[] args) => ToolRun.RunAsync(
        ["build", "--input", _folder[args[0]], "--metric", "cosine", "--output", _folder["x.ann"], .. args[1..]]);

    private Task<ToolRun> Encode(string input, string output, params string[] more)
    {
        string[] providers = more.Contains("--providers") ? [] : ["--providers", "cpu"];
        return ToolRun.RunAsync(["encode", "--input", input, "--output", _folder[output], .. more, .. providers]);
    }
}
