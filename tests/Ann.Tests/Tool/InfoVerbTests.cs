using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool;

/// <summary>Goal: layout and size of an index can be chosen, seen, and known before there is one.</summary>
public sealed class InfoVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("fast", "int8", "fast")]
    [InlineData("lean", "int8", "lean")]
    [InlineData("fast", "f32", "lean")]
    [InlineData(null, "int8", "fast")]
    public async Task ALayoutIsBuiltAndTold(string? layout, string codes, string expected)
    {
        string index = _folder["y.ann"];
        ToolRun build = (await ToolRun.RunAsync(
            ["build", "--input", SampleVectors.Write(_folder, "x.fbin", 300), "--metric", "l2", "--output", index, "--json",
             "--codes", codes, .. layout is null ? (string[])[] : ["--layout", layout]])).Expect(0);
        Assert.Equal(expected, build.Json.GetProperty("layout").GetString());

        JsonElement info = (await ToolRun.RunAsync("info", index, "--json")).Expect(0).Json;
        Assert.Equal(expected, info.GetProperty("layout").GetString());
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, index);
        Assert.Equal(segment.LoadedBytes, info.GetProperty("loaded_bytes").GetInt64());
        Assert.Equal(segment.MappedBytes, info.GetProperty("mapped_bytes").GetInt64());
        Assert.Equal(segment.Parts.Links, info.GetProperty("parts").GetProperty("links").GetInt64());
        Assert.Equal(new FileInfo(index).Length, info.GetProperty("parts").GetProperty("total").GetInt64());

        string text = (await ToolRun.RunAsync("info", index)).Expect(0).Out;
        Assert.Contains($"layout {expected}", text);
        Assert.Matches(@"rows +19,200 +64\.0", text);
    }

    [Theory]
    [InlineData("golden-v1.ann")]
    [InlineData("golden-v1-fast.ann")]
    public async Task FilesOfBeforeAreTold(string file)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Segments", file);
        string told = (await ToolRun.RunAsync("info", path)).Expect(0).Out;
        Assert.Contains("recall@10", told, StringComparison.Ordinal);
        Assert.Contains("generation", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResidenceIsChosenWhereAFileIsOpened()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 300);
        string queries = SampleVectors.Write(_folder, "q.fbin", 20, seed: 2);

        JsonElement loaded = await Eval("layout");
        JsonElement mapped = await Eval("mapped");

        Assert.True(loaded.GetProperty("loaded_bytes").GetInt64() > 0);
        Assert.Equal(0, mapped.GetProperty("loaded_bytes").GetInt64());
        Assert.Equal(new FileInfo(index).Length, mapped.GetProperty("mapped_bytes").GetInt64());
        Assert.Equal(Recall(loaded), Recall(mapped));
        JsonElement info = (await ToolRun.RunAsync("info", index, "--residence", "mapped", "--json")).Expect(0).Json;
        Assert.Equal(0, info.GetProperty("loaded_bytes").GetInt64());
        (await ToolRun.RunAsync("eval", "--index", index, "--queries", queries, "--residence", "disk"))
            .ExpectRefusal("--residence is 'disk'", "layout, mapped, loaded");

        async Task<JsonElement> Eval(string residence) => (await ToolRun.RunAsync(
            "eval", "--index", index, "--queries", queries, "--ef", "32", "--residence", residence, "--json")).Expect(0).Json;

        static double Recall(JsonElement report) => report.GetProperty("runs")[0].GetProperty("recall").GetDouble();
    }

    [Fact]
    public async Task AnEstimateNeedsNoFile()
    {
        string[] shape = ["info", "--estimate", "--rows", "1000000", "--dim", "128"];

        JsonElement fast = (await ToolRun.RunAsync([.. shape, "--json"])).Expect(0).Json;
        JsonElement lean = (await ToolRun.RunAsync(
            [.. shape, "--layout", "lean", "--keys", "string", "--key-bytes", "20.5", "--json"])).Expect(0).Json;

        Assert.Equal("fast", fast.GetProperty("layout").GetString());
        Assert.Equal(8_000_000, fast.GetProperty("parts").GetProperty("keys").GetInt64());
        Assert.Equal(512_000_000, fast.GetProperty("parts").GetProperty("rows").GetInt64());
        Assert.Equal(
            fast.GetProperty("bytes").GetInt64(),
            fast.GetProperty("loaded_bytes").GetInt64() + fast.GetProperty("mapped_bytes").GetInt64());
        Assert.Equal(0, lean.GetProperty("loaded_bytes").GetInt64());
        Assert.Equal(28_500_000, lean.GetProperty("parts").GetProperty("keys").GetInt64());
        Assert.True(lean.GetProperty("bytes").GetInt64() < fast.GetProperty("bytes").GetInt64());
        Assert.True(fast.GetProperty("search_bytes").GetInt64() > 125_000);

        string text = (await ToolRun.RunAsync(shape)).Expect(0).Out;
        Assert.Matches(@"rows +512,000,000 +512\.0", text);
        Assert.Contains("build peak", text);
    }

    [Fact]
    public async Task AFileAndAnEstimateExcludeEachOther()
    {
        (await ToolRun.RunAsync("info", "x.ann", "--estimate", "--rows", "1", "--dim", "1")).ExpectRefusal("exclude each other");
        (await ToolRun.RunAsync("info")).ExpectRefusal("name an .ann file, or --estimate");
        (await ToolRun.RunAsync("info", "--estimate", "--rows", "5")).ExpectRefusal("--rows and --dim");
        (await ToolRun.RunAsync("info", "x.ann", "--rows", "5")).ExpectRefusal("--rows belongs to --estimate");
        (await ToolRun.RunAsync("info", "--estimate", "--rows", "0", "--dim", "4")).ExpectRefusal("--rows is 0");
        (await ToolRun.RunAsync("info", "--estimate", "--rows", "5", "--dim", "4", "--key-bytes", "x")).ExpectRefusal("--key-bytes");
    }
}
