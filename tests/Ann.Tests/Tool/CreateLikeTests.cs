using System.Text.Json;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool;

/// <summary>Goal: who has a file has an index that takes it, without typing what the file says.</summary>
public sealed class CreateLikeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AnIndexIsAsTheFileAndItsSidecarsSay()
    {
        await EncodeAsync();
        await using Serving server = await StartAsync();

        string[] create = ["create", "--index", "shop", "--like", _folder["items.npy"], "--metric", "cosine", "--json"];
        ToolRun made = (await Run(server, create)).Expect(0);
        (await Run(server, "import", "--index", "shop", "--input", _folder["items.npy"])).Expect(0);
        ToolRun found = (await Run(
            server, "query", "--index", "shop", "--text", "wireles mouse", "--k", "1", "--filter", "price < 30", "--json")).Expect(0);

        Assert.Equal(256, made.Json.GetProperty("dimension").GetInt32());
        Assert.Equal("cosine", made.Json.GetProperty("metric").GetString());
        Assert.Equal("string", made.Json.GetProperty("key_type").GetString());
        Assert.Equal("default", made.Json.GetProperty("encoder").GetProperty("name").GetString());
        Assert.Equal(
            ["brand", "price"],
            made.Json.GetProperty("attributes").EnumerateArray().Select(static one => one.GetProperty("name").GetString()));
        Assert.Equal("", made.Error);
        Assert.Equal("m-1", found.Json.GetProperty("queries")[0].GetProperty("results")[0].GetProperty("key").GetString());
    }

    [Fact]
    public async Task AnIndexFileSaysTheMetricTooAndOptionsGoBefore()
    {
        await EncodeAsync();
        string index = _folder["items.ann"];
        (await ToolRun.RunAsync("build", "--input", _folder["items.npy"], "--metric", "l2", "--output", index)).Expect(0);
        await using Serving server = await StartAsync();

        JsonElement like = (await Run(server, "create", "--index", "a", "--like", index, "--json")).Expect(0).Json;
        JsonElement other = (await Run(
            server, "create", "--index", "b", "--like", index, "--metric", "ip", "--dim", "8", "--key-type", "uint64", "--attributes",
            "size:int64", "--json")).Expect(0).Json;

        Assert.Equal(
            ("l2", 256, "string", 2),
            (like.GetProperty("metric").GetString(), like.GetProperty("dimension").GetInt32(), like.GetProperty("key_type").GetString(),
                like.GetProperty("attributes").GetArrayLength()));
        Assert.Equal(
            ("ip", 8, "uint64", "size"),
            (other.GetProperty("metric").GetString(), other.GetProperty("dimension").GetInt32(), other.GetProperty("key_type").GetString(),
                other.GetProperty("attributes")[0].GetProperty("name").GetString()));
        (await Run(server, "create", "--index", "c", "--like", _folder["items.npy"])).ExpectRefusal("--metric");
        (await Run(server, "create", "--index", "c", "--like", _folder["absent.npy"], "--metric", "l2")).ExpectRefusal("absent.npy");
        (await Run(server, "create", "--index", "c", "--metric", "l2")).ExpectRefusal("--dim", "--like");
    }

    [Fact]
    public async Task WhoNamesNoEncoderIsWarned()
    {
        string vectors = SampleVectors.Write(_folder, "plain.fbin", 20);
        await using Serving server = await StartAsync();

        ToolRun plain = (await Run(server, "create", "--index", "plain", "--like", vectors, "--metric", "l2")).Expect(0);
        ToolRun named = (await Run(
            server, "create", "--index", "named", "--dim", "16", "--metric", "l2", "--encoder-fingerprint", "00000000deadbeef")).Expect(0);

        Assert.Contains("dimension 16, l2, uint64 keys", plain.Out);
        Assert.Contains("plain has no encoder fingerprint: it cannot be asked with texts", plain.Error);
        Assert.Equal("", named.Error);
    }

    [Fact]
    public async Task AnImportMakesTheIndexThatIsMissing()
    {
        await EncodeAsync();
        await using Serving server = await StartAsync();
        string[] import = ["import", "--index", "shop", "--input", _folder["items.npy"], "--create", "--metric", "cosine", "--json"];

        ToolRun first = (await Run(server, import)).Expect(0);
        ToolRun again = (await Run(server, import)).Expect(0);
        JsonElement shop = (await Run(server, "describe", "shop", "--json")).Expect(0).Json.GetProperty("facts");

        Assert.Contains("shop: empty, dimension 256, cosine, string keys", first.Error);
        Assert.DoesNotContain("shop: empty", again.Error);
        Assert.Equal(3, shop.GetProperty("items").GetInt32());
        Assert.True(shop.GetProperty("encoder").GetProperty("hosted").GetBoolean());
        Assert.Equal(2, first.Json.GetProperty("attributes").GetArrayLength());
        (await Run(server, import[..^3])).ExpectRefusal("--create and --metric belong together");
        (await Run(server, [.. import, "--mode", "delete"])).ExpectRefusal("--mode delete");
        import[2] = "shop@0123456789abcdef";
        (await Run(server, import)).ExpectRefusal("NAME@GENERATION");
    }

    [Fact]
    public async Task AttributesOfLinesAreDeclaredAtTheImport()
    {
        string items = _folder.Write("items.jsonl", """
            {"id": 7, "vector": [1, 0], "price": 2.5}
            {"id": 9, "vector": [0, 1], "price": 4}
            """);
        await using Serving server = await StartAsync();
        (await Run(
            server, "import", "--index", "shop", "--input", items, "--create", "--metric", "l2", "--attributes", "price:double")).Expect(0);

        JsonElement items9 = (await Run(
            server, "scroll", "--index", "shop", "--filter", "price > 3", "--json")).Expect(0).Json.GetProperty("items");

        Assert.Equal("9", Assert.Single(items9.EnumerateArray()).GetProperty("key").GetString());
    }

    [Fact]
    public async Task TheOnlyGenerationIsPromotedWithoutItsName()
    {
        await EncodeAsync();
        await using Serving server = await StartAsync();
        string[] import = ["import", "--index", "shop", "--input", _folder["items.npy"], "--create", "--metric", "cosine"];
        (await Run(server, import)).Expect(0);
        string[] build = ["build", "--input", _folder["items.npy"], "--metric", "cosine", "--output", _folder["data/next.ann"]];
        (await ToolRun.RunAsync(build)).Expect(0);

        (await Run(server, "promote", "--index", "shop")).ExpectRefusal("no generation beside the serving one");
        string next = (await Run(server, "attach", "--index", "shop", "--file", "next.ann", "--json")).Expect(0).Json
            .GetProperty("generation").GetString()!;
        JsonElement promoted = (await Run(server, "promote", "--index", "shop", "--min-recall", "0.9", "--json")).Expect(0).Json;

        Assert.Equal(next, promoted.GetProperty("serving").GetString());
    }

    private Task<Serving> StartAsync()
    {
        Directory.CreateDirectory(_folder["data"]);
        return Serving.StartAsync("--data", _folder["data"]);
    }

    private async Task EncodeAsync()
    {
        string items = _folder.Write("items.jsonl", """
            {"id": "m-1", "title": "wireless mouse", "brand": "acme", "price": 19.9}
            {"id": "k-1", "title": "mechanical keyboard", "brand": "umbra", "price": 89}
            {"id": "b-1", "title": "steel water bottle", "brand": "acme", "price": 25}
            """);
        (await ToolRun.RunAsync(
            "encode", "--input", items, "--output", _folder["items.npy"], "--providers", "cpu", "--attributes",
            "brand:keyword,price:double")).Expect(0);
    }

    private static Task<ToolRun> Run(Serving server, params string[] args) => ToolRun.RunAsync([.. args, "--address", server.Address]);
}
