using System.Globalization;
using Ann.Encoding;
using Ann.Tests.Encoding;

namespace Ann.Tests.Tool;

/// <summary>Goal: what <c>ann encoder init</c> writes is the encoder that was found, and <c>check</c> tells a wrong one.</summary>
public sealed class EncoderVerbTests
{
    [Fact]
    public async Task InitWritesWhatWasFound()
    {
        using TemporaryFolder folder = new TemporaryFolder()
            .With("onnx/model.onnx", TinyModels.Bert()).With("vocab.txt", TinyModels.VocabularyText)
            .With("1_Pooling/config.json", """{ "pooling_mode_cls_token": true }""")
            .With("config_sentence_transformers.json", """{ "prompts": { "query": "red ", "document": "blué " } }""");
        ulong before = Fingerprint(folder);

        ToolRun run = (await ToolRun.RunAsync("encoder", "init", folder["onnx/model.onnx"], "--json")).Expect(0);

        Assert.Equal(folder["encoder.json"], run.Json.GetProperty("file").GetString());
        Assert.Equal("'input_ids' int64[-1,-1]", run.Json.GetProperty("inputs")[0].GetString());
        Assert.Equal(before, Fingerprint(folder));
        string written = File.ReadAllText(folder["encoder.json"]);
        foreach (string part in (string[])
            ["\"model\": \"onnx/model.onnx\"", "\"pooling\": \"cls\"", "\"document_prefix\": \"blué \"", "\"mask\": \"attention_mask\"",
             "\"dimension\": 3", "\"file\": \"vocab.txt\""])
            Assert.Contains(part, written);
        // Said there, it holds without the files that said it before.
        File.Delete(folder["1_Pooling/config.json"]);
        File.Delete(folder["config_sentence_transformers.json"]);
        Assert.Equal(before, Fingerprint(folder));
    }

    [Fact]
    public async Task InitReplacesNothingUnasked()
    {
        using TemporaryFolder folder = new TemporaryFolder().With("tower.onnx", TinyModels.ItemTower()).With("encoder.json", "{ broken");

        (await ToolRun.RunAsync("encoder", "init", folder["tower.onnx"])).ExpectRefusal("encoder.json", "is there already", "--force");
        Assert.Equal("{ broken", File.ReadAllText(folder["encoder.json"]));
        ToolRun run = (await ToolRun.RunAsync("encoder", "init", folder["tower.onnx"], "--force")).Expect(0);

        Assert.Contains("features, dimension 2", run.Out);
        Assert.Contains("\"features\": \"item_ids\"", File.ReadAllText(folder["encoder.json"]));
        (await ToolRun.RunAsync("encoder", "check", folder.Path)).Expect(0);
    }

    [Fact]
    public async Task CheckTellsWhatAnEncoderIs()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}");

        ToolRun run = (await ToolRun.RunAsync("encoder", "check", folder.Path, "--providers", "cpu", "--json")).Expect(0);

        Assert.Equal("text", run.Json.GetProperty("kind").GetString());
        Assert.Equal("cpu", run.Json.GetProperty("provider").GetString());
        Assert.Equal([1, 8, 64], run.Json.GetProperty("speeds").EnumerateArray().Select(static one => one.GetProperty("batch").GetInt32()));
        Assert.Equal("'last_hidden_state' float[-1,-1,3]", run.Json.GetProperty("outputs")[0].GetString());
        Assert.Equal(Fingerprint(folder), Convert.ToUInt64(run.Json.GetProperty("fingerprint").GetString(), 16));
        Assert.True(run.Json.GetProperty("passed").GetBoolean());
    }

    [Fact]
    public async Task CheckComparesWithGoldenRows()
    {
        using TemporaryFolder folder = TextEncoderTests.Described("""{ "pooling": "cls", "normalize": false, "query_prefix": "red " }""");
        string row = string.Join(", ", TinyModels.State(2).Select(static one => one.ToString("R", CultureInfo.InvariantCulture)));
        folder.With("golden.json", $$"""
            [ { "text": "red", "input_ids": [2, 5, 3], "embedding": [{{row}}], "note": "left alone" },
              { "text": "shoe", "role": "query", "input_ids": [2, 5, 7, 3], "embedding": [{{row}}] } ]
            """);
        folder.With("other.json", """
            [ { "text": "red", "input_ids": [2, 6, 3], "embedding": [1, 1, 1] }, { "text": "x", "embedding": [1] } ]
            """);

        ToolRun right = (await ToolRun.RunAsync("encoder", "check", folder.Path, "--json")).Expect(0);
        ToolRun wrong = (await ToolRun.RunAsync("encoder", "check", folder.Path, "--golden", folder["other.json"])).Expect(1);

        Assert.Equal(2, right.Json.GetProperty("golden").GetProperty("rows").GetInt32());
        Assert.True(right.Json.GetProperty("golden").GetProperty("largest_difference").GetDouble() < 1e-5);
        Assert.Contains("row 0 (red): expected the tokens 2 6 3; found 2 5 3", wrong.Out);
        Assert.Contains("row 0 (red): differs by", wrong.Out);
        Assert.Contains("row 1 (x): expected 1 components; found 3", wrong.Out);
    }

    [Theory]
    [InlineData("[]", "expected a list of rows")]
    [InlineData("{", "is not JSON")]
    [InlineData("""[ { "text": "x" } ]""", "row 0, field 'embedding'")]
    [InlineData("""[ { "embedding": [1] } ]""", "row 0, field 'text'")]
    [InlineData("""[ { "text": "x", "role": "item", "embedding": [1] } ]""", "row 0, field 'role'")]
    [InlineData("""[ { "features": [1], "embedding": [1] } ]""", "row 0 has features; the encoder reads texts")]
    public async Task GoldenRowsThatAreNoneAreRefused(string golden, string message)
    {
        using TemporaryFolder folder = TextEncoderTests.Described("{}").With("golden.json", golden);

        (await ToolRun.RunAsync("encoder", "check", folder.Path)).ExpectRefusal(message);
    }

    [Fact]
    public async Task TheEncoderOfTheSharedDataIsDescribedAndGivesItsGoldenRows()
    {
        string shared = SharedData.Require("text-encoder");
        using TemporaryFolder folder = new TemporaryFolder()
            .With("model.onnx", File.ReadAllBytes(Path.Combine(shared, "model.onnx")))
            .With("tokenizer.json", File.ReadAllBytes(Path.Combine(shared, "tokenizer.json")))
            .With("golden.json", File.ReadAllBytes(Path.Combine(shared, "golden.json")));

        (await ToolRun.RunAsync("encoder", "init", folder.Path)).Expect(0);
        ToolRun run = (await ToolRun.RunAsync("encoder", "check", folder.Path, "--tolerance", "0.0001", "--json")).Expect(0);

        Assert.Equal(128, run.Json.GetProperty("dimension").GetInt32());
        Assert.True(run.Json.GetProperty("golden").GetProperty("least_cosine").GetDouble() > 0.9999);
    }

    private static ulong Fingerprint(TemporaryFolder folder)
    {
        using TextEncoder encoder = TextEncoderTests.Open(folder);
        return encoder.Info.Fingerprint;
    }
}
