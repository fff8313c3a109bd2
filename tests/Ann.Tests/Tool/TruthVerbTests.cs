using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann truth</c> writes the nearest rows of a file or an index, of those that a filter takes, or nothing.</summary>
public sealed class TruthVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FileAndIndexGiveTheSameAndEvalTakesIt()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 3_000);
        string queries = SampleVectors.Write(_folder, "q.fbin", 50, seed: 2);

        ToolRun ofFile = (await Truth(_folder["x.fbin"], queries, _folder["a.ibin"], "--distances", _folder["a.fbin"], "--json")).Expect(0);
        (await Truth(index, queries, _folder["b.ibin"])).Expect(0);

        Assert.Equal(3000, ofFile.Json.GetProperty("candidates").GetInt64());
        Assert.Equal(File.ReadAllBytes(_folder["a.ibin"]), File.ReadAllBytes(_folder["b.ibin"]));
        using VectorReader distances = VectorFile.OpenReader(PhysicalFileSystem.Instance, _folder["a.fbin"]);
        float[] row = new float[10];
        distances.ReadRows(row);
        Assert.Equal(row.Order(), row);
        ToolRun eval = (await ToolRun.RunAsync(
            "eval", "--index", index, "--queries", queries, "--truth", _folder["a.ibin"], "--ef", "3000", "--json")).Expect(0);
        Assert.Equal(1.0, eval.Json.GetProperty("runs")[0].GetProperty("recall").GetDouble());
    }

    [Fact]
    public async Task AFilterLeavesRowsOut()
    {
        string[] lines = [.. Enumerable.Range(0, 60).Select(static i => $$"""{"id": {{i}}, "vector": [{{i}}, 1], "price": {{i}}}""")];
        await File.WriteAllLinesAsync(_folder["x.jsonl"], lines, TestContext.Current.CancellationToken);
        string[] query = ["{\"id\": 0, \"vector\": [0, 1]}"];
        await File.WriteAllLinesAsync(_folder["q.jsonl"], query, TestContext.Current.CancellationToken);
        string[] filter = ["--attributes", "price:int64", "--filter", "price >= 40"];

        ToolRun run = (await Truth(_folder["x.jsonl"], _folder["q.jsonl"], _folder["t.ibin"], [.. filter, "--json"])).Expect(0);
        ToolRun tooMany = await ToolRun.RunAsync(
            ["truth", "--base", _folder["x.jsonl"], "--queries", _folder["q.jsonl"], "--metric", "l2", "--k", "21", "--output",
                _folder["u.ibin"], .. filter]);
        ToolRun keys = await Truth(
            _folder["x.jsonl"], _folder["q.jsonl"], _folder["u.ibin"], "--attributes", "price:int64", "--filter", "key = 3");

        Assert.Equal(20, run.Json.GetProperty("candidates").GetInt64());
        using IntegerReader truth = VectorFile.OpenIntegers(PhysicalFileSystem.Instance, _folder["t.ibin"]);
        long[] rows = new long[10];
        truth.ReadRows(rows);
        Assert.Equal(Enumerable.Range(40, 10).Select(static i => (long)i), rows);
        tooMany.ExpectRefusal("--k is 21", "the filter takes 20 rows");
        keys.ExpectRefusal("--filter", "clause of keys");
        Assert.False(File.Exists(_folder["u.ibin"]));
    }

    [Fact]
    public async Task WhatCannotBeSearchedIsRefused()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 300);
        string queries = SampleVectors.Write(_folder, "q.fbin", 5, seed: 2);

        (await ToolRun.RunAsync("truth", "--base", index, "--queries", queries, "--metric", "ip", "--output", _folder["t.ibin"]))
            .ExpectRefusal("--metric is ip", "built for l2");
        (await Truth(_folder["x.fbin"], queries, _folder["t.ibin"], "--filter", "price > 3")).ExpectRefusal("--filter", "has none");
        (await Truth(_folder["x.fbin"], queries, _folder["t.txt"])).ExpectRefusal(".ibin");
    }

    private static Task<ToolRun> Truth(string rows, string queries, string output, params string[] more) => ToolRun.RunAsync(
        ["truth", "--base", rows, "--queries", queries, "--metric", "l2", "--k", "10", "--output", output, .. more]);
}
