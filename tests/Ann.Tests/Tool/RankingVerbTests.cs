using System.Text.Json;
using Ann.Server.Hosting;
using Ann.Tests.Files.Formats;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: recommendations, ranges and pages can be asked for by hand, and come back as the server gave them.</summary>
public sealed class RankingVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ItemsLikeOthersAreRecommended()
    {
        await using AnnServerHost host = await StartAsync();
        string[] recommend = ["recommend", "--index", "shop", "--like", "1,99", "--k", "2"];

        ToolRun plain = (await Run(host, [.. recommend, "--json"])).Expect(0);
        ToolRun with = (await Run(host, [.. recommend, "--with-examples", "--json"])).Expect(0);
        ToolRun best = (await Run(
            host, "recommend", "--index", "shop", "--like", "1", "--like-vector-file", Vector("5.2"), "--unlike", "2", "--strategy",
            "best-score", "--filter", "brand = b", "--attributes", "brand")).Expect(0);

        Assert.Equal(["2", "3"], KeysOf(plain.Json));
        Assert.Equal("99", Assert.Single(plain.Json.GetProperty("missing").EnumerateArray()).GetString());
        Assert.Equal(["1", "2"], KeysOf(with.Json));
        Assert.StartsWith("recommended\n", best.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("  5  ", best.Out.Split('\n')[1], StringComparison.Ordinal);
        Assert.Contains("brand=b", best.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("without an item", best.Out, StringComparison.Ordinal);
        Assert.Contains("examples without an item: 99", (await Run(host, recommend)).Expect(0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARangeTellsWhetherThereMayBeMore()
    {
        await using AnnServerHost host = await StartAsync();
        string[] range = ["range", "--index", "shop", "--vector-file", Vector("1"), "--min-score", "2.5"];

        JsonElement whole = (await Run(host, [.. range, "--json"])).Expect(0).Json;
        JsonElement cut = (await Run(host, [.. range, "--k", "2", "--json"])).Expect(0).Json;

        Assert.Equal(["1", "2", "3"], KeysOf(whole));
        Assert.False(whole.GetProperty("queries")[0].GetProperty("bounded").GetBoolean());
        Assert.Equal(["1", "2"], KeysOf(cut));
        Assert.True(cut.GetProperty("queries")[0].GetProperty("bounded").GetBoolean());
        Assert.DoesNotContain("there may be more", (await Run(host, range)).Expect(0).Out, StringComparison.Ordinal);
        Assert.Contains("there may be more", (await Run(host, [.. range, "--k", "2"])).Expect(0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItemsAreListedInTheOrderOfTheirKeys()
    {
        await using AnnServerHost host = await StartAsync();
        string[] scroll = ["scroll", "--index", "shop", "--filter", "brand = b", "--attributes", "brand"];

        JsonElement all = (await Run(host, [.. scroll, "--with-vectors", "--limit", "0", "--json"])).Expect(0).Json;
        JsonElement first = (await Run(host, [.. scroll, "--limit", "2", "--json"])).Expect(0).Json;
        ToolRun rest = (await Run(host, [.. scroll, "--after", "3"])).Expect(0);

        Assert.Equal(["1", "3", "5"], ItemsOf(all));
        Assert.False(all.TryGetProperty("next", out _));
        Assert.Equal([5f, 0f], all.GetProperty("items")[2].GetProperty("vector").EnumerateArray().Select(one => one.GetSingle()));
        Assert.Equal("b", all.GetProperty("items")[0].GetProperty("attributes").GetProperty("brand").GetString());
        Assert.Equal(["1", "3"], ItemsOf(first));
        Assert.Equal("3", first.GetProperty("next").GetString());
        Assert.False(first.GetProperty("items")[0].TryGetProperty("vector", out _));
        Assert.StartsWith("  5  brand=b\nshop, generation ", rest.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains(": 1 items; there are no more", rest.Out, StringComparison.Ordinal);
        Assert.Contains("--after 3", (await Run(host, [.. scroll, "--limit", "2"])).Expect(0).Out, StringComparison.Ordinal);
    }

    /// <summary>More than one call takes, so that it must be paged.</summary>
    [Fact]
    public async Task ALongListIsPaged()
    {
        await using AnnServerHost host = await StartAsync();
        string items = _folder.Write("more.jsonl", string.Concat(Enumerable.Range(100, 2_100).Select(
            static key => $"{{\"id\": {key}, \"vector\": [{key}, 0]}}\n")));
        (await Run(host, "import", "--index", "shop", "--input", items)).Expect(0);

        JsonElement all = (await Run(host, "scroll", "--index", "shop", "--limit", "0", "--json")).Expect(0).Json;
        JsonElement some = (await Run(
            host, "scroll", "--index", "shop", "--limit", "1500", "--after", "5", "--json")).Expect(0).Json;

        Assert.Equal(Enumerable.Range(1, 6).Concat(Enumerable.Range(100, 2_100)).Select(static key => $"{key}"), ItemsOf(all));
        Assert.Equal((1500, "1598"), (ItemsOf(some).Length, some.GetProperty("next").GetString()));
    }

    [Fact]
    public async Task ABitmapOfKeysIsExcluded()
    {
        await using AnnServerHost host = await StartAsync();
        // One container of one array: the values 1 and 2.
        string bitmap = _folder.Write("seen.bin", Convert.FromHexString("3A30000001000000000001001000000001000200"));

        ToolRun found = (await Run(
            host, "query", "--index", "shop", "--vector-file", Vector("1"), "--k", "2", "--exclude-roaring", bitmap, "--json")).Expect(0);

        Assert.Equal(["3", "4"], KeysOf(found.Json));
        (await Run(host, "query", "--index", "shop", "--vector-file", Vector("1"), "--exclude-roaring64", bitmap))
            .ExpectRefusal("InvalidArgument", "exclude.roaring");
    }

    [Fact]
    public async Task AFileOfSearchesIsAnsweredLineByLine()
    {
        await using AnnServerHost host = await StartAsync();
        string file = _folder.Write("searches.jsonl", """
            {"queries": {"values": [1, 0]}, "k": 2, "exclude": {"keys": {"numbers": [1]}}, "attributes": ["brand"]}
            {"queries": {"values": [6, 0, 1, 0], "dim": 2}, "k": 1, "filter": {"in": {"attribute": "brand", "keywords": ["b"]}}}
            {"queries": {"values": [6, 0, 1, 0], "dim": 2}, "k": 3, "union": {}, "index": "shop"}

            """);
        string[] query = ["query", "--index", "shop", "--batch"];

        string[] lines = (await Run(host, [.. query, file, "--deadline-ms", "60000", "--json"])).Expect(0).Out
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        JsonElement[] answers = [.. lines.Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["2", "3"], KeysOf(answers[0]));
        Assert.Equal(
            "a", answers[0].GetProperty("queries")[0].GetProperty("results")[0].GetProperty("attributes").GetProperty("brand").GetString());
        Assert.Equal((2, 5), (answers[1].GetProperty("queries").GetArrayLength(), int.Parse(KeysOf(answers[1])[0]!)));
        Assert.Equal(["1", "6"], KeysOf(answers[2])[..2].Order());
        Assert.Equal("union", answers[2].GetProperty("queries")[0].GetProperty("text").GetString());
        Assert.Equal(3, answers.Length);

        (await Run(host, [.. query, file, "--k", "5"])).ExpectRefusal("--k and --batch exclude each other");
        (await Run(host, [.. query, file, "--text", "x"])).ExpectRefusal("--text and --batch exclude each other");
        (await Run(host, [.. query, _folder.Write("empty.jsonl", "")])).ExpectRefusal("it holds no search");
        (await Run(host, [.. query, _folder.Write("bad.jsonl", "{}\n{\"k\": -1}\n")])).ExpectRefusal("bad.jsonl: line 2: a JSON of");
        (await Run(host, [.. query, _folder.Write("wrong.jsonl", "{\"queries\": {\"values\": [1, 0]}}\n")]))
            .ExpectRefusal("InvalidArgument", "searches[0].k is 0");
    }

    [Fact]
    public async Task APreparedFilterIsNamedByItsHash()
    {
        await using AnnServerHost host = await StartAsync();

        JsonElement prepared = (await Run(host, "prepare", "--index", "shop", "--filter", "brand = b", "--json")).Expect(0).Json;
        string hash = prepared.GetProperty("prepared_filter").GetString()!;
        string[] query = ["query", "--index", "shop", "--vector-file", Vector("1")];
        ToolRun found = (await Run(host, [.. query, "--prepared-filter", hash, "--json"])).Expect(0);

        Assert.Equal(3, prepared.GetProperty("matching").GetInt32());
        Assert.Equal(["1", "3", "5"], KeysOf(found.Json));
        Assert.Contains(
            $"shop: prepared filter {hash} takes 3 items",
            (await Run(host, "prepare", "--index", "shop", "--filter", "brand in (b, b)")).Expect(0).Out, StringComparison.Ordinal);
        (await Run(host, [.. query, "--prepared-filter", "0123456789abcdef"])).ExpectRefusal("FailedPrecondition", "0123456789abcdef");
        (await Run(host, [.. query, "--prepared-filter", "123"])).ExpectRefusal("--prepared-filter is '123'; expected 16 hex digits");
        (await Run(host, [.. query, "--prepared-filter", hash, "--filter", "brand = b"])).ExpectRefusal("exclude each other");
        (await Run(host, "prepare", "--index", "shop", "--filter", "brand =")).ExpectRefusal("--filter: character");
    }

    /// <summary>By a clock that is an hour late, the time of a call is up before it is made.</summary>
    [Theory]
    [InlineData("query")]
    [InlineData("explain", "--key", "1")]
    [InlineData("range", "--min-score", "1")]
    public async Task TheDeadlineIsThatOfTheCall(string verb, params string[] more)
    {
        await using AnnServerHost host = await StartAsync();
        string[] asked = [verb, "--index", "shop", "--vector-file", Vector("1"), .. more];
        string[] args = [.. asked, "--deadline-ms", "60000", "--address", host.Address];
        StringWriter error = new();
        ToolContext tool = new()
        {
            Out = TextWriter.Null,
            Error = error,
            Time = new LateClock(),
            CacheDirectory = ToolRun.CacheDirectory,
        };

        (await ToolRun.RunAsync(args)).Expect(0);
        int code = await CommandLine.RunAsync(args, tool, CancellationToken.None);

        Assert.Equal(ExitCodes.BadInput, code);
        Assert.Contains("DeadlineExceeded", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotTakenIsRefused()
    {
        await using AnnServerHost host = await StartAsync();
        string vector = Vector("1");

        (await Run(host, "recommend", "--index", "shop", "--unlike", "1")).ExpectRefusal("ann recommend: ", "--like-vector-file");
        (await Run(host, "recommend", "--index", "shop", "--like", "1", "--union")).ExpectRefusal("--union");
        (await Run(host, "recommend", "--index", "shop", "--like-text", "a", "--like-vector-file", "b"))
            .ExpectRefusal("exclude each other");
        (await Run(host, "recommend", "--index", "shop", "--like", "98,99"))
            .ExpectRefusal("InvalidArgument", "2 keys have no item");
        (await Run(host, "range", "--index", "shop", "--vector-file", vector)).ExpectRefusal("--min-score");
        (await Run(host, "range", "--index", "shop", "--vector-file", vector, "--min-score", "1", "--cap", "brand=1"))
            .ExpectRefusal("--cap");
        (await Run(host, "scroll", "--index", "shop", "--after", "x")).ExpectRefusal("--after: the keys of index 'shop'");
        (await Run(host, "scroll", "--index", "shop", "--filter", "brand = ")).ExpectRefusal("--filter: character");
        (await Run(host, "scroll", "--index", "nothing")).ExpectRefusal("NotFound", "nothing");
    }

    private string Vector(string first) => _folder.Write("query.jsonl", $"{{\"id\": 1, \"vector\": [{first}, 0]}}\n");

    private static string?[] KeysOf(JsonElement report) =>
        [.. report.GetProperty("queries")[0].GetProperty("results").EnumerateArray().Select(hit => hit.GetProperty("key").GetString())];

    private static string?[] ItemsOf(JsonElement report) =>
        [.. report.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString())];

    /// <summary>Six items on a line, at the place of their key; those with odd keys are of brand b.</summary>
    private async Task<AnnServerHost> StartAsync()
    {
        Directory.CreateDirectory(_folder["data"]);
        AnnServerHost host = await AnnServerHost.StartAsync(options =>
        {
            options.Listen = "127.0.0.1:0";
            options.DataDirectory = _folder["data"];
            options.EmbeddedEncoder = false;
        }, static _ => { });
        string items = _folder.Write("items.jsonl", string.Concat(Enumerable.Range(1, 6).Select(
            static key => $"{{\"id\": {key}, \"vector\": [{key}, 0], \"brand\": \"{(key % 2 == 1 ? "b" : "a")}\"}}\n")));
        (await Run(host, "create", "--index", "shop", "--dim", "2", "--metric", "l2", "--attributes", "brand:keyword")).Expect(0);
        (await Run(host, "import", "--index", "shop", "--input", items)).Expect(0);
        return host;
    }

    private static Task<ToolRun> Run(AnnServerHost host, params string[] args) => ToolRun.RunAsync([.. args, "--address", host.Address]);

    private sealed class LateClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(-1);
    }
}
