using System.Text.Json;
using Ann.Server.Hosting;
using Ann.Tests.Files.Formats;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: attributes go through a live index and come out as they went in; sets are kept by name.</summary>
public sealed class LiveAttributeTests : IDisposable
{
    private const string Header = "{\"ann_attributes\":1,\"rows\":2,\"attributes\":{\"price\":\"double\",\"colour\":\"keyword\"}}\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AttributesComeBackFromALiveIndexAsTheyWentIn()
    {
        string lines = _folder.Write("items.jsonl", """
            {"id": 1, "vector": [1, 0], "brand": "acme", "price": 9.5, "tags": ["b", "a"], "unknown": 1}
            {"id": 2, "vector": [0, 1], "since": "2026-01-31T12:00:00Z"}
            """);
        await using AnnServerHost host = await StartAsync();

        JsonElement created = (await Run(host, "create", "--index", "shop", "--dim", "2", "--metric", "l2", "--json",
            "--attributes", "brand:keyword,price:double,tags:keywords,since:timestamp")).Expect(0).Json;
        JsonElement imported = (await Run(host, "import", "--index", "shop", "--input", lines, "--json")).Expect(0).Json;
        (await Run(host, "snapshot", "--index", "shop", "--name", "monday")).Expect(0);
        string[] export = ["export", "--from", _folder["copies/monday"], "--output"];
        (await ToolRun.RunAsync([.. export, _folder["back.jsonl"]])).Expect(0);
        (await ToolRun.RunAsync([.. export, _folder["back.npy"]])).Expect(0);

        Assert.Equal(4, created.GetProperty("attributes").GetArrayLength());
        Assert.Equal("tags", imported.GetProperty("attributes")[2].GetProperty("name").GetString());
        Assert.Equal(
            ["{\"id\":1,\"vector\":[1,0],\"brand\":\"acme\",\"price\":9.5,\"tags\":[\"a\",\"b\"]}",
                "{\"id\":2,\"vector\":[0,1],\"since\":\"2026-01-31T12:00:00Z\"}"],
            File.ReadAllLines(_folder["back.jsonl"])
                .Select(line => line.Replace("[\"b\",\"a\"]", "[\"a\",\"b\"]", StringComparison.Ordinal)));
        Assert.Equal("{\"since\":\"2026-01-31T12:00:00Z\"}", File.ReadAllLines(_folder["back.npy.attributes.jsonl"])[2]);
    }

    [Fact]
    public async Task WhatTheIndexDoesNotDeclareIsLeftOutUnlessAskedFor()
    {
        string vectors = _folder.Write("x.fbin", Bytes(2u, 1u), Bytes(1f, 2f));
        _folder.Write("x.fbin.attributes.jsonl", Header + "{\"price\":1,\"colour\":\"red\"}\n{}\n");
        await using AnnServerHost host = await StartAsync();
        string[] create = ["create", "--index", "shop", "--dim", "1", "--metric", "l2"];
        (await Run(host, [.. create, "--attributes", "price:double,fresh:bool"])).Expect(0);
        string[] import = ["import", "--index", "shop", "--input", vectors];

        ToolRun run = (await Run(host, [.. import, "--json"])).Expect(0);

        Assert.Equal("price", Assert.Single(run.Json.GetProperty("attributes").EnumerateArray()).GetProperty("name").GetString());
        Assert.Contains("that the index does not declare are left out: colour", run.Error);
        (await Run(host, [.. import, "--attributes", "colour"]))
            .ExpectRefusal("--attributes names 'colour'; index 'shop' does not declare it: it has price, fresh");
        (await Run(host, [.. import, "--attributes", "price:int64"])).ExpectRefusal("says that 'price' is int64", "has it as double");
        (await Run(host, [.. import, "--attributes", "fresh"]))
            .ExpectRefusal("x.fbin.attributes.jsonl: line 1: expected an attribute 'fresh' of type bool; found none of that name");
        (await Run(host, [.. import, "--mode", "delete"])).Expect(0);
    }

    [Fact]
    public async Task SetsAreAppendedToAndDropped()
    {
        await using AnnServerHost host = await StartAsync();
        (await Run(host, "create", "--index", "shop", "--dim", "1", "--metric", "l2")).Expect(0);
        string seen = _folder.Write("seen.txt", "2\n3\n");

        string[] append = ["set", "append", "--index", "shop", "--set", "seen", "--keys"];
        JsonElement first = (await Run(host, [.. append, "1,2", "--json"])).Expect(0).Json;
        ToolRun second = (await Run(host, [.. append, "@" + seen, "--ttl-s", "60"])).Expect(0);
        JsonElement dropped = (await Run(host, "set", "drop", "--index", "shop", "--set", "seen", "--json")).Expect(0).Json;

        Assert.Equal(2, first.GetProperty("size").GetInt32());
        Assert.Contains("shop: set seen has 3 keys", second.Out);
        Assert.Equal(3, dropped.GetProperty("size").GetInt32());
        (await Run(host, [.. append, "x"])).ExpectRefusal("--keys: the keys of index 'shop'");
        (await Run(host, "set", "append", "--index", "shop", "--keys", "1")).ExpectRefusal("ann set append: ", "--set");
        (await Run(host, "set", "drop", "--index", "nobody", "--set", "seen")).ExpectRefusal("NotFound", "nobody");
    }

    private Task<AnnServerHost> StartAsync()
    {
        Directory.CreateDirectory(_folder["data"]);
        return AnnServerHost.StartAsync(options =>
        {
            options.Listen = "127.0.0.1:0";
            options.DataDirectory = _folder["data"];
            options.SnapshotDirectory = _folder["copies"];
            options.EmbeddedEncoder = false;
        }, static _ => { });
    }

    private static Task<ToolRun> Run(AnnServerHost host, params string[] args) =>
        ToolRun.RunAsync([.. args, "--address", host.Address]);
}
