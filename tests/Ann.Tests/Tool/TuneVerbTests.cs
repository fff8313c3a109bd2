using System.Text.Json;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool.Pages;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann tune</c> finds what was asked for, tells how to build it, and leaves nothing behind.</summary>
public sealed class TuneVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheChoiceReachesItsTargetAndItsCommandBuildsIt()
    {
        string rows = SampleVectors.Write(_folder, "x.fbin", 1_500);
        string queries = SampleVectors.Write(_folder, "q.fbin", 120, seed: 2);
        Directory.CreateDirectory(_folder["work"]);

        ToolRun run = (await Tune(
            rows, queries, CancellationToken.None, "--target-recall", "0.95", "--budget", "60s", "--json", "--output", _folder["p.json"],
            "--report", _folder["p.html"])).Expect(0);

        JsonElement chosen = run.Json.GetProperty("chosen");
        Assert.True(chosen.GetProperty("recall").GetDouble() >= 0.945);
        Assert.True(run.Json.GetProperty("is_confirmed").GetBoolean());
        Assert.Equal(60, run.Json.GetProperty("held_out_queries").GetInt32());
        string page = await File.ReadAllTextAsync(_folder["p.html"], TestContext.Current.CancellationToken);
        Assert.Contains("data-series='chosen'", page);
        Assert.Equal(run.Json.ToString(), JsonDocument.Parse(File.ReadAllText(_folder["p.json"])).RootElement.ToString());
        Assert.Empty(Directory.GetFileSystemEntries(_folder["work"]));

        string[] command = run.Json.GetProperty("build_command").GetString()!.Split(' ')[1..];
        command[Array.IndexOf(command, "--output") + 1] = _folder["x.ann"];
        ToolRun built = (await ToolRun.RunAsync([.. command, "--json"])).Expect(0);
        Assert.Equal("queries", built.Json.GetProperty("certificate").GetProperty("query_source").GetString());
        await PageInBrowser.RequireSoundAsync("tune", _folder["p.html"], 4);
    }

    [Fact]
    public async Task CancellingLeavesNothing()
    {
        string rows = SampleVectors.Write(_folder, "x.fbin", 1_500);
        string queries = SampleVectors.Write(_folder, "q.fbin", 120, seed: 2);
        Directory.CreateDirectory(_folder["work"]);
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();

        (await Tune(rows, queries, stop.Token, "--output", _folder["p.json"])).Expect(ExitCodes.Cancelled);

        Assert.Empty(Directory.GetFileSystemEntries(_folder["work"]));
        Assert.False(File.Exists(_folder["p.json"]));
    }

    [Fact]
    public async Task WhatCannotBeTunedIsRefused()
    {
        string rows = SampleVectors.Write(_folder, "x.fbin", 100);
        string few = SampleVectors.Write(_folder, "q.fbin", 19, seed: 2);

        (await Tune(rows, few, CancellationToken.None)).ExpectRefusal("19 queries", "20 or more");
        (await Tune(rows, few, CancellationToken.None, "--target-recall", "0.9", "--max-latency", "50"))
            .ExpectRefusal("exclude each other");
        (await Tune(rows, few, CancellationToken.None, "--budget", "ten")).ExpectRefusal("--budget is 'ten'");
    }

    private Task<ToolRun> Tune(string rows, string queries, CancellationToken cancellation, params string[] more) => ToolRun.RunAsync(
        new ToolContext
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            CacheDirectory = ToolRun.CacheDirectory,
            TemporaryDirectory = _folder["work"],
        },
        cancellation, ["tune", "--base", rows, "--queries", queries, "--metric", "l2", .. more]);
}
