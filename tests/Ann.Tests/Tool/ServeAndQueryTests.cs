using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Ann.Core.Files;
using Ann.Tests.Files.Formats;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: a served index can be asked from another process with <c>ann query</c>, and each failure is a line.</summary>
public sealed class ServeAndQueryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AServedIndexAnswersUntilItIsStopped()
    {
        string items = _folder.Write("items.jsonl", """
            {"id": "m-1", "title": "wireless mouse"}
            {"id": "k-1", "title": "mechanical keyboard"}
            {"id": "b-1", "title": "stainless steel water bottle"}
            """);
        (await ToolRun.RunAsync("encode", "--input", items, "--output", _folder["items.npy"], "--providers", "cpu")).Expect(0);
        string[] build = ["build", "--input", _folder["items.npy"], "--metric", "cosine", "--output", _folder["items.ann"]];
        (await ToolRun.RunAsync(build)).Expect(0);

        await using Serving server = await Serving.StartAsync("--data", _folder.Root);
        Assert.Equal("items", server.Report.GetProperty("indexes")[0].GetProperty("name").GetString());

        ToolRun byText = await Query(
            server, "items", "--text", "wireles mouse", "--text", "steel botle", "--k", "2", "--show", items, "--json");
        byText.Expect(0);
        JsonElement[] queries = [.. byText.Json.GetProperty("queries").EnumerateArray()];
        Assert.Equal(["m-1", "b-1"], queries.Select(query => query.GetProperty("results")[0].GetProperty("key").GetString()));
        Assert.Equal("wireless mouse", queries[0].GetProperty("results")[0].GetProperty("title").GetString());
        Assert.Equal(2, queries[1].GetProperty("results").GetArrayLength());

        ToolRun byVector = (await Query(server, "items", "--vector-file", _folder["items.npy"], "--k", "1", "--exact", "--json")).Expect(0);
        Assert.Equal(["m-1", "k-1", "b-1"], byVector.Json.GetProperty("queries").EnumerateArray()
            .Select(query => query.GetProperty("results")[0].GetProperty("key").GetString()));
        Assert.Equal(["m-1", "k-1", "b-1"], byVector.Json.GetProperty("queries").EnumerateArray()
            .Select(static query => query.GetProperty("text").GetString()));

        string[] sidecar = await File.ReadAllLinesAsync(_folder["items.npy.keys.jsonl"]);
        sidecar[0] = sidecar[0].Replace("\"rows_hash\":\"", "\"rows_hash\":\"0", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(_folder["items.npy.keys.jsonl"], sidecar);
        ToolRun others = (await Query(server, "items", "--vector-file", _folder["items.npy"], "--k", "1", "--json")).Expect(0);
        Assert.Equal("row 0", others.Json.GetProperty("queries")[0].GetProperty("text").GetString());
        Assert.Contains("belongs to other rows", others.Error);

        (await Query(server, "items", "--text", "mouse", "--show", items)).Expect(0);
        (await Query(server, "nothing", "--text", "mouse")).ExpectRefusal("NotFound", "nothing", "there is items");
        string port = server.Address[server.Address.LastIndexOf(':')..];
        foreach (string address in new[] { "127.0.0.1" + port, "localhost" + port })
            (await ToolRun.RunAsync("query", "--address", address, "--index", "items", "--text", "mouse")).Expect(0);
        (await Query(server, "items", "--text", "mouse", "--k", "10", "--ef", "5")).ExpectRefusal("InvalidArgument", "ef_search");
        (await Query(server, "items", "--vector-file", SampleVectors.Write(_folder, "other.fbin", 1)))
            .ExpectRefusal("InvalidArgument", "dimension");
        (await Query(server, "items")).ExpectRefusal("either --text or --vector-file");

        Assert.Equal(ExitCodes.Done, await server.StopAsync());
    }

    [Fact]
    public async Task WhatCannotBeServedIsRefused()
    {
        (await ToolRun.RunAsync("serve")).ExpectRefusal("nothing to serve");
        (await ToolRun.RunAsync("serve", _folder["absent.ann"], "--listen", "127.0.0.1:0")).ExpectRefusal("absent.ann");
        await File.WriteAllTextAsync(_folder["no-index.ann"], "something else");
        ToolRun bad = await ToolRun.RunAsync("serve", _folder["no-index.ann"], _folder["absent.ann"], "--listen", "127.0.0.1:0");
        bad.Expect(ExitCodes.BadInput);
        Assert.Contains("None of the 2 files that were named can be served", bad.Error, StringComparison.Ordinal);
        (await ToolRun.RunAsync("serve", "--data", _folder.Root, "--listen", "somewhere")).ExpectRefusal("somewhere");

        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (await ToolRun.RunAsync("serve", "--data", _folder.Root, "--listen", $"127.0.0.1:{port}")).ExpectRefusal($"127.0.0.1:{port}");
        (await ToolRun.RunAsync("demo", "--once", "--items", "100", "--port", $"{port}")).ExpectRefusal($"127.0.0.1:{port}");
    }

    [Fact]
    public async Task AServerThatIsStoppedBeforeItServesEndsWithNought()
    {
        using CancellationTokenSource stopped = new();
        await stopped.CancelAsync();

        ToolRun run = await ToolRun.RunAsync(
            PhysicalFileSystem.Instance, stopped.Token, "serve", "--data", _folder.Root, "--listen", "127.0.0.1:0");

        Assert.Contains("stopped before it served", run.Expect(0).Error);
    }

    [Fact]
    public async Task AServerThatIsNotThereIsNamed()
    {
        (await ToolRun.RunAsync("query", "--address", "http://127.0.0.1:1", "--index", "x", "--text", "y"))
            .ExpectRefusal("http://127.0.0.1:1: no server answers");
        (await ToolRun.RunAsync("query", "--address", "nonsense", "--index", "x", "--text", "y")).ExpectRefusal("--address is 'nonsense'");
    }

    [Fact]
    public async Task ASocketAndAListOfServersAreAddresses()
    {
        string vectors = SampleVectors.Write(_folder, "items.fbin", 20);
        (await ToolRun.RunAsync("build", "--input", vectors, "--metric", "l2", "--output", _folder["items.ann"])).Expect(0);
        await using Serving server = await Serving.StartAsync(_folder["items.ann"], "--socket", _folder["a"]);
        string list = $"static:///{server.Address["http://".Length..]}";

        foreach (string address in new[] { $"unix://{_folder["a"]}", $"{list},127.0.0.1:1" })
        {
            ToolRun run = await ToolRun.RunAsync(
                "query", "--address", address, "--index", "items", "--vector-file", vectors, "--k", "1", "--json");
            Assert.Equal(20, run.Expect(0).Json.GetProperty("queries").GetArrayLength());
        }
        (await ToolRun.RunAsync("top", "--ops", $"unix://{_folder["a"]}", "--once")).ExpectRefusal("--ops is 'unix://");
        (await ToolRun.RunAsync("list", "--address", $"unix://{_folder["a"]}", "--tls")).ExpectRefusal("--tls");
    }

    private static Task<ToolRun> Query(Serving server, string index, params string[] more) =>
        ToolRun.RunAsync(["query", "--address", server.Address, "--index", index, .. more]);
}
