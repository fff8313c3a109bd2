using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool.Pages;

namespace Ann.Tests.Tool.Judging;

/// <summary>Goal: <c>ann eval --interactions</c> tells by held-out events which answers are good.</summary>
public sealed class InteractionEvalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Six items along a line, three users: every figure can be computed by hand.</summary>
    [Fact]
    public async Task FiguresAreThoseOfTheirDefinitions()
    {
        string index = await BuildAsync("x", [("a", [6, 0]), ("b", [5, 0]), ("c", [4, 0]), ("d", [3, 0]), ("e", [2, 0]), ("f", [1, 0])]);
        string users = Vectors("users", [("u1", [1, 0]), ("u2", [1, 0]), ("u3", [1, 0])]);
        // u1 has seen a: is answered b, c. u2: a, b. u3 has seen b: a, c.
        string seen = Lines("seen.tsv", "user\titem\ttime", "u1\ta\t1", "u3\tb\t2", "x\tf\t3", "y\tf\t3", "z\tf\t4");
        string held = Lines("held.tsv", "u1\tc", "u2\ta", "u3\tnot there", "stranger\ta");

        JsonElement json = (await Eval(index, users, held, "--seen", seen, "--k", "2", "--ef", "10", "--json")).Expect(0).Json;

        Assert.Equal(3, json.GetProperty("users").GetInt32());
        Assert.Equal(1, json.GetProperty("users_without_vector").GetInt32());
        Assert.Equal(1, json.GetProperty("missing_items").GetInt32());
        JsonElement[] answers = [.. json.GetProperty("answers").EnumerateArray()];
        Assert.Equal(["exact", "ann ef 10", "popularity"], answers.Select(static one => one.GetProperty("answers").GetString()));
        foreach (JsonElement one in answers[..2])
        {
            Assert.Equal(2.0 / 3, one.GetProperty("hit_rate").GetDouble(), 12);
            Assert.Equal(((1 / Math.Log2(3)) + 1 + 0) / 3, one.GetProperty("ndcg").GetDouble(), 12);
            Assert.Equal((0.5 + 1 + 0) / 3, one.GetProperty("mrr").GetDouble(), 12);
            Assert.Equal(3.0 / 6, one.GetProperty("coverage").GetDouble(), 12);
            // Answered: b c, a b, a c, with 1 0 1 1 1 0 events, over 5 events of 6 items.
            Assert.Equal(4.0 / 6 / (5.0 / 6), one.GetProperty("popularity_bias").GetDouble(), 12);
        }
        // Popularity is f, then a and b with one event each, by key: u1 gets f b, u2 f a, u3 f a.
        Assert.Equal(1.0 / 3, answers[2].GetProperty("hit_rate").GetDouble(), 12);
        Assert.Equal(0.5 / 3, answers[2].GetProperty("mrr").GetDouble(), 12);
        Assert.False(json.TryGetProperty("hit_rate_per_recall_point", out _));
    }

    [Fact]
    public async Task AFormerGenerationStandsBesideAndThePageHasItsBars()
    {
        string index = await BuildAsync("x", [("a", [6, 0]), ("b", [5, 0]), ("c", [4, 0])]);
        string previous = await BuildAsync("old", [("a", [1, 0]), ("b", [5, 0]), ("c", [4, 0])]);
        string users = Vectors("users", [("u1", [1, 0])]);
        string held = Lines("held.tsv", "u1\ta");

        ToolRun run = (await Eval(
            index, users, held, "--previous", previous, "--k", "1", "--ef", "4", "--report", _folder["page.html"])).Expect(0);

        Assert.Contains("Without --seen", run.Error);
        Assert.Matches(@"exact +1\.0000 +1\.0000", run.Out);
        Assert.Matches(@"previous ef 4 +0\.0000", run.Out);
        string page = File.ReadAllText(_folder["page.html"]);
        foreach (string series in (string[])["exact", "ann ef 4", "previous ef 4"])
            Assert.Contains($"data-series='{series}'", page);
        await PageInBrowser.RequireSoundAsync("eval --interactions", _folder["page.html"], 6);
    }

    /// <summary>The shared two-tower set: 2,000 users, their true next item, and what they had before.</summary>
    [Fact]
    public async Task TheTwoTowerSetBeatsPopularity()
    {
        string folder = SharedData.Require("twotower-beauty");
        string vectors = SharedData.Require("twotower-beauty/users2000.fbin");
        string truth = SharedData.Require("twotower-beauty/users2000.true_next_item.u32");
        byte[] next = File.ReadAllBytes(truth);
        string held = Lines(
            "held.tsv", [.. Enumerable.Range(0, next.Length / 4).Select(i => $"{i}\t{BitConverter.ToUInt32(next, i * 4)}")]);
        // Line i of the file is user i + 1 with all items; the last one is what was held out.
        string seen = Lines(
            "seen.tsv",
            [
                .. File.ReadLines(SharedData.Require("twotower-beauty/Beauty.txt")).Select(static line => line.Split(' '))
                    .SelectMany(static fields => fields[1..^1].Select(item => $"{int.Parse(fields[0]) - 1}\t{item}")),
            ]);
        (string items, string index) = (_folder["items.npy"], _folder["items.ann"]);
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["ids.ibin"], 1, [.. Enumerable.Range(0, 12_103)]);
        (await ToolRun.RunAsync(
            "encode", "--input", _folder["ids.ibin"], "--output", items, "--encoder", Path.Combine(folder, "Beauty.item.onnx")))
            .Expect(0);
        (await ToolRun.RunAsync("build", "--input", items, "--metric", "ip", "--output", index)).Expect(0);

        ToolRun run = (await Eval(index, vectors, held, "--seen", seen, "--k", "10", "--ef", "10,20,256", "--json")).Expect(0);

        JsonElement[] answers = [.. run.Json.GetProperty("answers").EnumerateArray()];
        TestContext.Current.SendDiagnosticMessage(run.Out);
        // Of these users 33 and 14 are hit: so NumPy has it by brute force in double precision, from the same files.
        double exact = answers[0].GetProperty("hit_rate").GetDouble();
        double popularity = answers[^1].GetProperty("hit_rate").GetDouble();
        Assert.Equal(33.0 / 2000, exact, 12);
        Assert.Equal(14.0 / 2000, popularity, 12);
        Assert.True(answers[^2].GetProperty("recall").GetDouble() > 0.99);
        Assert.True(answers[1].GetProperty("recall").GetDouble() < answers[^2].GetProperty("recall").GetDouble());
        Assert.True(run.Json.TryGetProperty("hit_rate_per_recall_point", out _));
    }

    [Fact]
    public async Task WhatCannotBeMeasuredIsRefused()
    {
        string index = await BuildAsync("x", [("a", [1, 0]), ("b", [0, 1])]);
        string users = Vectors("users", [("u1", [1, 0])]);

        (await Eval(index, users, Lines("bad.tsv", "u1\ta", "u1 a"))).ExpectRefusal("bad.tsv", "line 2", "found 'u1 a'");
        (await Eval(index, users, Lines("none.tsv", ""))).ExpectRefusal("holds no events");
        (await Eval(index, users, Lines("other.tsv", "u2\ta"))).ExpectRefusal("none of its users is among the keys");
        (await ToolRun.RunAsync("eval", "--index", index, "--queries", users, "--seen", "x"))
            .ExpectRefusal("--seen belongs to --interactions");
        (await ToolRun.RunAsync("eval", "--interactions", "x", "--queries", users)).ExpectRefusal("an index file with --index");
    }

    private static Task<ToolRun> Eval(string index, string users, string held, params string[] more) =>
        ToolRun.RunAsync(["eval", "--index", index, "--queries", users, "--interactions", held, .. more]);

    private async Task<string> BuildAsync(string name, (string Key, float[] Row)[] items)
    {
        string vectors = Vectors(name, items);
        (await ToolRun.RunAsync("build", "--input", vectors, "--metric", "ip", "--output", _folder[name + ".ann"])).Expect(0);
        return _folder[name + ".ann"];
    }

    private string Vectors(string name, (string Key, float[] Row)[] rows) => Lines(
        name + ".jsonl", [.. rows.Select(static row => JsonSerializer.Serialize(new { id = row.Key, vector = row.Row }))]);

    private string Lines(string name, params string[] lines)
    {
        File.WriteAllLines(_folder[name], lines);
        return _folder[name];
    }
}
