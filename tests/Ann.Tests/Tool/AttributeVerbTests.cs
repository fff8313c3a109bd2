using System.Text.Json;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;
using Ann.Tool.Formats;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: attributes go from a person's file into an index and back out of it, and each mistake is a line.</summary>
public sealed class AttributeVerbTests : IDisposable
{
    private const string Declared = "category:keyword,tags:keywords,price:double,stock:int64,fresh:bool,since:timestamp";

    private const string Items = """
        {"id": "a", "vector": [1, 0], "category": "shoes", "tags": ["x", "y"], "price": 9.5, "stock": 3, "fresh": true, "title": "A"}
        {"id": "b", "vector": [0, 1], "category": "boots", "price": 20, "since": "2026-01-31T12:00:00Z"}
        {"id": "c", "vector": [1, 1], "category": "shoes", "since": "2026-02-01T13:00:00+01:00", "stock": -1}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task MembersOfLinesBecomeColumnsThatInfoTells()
    {
        string input = _folder.Write("x.jsonl", Items);

        JsonElement built = (await Build(input, "--attributes", Declared, "--json")).Expect(0).Json;
        JsonElement info = (await ToolRun.RunAsync("info", _folder["y.ann"], "--json")).Expect(0).Json;
        string text = (await ToolRun.RunAsync("info", _folder["y.ann"])).Expect(0).Out;

        Assert.Equal("inline", built.GetProperty("attribute_source").GetString());
        Assert.Equal(6, built.GetProperty("attributes").GetArrayLength());
        Dictionary<string, JsonElement> columns =
            info.GetProperty("attributes").EnumerateArray().ToDictionary(column => column.GetProperty("name").GetString()!);
        Assert.Equal(2, columns["category"].GetProperty("distinct").GetInt32());
        Assert.Equal(1, columns["category"].GetProperty("present").GetDouble());
        Assert.Equal("keywords", columns["tags"].GetProperty("type").GetString());
        Assert.Equal(1 / 3.0, columns["tags"].GetProperty("present").GetDouble(), 9);
        Assert.Equal((9.5, 20), (columns["price"].GetProperty("min").GetDouble(), columns["price"].GetProperty("max").GetDouble()));
        Assert.Equal((-1, 3), (columns["stock"].GetProperty("min").GetInt32(), columns["stock"].GetProperty("max").GetInt32()));
        Assert.Equal("2026-02-01T12:00:00Z", columns["since"].GetProperty("max").GetString());
        Assert.Contains("price (double): 66.67 % of items, 9.5 to 20", text);
        Assert.Contains("category (keyword): 100 % of items, 2 different", text);
    }

    [Theory]
    [InlineData("out.npy")]
    [InlineData("out.fbin")]
    [InlineData("out.jsonl")]
    [InlineData("out.csv.gz")]
    [InlineData("out.parquet")]
    [InlineData("out.arrow")]
    [InlineData("out.hdf5")]
    public async Task AnExportBuildsTheSameAttributesAgain(string export)
    {
        string input = _folder.Write("x.jsonl", Items);
        (await Build(input, "--attributes", Declared)).Expect(0);

        (await ToolRun.RunAsync("export", "--from", _folder["y.ann"], "--output", _folder[export])).Expect(0);
        bool isInside = VectorFormats.OfPath(export).HasAttributes;
        string[] attributes = isInside ? ["--attributes", Declared] : [];
        (await ToolRun.RunAsync(
            ["build", "--input", _folder[export], "--metric", "l2", "--output", _folder["z.ann"], .. attributes])).Expect(0);

        Assert.Equal(Columns(_folder["y.ann"]), Columns(_folder["z.ann"]));
        Assert.Equal(!isInside, File.Exists(_folder[export + ".attributes.jsonl"]));
    }

    [Fact]
    public async Task EncodeHandsAttributesOn()
    {
        string items = _folder.Write("items.jsonl", """
            {"id": "m", "title": "wireless mouse", "price": 12.5}
            {"id": "k", "title": "mechanical keyboard", "price": null}
            """);
        string[] encode = ["encode", "--input", items, "--output", _folder["v.npy"], "--providers", "cpu"];

        (await ToolRun.RunAsync([.. encode, "--attributes", "price:double,title:keyword"])).Expect(0);
        ToolRun built = (await ToolRun.RunAsync(
            "build", "--input", _folder["v.npy"], "--metric", "cosine", "--output", _folder["y.ann"], "--json")).Expect(0);

        Assert.Contains("Attributes are taken from", built.Error);
        Assert.Equal(["price", "title"], built.Json.GetProperty("attributes").EnumerateArray()
            .Select(column => column.GetProperty("name").GetString()));
        Assert.Equal(2, File.ReadAllLines(_folder["v.npy.attributes.jsonl"]).Skip(1)
            .Count(line => line.Contains("\"title\":\"", StringComparison.Ordinal)));

        // The sidecar of other rows that happens to lie there is not taken.
        File.WriteAllBytes(_folder["v.npy"], File.ReadAllBytes(_folder["v.npy"])[..^4].Concat(Bytes(0.5f)).ToArray());
        File.Delete(_folder["v.npy.keys.jsonl"]);
        (await ToolRun.RunAsync("build", "--input", _folder["v.npy"], "--metric", "cosine", "--output", _folder["z.ann"]))
            .ExpectRefusal("v.npy.attributes.jsonl: it belongs to other rows");
        (await ToolRun.RunAsync("encode", "--input", _folder["v.npy"], "--output", _folder["w.npy"], "--attributes", "a:bool"))
            .ExpectRefusal("reads texts (.jsonl .csv", "needs --encoder");
    }

    [Fact]
    public async Task ADeclarationMayBeAFileAndASidecarMayBeNamed()
    {
        string input = _folder.Write("x.fbin", Bytes(2u, 1u), Bytes(1f, 2f));
        string sidecar = _folder.Write("columns.jsonl",
            "{\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"price\":\"double\",\"stock\":\"int64\"}}\n{\"price\":1}\n{\"stock\":2}\n");
        string declared = _folder.Write("d.json", "{\"stock\": \"int64\"}");

        ToolRun run = (await Build(input, "--attributes", declared, "--attributes-file", sidecar)).Expect(0);

        Assert.Contains($"attributes stock (int64) from {sidecar}", run.Out);
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["y.ann"]);
        Assert.Equal([new AttributeField("stock", AttributeType.Int64)], segment.AttributeSchema.Fields);
    }

    [Fact]
    public async Task AnAttributeThatNoRowHasIsWorthANotice()
    {
        string input = _folder.Write("x.jsonl", Items);

        ToolRun run = (await Build(input, "--attributes", "catgory:keyword,price:double")).Expect(0);

        Assert.Contains("no row of " + input + " has a value of attribute 'catgory'", run.Error);
        Assert.DoesNotContain("'price'", run.Error);
    }

    [Fact]
    public async Task MistakesAreNamed()
    {
        string jsonl = _folder.Write("x.jsonl", Items);
        string fbin = _folder.Write("x.fbin", Bytes(2u, 1u), Bytes(1f, 2f));
        string few = _folder.Write("few.jsonl", "{\"ann_attributes\":1,\"rows\":1,\"attributes\":{\"a\":\"bool\"}}\n{}\n");
        string cut = _folder.Write("cut.jsonl", "{\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"a\":\"bool\"}}\n{}\n");
        string bad = _folder.Write("bad.json", "{\"a\": \"float\"}");

        (await Build(jsonl, "--attributes", "price")).ExpectRefusal("has 'price' without a type", "price:TYPE");
        (await Build(jsonl, "--attributes", "price:float")).ExpectRefusal("gives 'price' the type 'float'; expected one of keyword");
        (await Build(jsonl, "--attributes", "price:double,price:int64")).ExpectRefusal("'price' is there twice");
        (await Build(jsonl, "--attributes", " , ")).ExpectRefusal("--attributes names no attribute");
        (await Build(jsonl, "--attributes", bad)).ExpectRefusal("bad.json: it gives 'a' the type 'float'");
        (await Build(jsonl, "--attributes", "category:int64"))
            .ExpectRefusal("x.jsonl: line 1: \"category\" must be a whole number of 64 bits; found a string");
        (await Build(fbin, "--attributes", "price:double")).ExpectRefusal("--attributes", "there is no", "x.fbin.attributes.jsonl");
        (await Build(fbin, "--attributes-file", few)).ExpectRefusal("few.jsonl: line 1: it describes 1 rows;", "holds 2");
        (await Build(fbin, "--attributes-file", cut)).ExpectRefusal("cut.jsonl: its header says 2 rows; found 1");
        (await Build(fbin, "--attributes-file", _folder["absent"])).ExpectRefusal("absent");
        Assert.DoesNotContain(_folder.Names(), name => name.Contains("y.ann", StringComparison.Ordinal));
    }

    private Task<ToolRun> Build(string input, params string[] more) =>
        ToolRun.RunAsync(["build", "--input", input, "--metric", "l2", "--output", _folder["y.ann"], .. more]);

    /// <summary>All values of an index, as export writes them.</summary>
    private string Columns(string index)
    {
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, index);
        AttributeBatch batch = new(segment.AttributeSchema);
        for (int node = 0; node < segment.Count; node++)
            segment.Attributes!.CopyTo(node, batch);
        using (AttributeSidecarWriter writer = new(PhysicalFileSystem.Instance, _folder["columns"], segment.Count, batch.Schema))
        {
            writer.Write(batch);
            writer.Commit("0000000000000000");
        }
        return File.ReadAllText(_folder["columns"]);
    }
}
