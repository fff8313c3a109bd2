using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;
using Ann.Tests.Segments;
using Ann.Tests.Tool.Pages;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann eval</c> measures what its JSON says, and refuses what cannot be measured.</summary>
public sealed class EvalVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheJsonIsThatOfTheDesign()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 2_000);
        string queries = SampleVectors.Write(_folder, "q.fbin", 40, seed: 2);

        ToolRun run = (await Eval(index, queries, "--ef", "10,200", "--json", "--threads", "2", "--report", _folder["page.html"]))
            .Expect(0);

        JsonElement json = run.Json;
        Assert.Equal(index, json.GetProperty("index").GetString());
        Assert.Equal(10, json.GetProperty("k").GetInt32());
        Assert.Equal(40, json.GetProperty("queries").GetInt32());
        Assert.Equal("exact", json.GetProperty("truth").GetString());
        JsonElement[] runs = [.. json.GetProperty("runs").EnumerateArray()];
        Assert.Equal([10, 200], runs.Select(one => one.GetProperty("ef").GetInt32()));
        foreach (JsonElement one in runs)
        {
            Assert.InRange(one.GetProperty("recall").GetDouble(), 0.5, 1);
            foreach (string name in new[] { "qps", "mean_us", "p50_us", "p99_us", "visited" })
                Assert.True(one.GetProperty(name).GetDouble() > 0, name);
            Assert.True(one.GetProperty("p50_us").GetDouble() <= one.GetProperty("p99_us").GetDouble());
        }
        Assert.True(runs[1].GetProperty("recall").GetDouble() >= 0.99);
        Assert.True(runs[1].GetProperty("visited").GetDouble() > runs[0].GetProperty("visited").GetDouble());
        await PageInBrowser.RequireSoundAsync("eval", _folder["page.html"], 2);
    }

    [Fact]
    public async Task TheTruthThatWasComputedCanBeKeptAndUsed()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 1_000, "cosine");
        string queries = SampleVectors.Write(_folder, "q.npy", 20, seed: 2);

        ToolRun exact = (await Eval(index, queries, "--ef", "100", "--write-truth", _folder["t.ibin"], "--json")).Expect(0);
        ToolRun fromFile = (await Eval(index, queries, "--ef", "100", "--truth", _folder["t.ibin"], "--json")).Expect(0);
        ToolRun tooFew = (await Eval(index, queries, "--ef", "100", "--k", "20", "--truth", _folder["t.ibin"], "--json")).Expect(0);

        Assert.Equal(_folder["t.ibin"], fromFile.Json.GetProperty("truth").GetString());
        Assert.Equal(Recall(exact), Recall(fromFile));
        Assert.Equal("exact", tooFew.Json.GetProperty("truth").GetString());
        Assert.Contains("has fewer than 20 neighbours a query", tooFew.Error);
    }

    [Fact]
    public async Task ItemsThatTieWithTheLastTrueNeighbourCount()
    {
        // Twenty equal rows: any ten of them are the true ten, whatever the file names.
        string input = _folder.Write("x.fbin", Bytes(40u, 2u), Bytes([.. Enumerable.Range(0, 80).Select(i => i < 40 ? 1f : i)]));
        (await ToolRun.RunAsync("build", "--input", input, "--metric", "l2", "--output", _folder["x.ann"])).Expect(0);
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["t.ibin"], 10, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
        string query = _folder.Write("q.fbin", Bytes(1u, 2u), Bytes(1f, 1f));

        ToolRun run = (await Eval(_folder["x.ann"], query, "--ef", "40", "--truth", _folder["t.ibin"], "--json")).Expect(0);

        Assert.Equal(1.0, Recall(run));
    }

    /// <summary>Ten copies and one of 1,990 items that are equally far: whoever gets eleven of those has one right, not eleven.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public async Task TiesDoNotMakeUpForNearerItemsThatAreMissing(int k)
    {
        float[][] rows = CertificateTests.OneHot(2000, 200);
        string input = _folder.Write("x.fbin", Bytes(2000u, 200u), Bytes([.. rows.SelectMany(static row => row)]));
        string queries = _folder.Write("q.fbin", Bytes(200u, 200u), Bytes([.. rows.Take(200).SelectMany(static row => row)]));
        (await ToolRun.RunAsync("build", "--input", input, "--metric", "cosine", "--output", _folder["x.ann"])).Expect(0);
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["x.ann"]);
        double right = 0;
        Neighbor[] found = new Neighbor[k];
        for (int query = 0; query < 200; query++)
        {
            segment.Search(rows[query], new SearchParameters(k, k), SearchBudget.Unlimited, found, out _);
            int copies = found.Count(result => result.Node % 200 == query);
            right += Math.Min(copies, 10) + Math.Min(k - copies, k - 10);
        }

        string[] options = ["--k", $"{k}", "--ef", $"{k}", "--json"];
        ToolRun exact = (await Eval(_folder["x.ann"], queries, [.. options, "--write-truth", _folder["t.ibin"]])).Expect(0);
        ToolRun file = (await Eval(_folder["x.ann"], queries, [.. options, "--truth", _folder["t.ibin"]])).Expect(0);

        Assert.Equal(right / 200 / k, Recall(exact), tolerance: 1e-9);
        Assert.Equal(right / 200 / k, Recall(file), tolerance: 1e-9);
    }

    [Fact]
    public async Task ATruthOfOtherDataIsPointedOut()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 1_000);
        string queries = SampleVectors.Write(_folder, "q.fbin", 5, seed: 2);
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder["t.ibin"], 10, [.. Enumerable.Range(0, 50)]);

        ToolRun run = (await Eval(index, queries, "--ef", "100", "--truth", _folder["t.ibin"])).Expect(0);

        Assert.Contains("a nearer item that is not among the true neighbours", run.Error);
    }

    [Fact]
    public async Task ATruthOfTheFirstQueriesMeasuresThose()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 500);
        string queries = SampleVectors.Write(_folder, "q.fbin", 12, seed: 2);
        string first = SampleVectors.Write(_folder, "f.fbin", 5, seed: 2);
        (await Eval(index, first, "--ef", "100", "--write-truth", _folder["t.ibin"])).Expect(0);

        ToolRun run = (await Eval(index, queries, "--ef", "100", "--truth", _folder["t.ibin"], "--json")).Expect(0);

        Assert.Equal(5, run.Json.GetProperty("queries").GetInt32());
        Assert.Contains("covers the first 5 of 12 queries", run.Error);
        (await Eval(index, _folder["f.fbin"], "--ef", "100", "--truth", Ibin("more.ibin", 6, 10))).ExpectRefusal("6 queries; there are 5");
    }

    [Fact]
    public async Task RecallBelowTheTargetIsAFailedCheck()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 3_000);
        string queries = SampleVectors.Write(_folder, "q.fbin", 50, seed: 2);

        (await Eval(index, queries, "--ef", "10,300", "--min-recall", "0.99")).Expect(0);
        ToolRun run = (await Eval(index, queries, "--ef", "10", "--min-recall", "1", "--json")).Expect(1);

        Assert.Equal(1, run.Json.GetProperty("min_recall").GetDouble());
        Assert.Contains("1 was asked for", run.Error);
        (await Eval(index, queries, "--min-recall", "95")).ExpectRefusal("--min-recall is 95; it must be 0 to 1");
        (await Eval(index, queries, "--min-recall", "high")).ExpectRefusal("high");
    }

    [Fact]
    public async Task WhatCannotBeMeasuredIsRefused()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 50);
        string queries = SampleVectors.Write(_folder, "q.fbin", 5, seed: 2);
        string narrow = _folder.Write("narrow.fbin", Bytes(1u, 2u), Bytes(1f, 2f));

        (await Eval(index, queries, "--ef", "9")).ExpectRefusal("--ef holds '9'; each must be k (10) to");
        (await Eval(index, queries, "--ef", "")).ExpectRefusal("--ef is empty");
        (await Eval(index, queries, "--ef", "100", "--k", "51")).ExpectRefusal("--k is 51", "holds 50 items");
        (await Eval(index, queries, "--k", "0")).ExpectRefusal("--k is 0; it must be 1 to 10000");
        (await Eval(index, narrow)).ExpectRefusal("narrow.fbin: the queries have dimension 2;", "has 16");
        (await Eval(index, queries, "--truth", Ibin("t.ibin", 5, 10, value: 50)))
            .ExpectRefusal("t.ibin: row 0: neighbour 50 is no row", "has 50");
        (await Eval(queries, queries)).ExpectRefusal("q.fbin");
    }

    private static double Recall(ToolRun run) => run.Json.GetProperty("runs")[0].GetProperty("recall").GetDouble();

    private static Task<ToolRun> Eval(string index, string queries, params string[] more) =>
        ToolRun.RunAsync(["eval", "--index", index, "--queries", queries, .. more]);

    private string Ibin(string name, int rows, int columns, int value = 0)
    {
        VectorFile.WriteIbin(PhysicalFileSystem.Instance, _folder[name], columns, [.. Enumerable.Repeat(value, rows * columns)]);
        return _folder[name];
    }
}
