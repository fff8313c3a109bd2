using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;
using Ann.Tests.Server;
using Ann.Tests.Server.Access;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann load --flood</c> tells what another caller's flood does to a run, and that the limits held him.</summary>
[Collection(typeof(ServerTests))]
public sealed class LoadFloodTests(SampleIndexes samples) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheFloodIsRefusedAndTheOtherIsServed()
    {
        string limits = _folder.Write("limits.json", """{"version": 1, "limits": [{"caller": "key:batch", "requests_per_second": 20}]}""");
        await using GuardedServer server = await GuardedServer.StartAsync(samples, options => options.LimitsFile = limits);
        File.WriteAllText(server.PathOf("page.key"), server.NewKey("page", "read:*").Key);
        File.WriteAllText(server.PathOf("batch.key"), server.NewKey("batch", "read:*").Key);
        server.LookAtFiles();
        string[] line =
        [
            "load", "--address", server.Host.Address, "--ca", server.PathOf("ca.pem"), "--api-key", "@" + server.PathOf("page.key"),
            "--index", "plain", "--queries", QueryFile(), "--rate", "50", "--arrivals", "constant", "--duration", "500ms",
            "--warmup", "100ms", "--flood", "400", "--flood-key", "@" + server.PathOf("batch.key"),
        ];

        JsonElement report = (await ToolRun.RunAsync([.. line, "--json"])).Expect(0).Json;
        ToolRun text = (await ToolRun.RunAsync(line)).Expect(0);

        JsonElement[] runs = [.. report.GetProperty("runs").EnumerateArray()];
        Assert.Equal(2, runs.Length); // alone, and beside the flood
        Assert.All(runs, static run => Assert.Equal(run.GetProperty("due").GetInt64(), run.GetProperty("answered").GetInt64()));
        Assert.All(runs, static run => Assert.Empty(run.GetProperty("errors").EnumerateObject()));
        JsonElement flood = report.GetProperty("flood");
        Assert.Equal(400, flood.GetProperty("rate").GetDouble());
        JsonProperty refused = Assert.Single(flood.GetProperty("errors").EnumerateObject());
        Assert.Equal("ResourceExhausted", refused.Name);
        // However slowly this machine sends them, most are refused: of 200 he may have a second's worth, and what comes in beside.
        Assert.True(refused.Value.GetInt64() > flood.GetProperty("answered").GetInt64(), report.ToString());
        Assert.True(flood.TryGetProperty("p99_change", out _));
        Assert.Contains("beside another caller, 400 requests/s, of which ", text.Out, StringComparison.Ordinal);
        Assert.Contains(" ResourceExhausted: p99 changed by ", text.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatAFloodDoesNotGoWithIsRefused()
    {
        string[] line = ["load", "--address", "127.0.0.1:1", "--index", "plain", "--queries", QueryFile()];

        (await ToolRun.RunAsync([.. line, "--flood", "50"])).ExpectRefusal("--flood and --flood-key go together");
        (await ToolRun.RunAsync([.. line, "--flood-key", "k"])).ExpectRefusal("--flood and --flood-key go together");
        (await ToolRun.RunAsync([.. line, "--flood", "50", "--flood-key", "k", "--closed"])).ExpectRefusal("no --closed, no --find-max");
        (await ToolRun.RunAsync([.. line, "--flood", "50", "--flood-key", "k", "--find-max"])).ExpectRefusal("no --closed, no --find-max");
        (await ToolRun.RunAsync([.. line, "--flood", "0", "--flood-key", "k"])).ExpectRefusal("--flood is 0");
        (await ToolRun.RunAsync([.. line, "--flood", "50", "--flood-key", "@" + _folder["nowhere.key"]])).ExpectRefusal("nowhere.key");
    }

    private string QueryFile()
    {
        using VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["q.fbin"], 10, SampleIndexes.Dimension);
        foreach (float[] row in samples.Rows[..10])
            writer.Write(row);
        writer.Commit();
        return _folder["q.fbin"];
    }
}
