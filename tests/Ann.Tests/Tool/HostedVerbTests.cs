using System.Text.Json;
using Ann.Protocol.V1;
using Ann.Server.Hosting;
using Ann.Tests.Files.Formats;
using Ann.Tool.Remote;
using Ann.Tool.Reports;

namespace Ann.Tests.Tool;

/// <summary>Goal: a shell sees what a server hosts: indexes, one of them in full, and encoders.</summary>
public sealed class HostedVerbTests : IDisposable
{
    private const string Fingerprint = "00000000deadbeef";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task IndexesAreListedAndDescribed()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", 300);
        Directory.CreateDirectory(_folder["data"]);
        string[] build = ["build", "--input", vectors, "--metric", "l2", "--output", _folder["data/built.ann"]];
        (await ToolRun.RunAsync(build)).Expect(0);
        _folder.Write("data/torn.ann", "no index");
        await using AnnServerHost host = await StartAsync();
        string[] create =
        [
            "create", "--index", "shop", "--dim", "16", "--metric", "cosine", "--attributes", "brand:keyword",
            "--encoder-name", "towers", "--encoder-fingerprint", Fingerprint,
        ];
        (await Run(host, create)).Expect(0);
        (await Run(host, "import", "--index", "shop", "--input", vectors)).Expect(0);

        JsonElement[] listed = [.. (await Run(host, "list", "--json")).Expect(0).Json.GetProperty("indexes").EnumerateArray()];
        string table = (await Run(host, "list")).Expect(0).Out;
        JsonElement shop = (await Run(host, "describe", "shop", "--json")).Expect(0).Json;
        string told = (await Run(host, "describe", "--index", "shop")).Expect(0).Out;
        string built = (await Run(host, "describe", "built")).Expect(0).Out;

        Assert.Equal(["built", "shop", "torn"], listed.Select(static one => one.GetProperty("index").GetString()));
        Assert.Equal(["serving", "serving", "failed"], listed.Select(static one => one.GetProperty("state").GetString()));
        Assert.False(listed[2].TryGetProperty("facts", out _));
        Assert.Equal(shop.GetRawText(), listed[1].GetRawText().ReplaceLineEndings("\n").Replace("\n    ", "\n", StringComparison.Ordinal));
        Assert.Matches(@"built +serving +file +300 +16 +l2 +uint64", table);
        Assert.Matches(@"shop +serving +live +300 +16 +cosine +uint64", table);
        Assert.Matches(@"torn +failed +torn\.ann", table);

        JsonElement facts = shop.GetProperty("facts");
        JsonElement serving = Assert.Single(facts.GetProperty("generations").EnumerateArray());
        Assert.True(facts.GetProperty("live").GetBoolean());
        Assert.Equal(300, facts.GetProperty("log").GetProperty("durable").GetInt32());
        Assert.Equal(300, facts.GetProperty("log").GetProperty("visible").GetInt32());
        Assert.Equal("serving", serving.GetProperty("role").GetString());
        Assert.Equal(300, serving.GetProperty("applied_position").GetInt32());
        Assert.Equal("brand", facts.GetProperty("attributes")[0].GetProperty("name").GetString());
        Assert.False(facts.GetProperty("encoder").GetProperty("hosted").GetBoolean());
        Assert.Contains($"encoder       towers, {Fingerprint}, not hosted here", told);
        Assert.Contains("visible to 300", told);
        Assert.Contains("live recall   not measured yet", told);
        Assert.Contains("built: serving, a file, 300 items of dimension 16, l2, uint64 keys", built);
        Assert.Contains("certificate   recall@10 ", built);
        Assert.Contains("torn: failed: torn.ann", (await Run(host, "describe", "torn")).Expect(0).Out);
        (await Run(host, "describe", "nobody")).ExpectRefusal("NotFound", "nobody", "shop");
        (await Run(host, "describe")).ExpectRefusal("ann list");
        (await Run(host, "describe", "shop", "--index", "built")).ExpectRefusal("Name one index");
    }

    [Fact]
    public async Task EncodersAreListedWithThoseThatLack()
    {
        Directory.CreateDirectory(_folder["data"]);
        await using Serving server = await Serving.StartAsync("--data", _folder["data"]);
        (await Run("create", "--index", "far", "--dim", "4", "--metric", "l2", "--encoder-name", "towers",
            "--encoder-fingerprint", Fingerprint)).Expect(0);

        JsonElement[] encoders = [.. (await Run("encoders", "--json")).Expect(0).Json.GetProperty("encoders").EnumerateArray()];
        string told = (await Run("encoders")).Expect(0).Out;

        Assert.Equal(["default", "towers"], encoders.Select(static one => one.GetProperty("name").GetString()));
        Assert.Equal([true, false], encoders.Select(static one => one.GetProperty("hosted").GetBoolean()));
        Assert.Equal(256, encoders[0].GetProperty("dimension").GetInt32());
        Assert.Equal(Fingerprint, encoders[1].GetProperty("fingerprint").GetString());
        Assert.Contains("default: dimension 256, cpu; no index needs it", told);
        Assert.Contains($"{Fingerprint}  towers: NOT HOSTED: texts cannot be asked; of far", told);

        Task<ToolRun> Run(params string[] args) => ToolRun.RunAsync([.. args, "--address", server.Address]);
    }

    [Fact]
    public async Task AServerWithoutIndexesSaysSo()
    {
        Directory.CreateDirectory(_folder["data"]);
        await using AnnServerHost host = await StartAsync();

        Assert.Contains("hosts no index", (await Run(host, "list")).Expect(0).Out);
        Assert.Contains("hosts no text encoder", (await Run(host, "encoders")).Expect(0).Out);
    }

    [Fact]
    public void WhatAnOlderServerDoesNotListIsTakenFromItsIndexes()
    {
        ListResponse list = new()
        {
            Indexes =
            {
                new IndexDescription { Name = "a", Encoder = new EncoderFacts { Name = "x", Fingerprint = 1, Hosted = true } },
                new IndexDescription
                {
                    Name = "b",
                    Generations = { new GenerationFacts { Encoder = new EncoderFacts { Name = "x", Fingerprint = 1, Hosted = true } } },
                },
            },
        };

        EncoderReport one = Assert.Single(HostedIndexes.Encoders(list));

        Assert.Equal(("x", "0000000000000001", true), (one.Name, one.Fingerprint, one.Hosted));
        Assert.Equal(["a", "b"], one.Indexes);
    }

    [Fact]
    public async Task InfoOfAServersIndexNamesTheVerb()
    {
        (await ToolRun.RunAsync("info", "--index", "shop")).ExpectRefusal("ann info items.ann", "ann describe shop");
        (await ToolRun.RunAsync("info", "--address", "127.0.0.1:1", "--index", "shop")).ExpectRefusal("ann describe shop");
        Assert.DoesNotContain("--index", (await ToolRun.RunAsync("info", "--help")).Expect(0).Out);
    }

    private Task<AnnServerHost> StartAsync() => AnnServerHost.StartAsync(options =>
    {
        options.Listen = "127.0.0.1:0";
        options.DataDirectory = _folder["data"];
        options.EmbeddedEncoder = false;
    }, static _ => { });

    private static Task<ToolRun> Run(AnnServerHost host, params string[] args) => ToolRun.RunAsync([.. args, "--address", host.Address]);
}
