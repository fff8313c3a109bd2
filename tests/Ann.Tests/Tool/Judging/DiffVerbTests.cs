using System.Text.Json;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool.Pages;

namespace Ann.Tests.Tool.Judging;

/// <summary>Goal: <c>ann diff</c> tells what moves between two files, and <c>ann verify</c> holds one to a floor.</summary>
public sealed class DiffVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Two generations of five items: b leaves, n comes in first, a and c change places.</summary>
    [Fact]
    public async Task FiguresAreThoseOfTheirDefinitions()
    {
        string a = await BuildAsync("a", [("a", [4, 0], "red"), ("b", [3, 0], "red"), ("c", [2, 0], "blue"), ("d", [1, 0], null)]);
        string b = await BuildAsync("b", [("n", [9, 0], "blue"), ("a", [2, 0], "red"), ("c", [3, 0], "blue"), ("d", [1, 0], null)]);
        string queries = Lines("q.jsonl", """{"id":"q","vector":[1,0]}""", """{"id":"r","vector":[2,0]}""");

        JsonElement json = (await Diff(a, b, queries, "--k", "3", "--json", "--min-overlap", "0.6")).Expect(0).Json;

        Assert.Equal(2.0 / 3, json.GetProperty("overlap").GetDouble(), 12); // a b c, then n c a
        Assert.Equal(0, json.GetProperty("same").GetDouble());
        Assert.Equal((2 + 1) / 2.0, json.GetProperty("rank_change").GetDouble(), 12); // a from 1 to 3, c from 3 to 2
        Assert.Equal(1, json.GetProperty("only_in_a").GetInt32());
        Assert.Equal(1, json.GetProperty("only_in_b").GetInt32());
        Assert.Equal(("n", 2, false), ItemOf(json.GetProperty("entered")[0]));
        Assert.Equal(("b", 2, false), ItemOf(json.GetProperty("left")[0]));
        // Distance is the negated product: of q a is 2 farther and c 1 nearer, of r twice that.
        Assert.Equal((2 - 1 + 4 - 2) / 4.0, json.GetProperty("distance_shift").GetProperty("mean").GetDouble(), 5);
        Assert.Equal(2, json.GetProperty("histogram")[6].GetProperty("queries").GetInt32());
        JsonElement red = json.GetProperty("values").EnumerateArray().Single(static one => one.GetProperty("value").GetString() == "red");
        Assert.Equal(2.0 / 3, red.GetProperty("share_a").GetDouble(), 12);
        Assert.Equal(1.0 / 3, red.GetProperty("share_b").GetDouble(), 12);
        Assert.Equal(-1.0 / 3, red.GetProperty("change").GetDouble(), 12);
    }

    [Fact]
    public async Task OverlapBelowWhatWasAskedIsAFailedCheckAndThePageIsThere()
    {
        string a = await BuildAsync("a", [("a", [4, 0], "red"), ("b", [3, 0], "red")]);
        string b = await BuildAsync("b", [("a", [4, 0], "red"), ("n", [3, 0], null)]);
        string queries = Lines("q.jsonl", """{"id":"q","vector":[1,0]}""");

        ToolRun run = (await Diff(
            a, b, queries, "--k", "2", "--exact", "--min-overlap", "0.75", "--report", _folder["page.html"])).Expect(1);

        Assert.Contains("is 0.5000; 0.75 was asked for", run.Error);
        Assert.Contains("color = (none)", run.Out);
        Assert.Contains("n (1, not in A)", run.Out);
        string page = File.ReadAllText(_folder["page.html"]);
        Assert.Contains("data-series='queries'", page);
        Assert.Contains("data-series='A, a.ann'", page);
        Assert.Contains("Entered most answers", page);
        await PageInBrowser.RequireSoundAsync("diff", _folder["page.html"], 3);
    }

    [Fact]
    public async Task AFileIsTheSameAsItself()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 500);
        string queries = SampleVectors.Write(_folder, "q.fbin", 20, seed: 2);

        JsonElement json = (await Diff(index, index, queries, "--json", "--min-overlap", "1")).Expect(0).Json;

        Assert.Equal(1, json.GetProperty("same").GetDouble());
        Assert.Equal(20, json.GetProperty("histogram")[10].GetProperty("queries").GetInt32());
        Assert.False(json.TryGetProperty("values", out _));
    }

    [Fact]
    public async Task VerifyHoldsAFileToAFloor()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 2_000);

        ToolRun sound = (await ToolRun.RunAsync("verify", index, "--min-recall", "0.5", "--k", "100", "--report", _folder["page.html"]))
            .Expect(0);
        ToolRun json = (await ToolRun.RunAsync("verify", index, "--min-recall", "0.5", "--json")).Expect(0);
        JsonElement[] points = [.. json.Json.GetProperty("recall").EnumerateArray()];
        double best = points.Where(static point => point.GetProperty("k").GetInt32() == 10)
            .MinBy(static point => Math.Abs(point.GetProperty("ef").GetInt32() - 256)).GetProperty("recall").GetDouble();

        Assert.Matches(@"ef +recall@10 +recall@100", sound.Out);
        Assert.Matches(@"ef +recall@10 +recall@100", (await ToolRun.RunAsync("info", index)).Expect(0).Out);
        Assert.Equal(0.5, json.Json.GetProperty("min_recall").GetDouble());
        Assert.Contains("data-series='recall@100'", File.ReadAllText(_folder["page.html"]));
        string one = await SampleVectors.BuildAsync(_folder, "one", 1);
        ToolRun none = (await ToolRun.RunAsync("verify", one, "--min-recall", "0.5")).Expect(1);
        Assert.Contains("has no recall@10; 0.5 was demanded", none.Error);
        if (best < 1)
        {
            ToolRun low = (await ToolRun.RunAsync("verify", index, "--min-recall", "1")).Expect(1);
            Assert.Contains($"recall@10 is {best:0.0000} at ef", low.Error);
            Assert.Contains("1 was demanded", low.Error);
        }
        (await ToolRun.RunAsync("verify", index, "--min-recall", "98")).ExpectRefusal("--min-recall is 98; it must be 0 to 1");
        (await ToolRun.RunAsync("verify", index, "--k", "20")).ExpectRefusal("--k is '20'; it must be one of 10, 100");
        await PageInBrowser.RequireSoundAsync("verify", _folder["page.html"], 6);
    }

    [Fact]
    public async Task WhatCannotBeComparedIsRefused()
    {
        string wide = await SampleVectors.BuildAsync(_folder, "wide", 50);
        string narrow = await BuildAsync("narrow", [("a", [4, 0], null)]);
        string queries = SampleVectors.Write(_folder, "q.fbin", 3, seed: 2);

        (await Diff(wide, narrow, queries)).ExpectRefusal("the queries have dimension 16;", "narrow.ann has 2");
        (await Diff(wide, narrow, queries, "--queries-b", Lines("b.jsonl", """{"id":"q","vector":[1,0]}""")))
            .ExpectRefusal("as many queries for both", "found 3 and 1");
        (await Diff(wide, _folder["gone.ann"], queries)).ExpectRefusal("gone.ann");
    }

    private static (string, int, bool) ItemOf(JsonElement item) =>
        (item.GetProperty("key").GetString()!, item.GetProperty("queries").GetInt32(), item.GetProperty("in_both").GetBoolean());

    private static Task<ToolRun> Diff(string a, string b, string queries, params string[] more) =>
        ToolRun.RunAsync(["diff", a, b, "--queries", queries, .. more]);

    private async Task<string> BuildAsync(string name, (string Key, float[] Row, string? Color)[] items)
    {
        string vectors = Lines(
            name + ".jsonl",
            [.. items.Select(static item => JsonSerializer.Serialize(new { id = item.Key, vector = item.Row, color = item.Color }))]);
        (await ToolRun.RunAsync(
            "build", "--input", vectors, "--metric", "ip", "--output", _folder[name + ".ann"], "--attributes", "color:keyword")).Expect(0);
        return _folder[name + ".ann"];
    }

    private string Lines(string name, params string[] lines)
    {
        File.WriteAllLines(_folder[name], lines);
        return _folder[name];
    }
}
