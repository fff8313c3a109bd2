using System.Text.Json;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Protocol.V1;
using Ann.Tests.Files.Formats;
using Ann.Tests.Server;
using Ann.Tests.Tool.Pages;
using Ann.Tool;
using Ann.Tool.Load.Scenarios;

namespace Ann.Tests.Tool;

/// <summary>Goal: a scenario is read strictly, and runs its streams through their phases against a real server.</summary>
[Collection(typeof(ServerTests))]
public sealed class ScenarioTests(SampleIndexes samples) : IDisposable
{
    private const string Small = """
        // Two clients in two phases.
        {
          "name": "small", "warm_up_s": 0.2, "variables": { "k": null, "unused": "x" },
          "phases": [ { "name": "one", "seconds": 1 }, { "name": "two", "seconds": 1, "rate_factor": 2 } ],
          "streams": [
            { "name": "searches", "kind": "search", "rate": 100, "arrivals": "constant", "k": 10, "ef": 200, "rows": 3,
              "exclude": { "keys": 5 }, "recall_samples": 20 },
            { "name": "similar", "kind": "recommend", "rate": 40, "phases": [ "two" ], "deadline_ms": 30000, "k": 5 },
          ],
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task StreamsRunThroughTheirPhases()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        string page = _folder["page.html"];

        ToolRun run = (await LoadAsync(server, Write(Small), "--let", "k=v", "--report", page, "--json")).Expect(0);

        JsonElement[] figures = [.. run.Json.GetProperty("figures").EnumerateArray()];
        Assert.Equal(
            ["searches one", "searches two", "similar two"],
            figures.Select(static one => $"{one.GetProperty("stream")} {one.GetProperty("phase")}"));
        Assert.Equal([100, 200], figures[..2].Select(static one => one.GetProperty("run").GetProperty("due").GetInt64()));
        Assert.All(figures, static one => Assert.Equal(
            one.GetProperty("run").GetProperty("due").GetInt64(), one.GetProperty("run").GetProperty("answered").GetInt64()));
        Assert.All(figures[..2], static one => Assert.InRange(one.GetProperty("run").GetProperty("recall").GetDouble(), 0.9, 1));
        Assert.Equal([20, 20, 0], figures.Select(static one => one.GetProperty("recall_samples").GetInt32()));
        Assert.Equal(1, figures[1].GetProperty("run").GetProperty("first_second").GetDouble());
        string html = File.ReadAllText(page);
        Assert.Contains("data-series", html);
        Assert.Contains("two from 1 s", html);
        await PageInBrowser.RequireSoundAsync("load --scenario", page, 4);
    }

    [Fact]
    public async Task AnInterruptedScenarioReportsWhatItMeasured()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);
        using CancellationTokenSource stop = new();
        stop.CancelAfter(TimeSpan.FromSeconds(1));

        string longer = Write(Small.Replace("\"seconds\": 1", "\"seconds\": 60", StringComparison.Ordinal));

        ToolRun run = (await LoadAsync(server, longer, stop.Token, "--let", "k=v", "--report", _folder["page.html"], "--json"))
            .Expect(ExitCodes.Cancelled);

        Assert.True(run.Json.GetProperty("ended_early").GetBoolean());
        Assert.Contains("page.html is not written", run.Error);
        Assert.Empty(Directory.EnumerateFiles(_folder.Root, "page*"));
    }

    [Fact]
    public async Task TextsSayWhatWasMeasured()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        ToolRun run = (await LoadAsync(server, Write(Small), "--let", "k=v", "--scale", "0.5")).Expect(0);

        Assert.Contains("scenario small", run.Out);
        Assert.Contains("searches, two", run.Out);
        Assert.Contains("verdict, similar, two: ", run.Out);
    }

    [Fact]
    public async Task WritesToAnIndexThatTakesNoneAreRefusedBeforeTheLoad()
    {
        await using RunningServer server = await RunningServer.StartAsync(samples);

        (await LoadAsync(server, "churn")).ExpectRefusal("stream 'upserts'");
    }

    [Theory]
    [InlineData("\"warm_up_s\": 0.2", "\"warmup\": 1", "no member 'warmup'")]
    [InlineData("\"rate\": 40, ", "", "rate")]
    [InlineData("\"rate\": 40", "\"rate\": 0", "streams: similar: rate: 0 was found; above 0, to 1000000 was expected")]
    [InlineData("\"kind\": \"recommend\"", "\"kind\": \"like\"", "'like' was found; one of search, text, recommend")]
    [InlineData("[ \"two\" ]", "[ \"three\" ]", "'three' was found; one of one, two")]
    [InlineData("\"similar\"", "\"searches\"", "the name 'searches' is there twice")]
    [InlineData("\"ef\": 200", "\"ef\": 5", "ef: 5 was found; 0, or at least k")]
    [InlineData("\"name\": \"small\"", "\"name\": \"${other}\"", "${other} is used, and variables has no 'other'")]
    [InlineData("\"name\": \"small\"", "\"name\": \"${k}\"", "needs --let k=")]
    [InlineData("\"seconds\": 1,", "\"seconds\": \"long\",", "line 4")]
    public void FaultsAreNamed(string good, string bad, string expected)
    {
        Assert.Contains(good, Small);
        string path = Write(Small.Replace(good, bad, StringComparison.Ordinal));

        AnnException fault = Assert.Throws<AnnException>(() => ScenarioReader.Read(Tool(), path, new Dictionary<string, string>()));

        Assert.Contains(expected, fault.Message);
    }

    [Fact]
    public void VariablesThatAScenarioLacksAreRefused()
    {
        AnnException fault = Assert.Throws<AnnException>(
            () => ScenarioReader.Read(Tool(), Write(Small), new Dictionary<string, string> { ["m"] = "1" }));

        Assert.Contains("these variables: k, unused", fault.Message);
    }

    [Fact]
    public async Task WhatComesWithTheToolCanBeReadAndPrinted()
    {
        Assert.Equal(["ads", "churn", "home-feed", "item-to-item", "overload", "promotion", "text-search"], ScenarioReader.Names);
        foreach (string name in ScenarioReader.Names)
        {
            string[] needed = name switch
            {
                "ads" => ["active"],
                "item-to-item" => ["category"],
                "promotion" => ["file"],
                "text-search" => ["texts"],
                _ => [],
            };
            Assert.Equal(name, ScenarioReader.Read(Tool(), name, needed.ToDictionary(static one => one, static _ => "x")).Name);
            ToolRun printed = (await ToolRun.RunAsync("load", "--print-scenario", name)).Expect(0);
            Assert.Equal(ScenarioReader.Shipped(name), printed.Out);
        }
        (await ToolRun.RunAsync("load", "--print-scenario", "none")).ExpectRefusal("no scenario 'none' comes with ann");
    }

    [Fact]
    public async Task OptionsThatTheScenarioSaysAreRefused()
    {
        (await ToolRun.RunAsync("load", "--scenario", "churn", "--index", "x", "--k", "5")).ExpectRefusal("--k does not go with");
        (await ToolRun.RunAsync("load", "--scale", "2", "--index", "x")).ExpectRefusal("--scale goes with --scenario");
        (await ToolRun.RunAsync("load", "--scenario", "absent", "--index", "x")).ExpectRefusal("no scenario of that name comes with ann");
        (await ToolRun.RunAsync("load")).ExpectRefusal("--index is missing");
    }

    [Fact]
    public void RecallAgainstAnExactAnswerCountsTiesAndNothingTwice()
    {
        SearchResponse truth = new() { Keys = new KeyColumn { Numbers = { 1, 2, 3 } }, Scores = { 1f, 2f, 3f }, RowOffsets = { 0, 3 } };
        SearchResponse answer = new() { Keys = new KeyColumn { Numbers = { 1, 1, 9 } }, Scores = { 1f, 1f, 3f }, RowOffsets = { 0, 3 } };

        Assert.Equal(2.0 / 3, ExactSamples.Recall(answer, truth)!.Value, tolerance: 1e-9);
        Assert.Null(ExactSamples.Recall(answer, new SearchResponse { Keys = new KeyColumn(), RowOffsets = { 0, 0 } }));
    }

    private static ToolContext Tool() => new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };

    private string Write(string text)
    {
        File.WriteAllText(_folder["s.jsonc"], text);
        return _folder["s.jsonc"];
    }

    private Task<ToolRun> LoadAsync(RunningServer server, string scenario, params string[] more) =>
        LoadAsync(server, scenario, CancellationToken.None, more);

    private Task<ToolRun> LoadAsync(RunningServer server, string scenario, CancellationToken cancellation, params string[] more)
    {
        using VectorWriter writer = VectorFile.CreateWriter(PhysicalFileSystem.Instance, _folder["q.fbin"], 30, SampleIndexes.Dimension);
        for (int i = 0; i < 30; i++)
            writer.Write(samples.Rows[i]);
        writer.Commit();
        string[] target = ["--address", server.Host.Address, "--index", "plain", "--queries", _folder["q.fbin"]];
        return ToolRun.RunAsync(PhysicalFileSystem.Instance, cancellation, ["load", "--scenario", scenario, .. target, .. more]);
    }
}
