using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;
using static Ann.Tests.Files.Formats.TemporaryFolder;

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
        Assert.Equal(["m-1", "k-1", "b-1"], Enumerable.Range(0, 3).Select(segment.Keys.Format));
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

    private Task<ToolRun> Encode(string input, string output, params string[] more)
    {
        string[] providers = more.Contains("--providers") ? [] : ["--providers", "cpu"];
        return ToolRun.RunAsync(["encode", "--input", input, "--output", _folder[output], .. more, .. providers]);
    }
}
