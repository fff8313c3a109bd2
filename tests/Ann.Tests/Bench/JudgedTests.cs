using System.Text.Json;
using Ann.Core;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool;
using Ann.Tool.Judged;

namespace Ann.Tests.Bench;

/// <summary>Goal: a collection is read as it is, and both layouts are scored alike.</summary>
public sealed class JudgedTests
{
    private static readonly string[] Texts =
        ["red wooden chair", "blue sofa", "black desk lamp", "garden hose", "steel kettle", "woollen blanket"];

    [Fact]
    public async Task BothLayoutsGiveOneAnswer()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["beir/qrels"]);
        Directory.CreateDirectory(folder["slashed"]);
        string[] many = [.. Texts, .. Enumerable.Range(0, 200).Select(i => $"filler number {i}")];
        File.WriteAllLines(
            folder["beir/corpus.jsonl"], many.Select((text, i) => JsonSerializer.Serialize(new { _id = $"{i + 1}", title = "", text })));
        File.WriteAllLines(folder["beir/queries.jsonl"], ["""{"_id": "1", "text": "blue sofa"}""", """{"_id": "2", "text": "kettle"}"""]);
        File.WriteAllText(folder["beir/qrels/test.tsv"], "query-id\tcorpus-id\tscore\n1\t2\t1\n2\t5\t1\n2\t6\t1\n");
        File.WriteAllText(
            folder["slashed/doc-text"], string.Concat(many.Select((text, i) => $"{i + 1}\n{text.Replace(" ", "\n")}\n   /\n")));
        File.WriteAllText(folder["slashed/query-text"], "1\nblue sofa\n/\n2\nkettle\n/\n");
        File.WriteAllText(folder["slashed/rlv-ass"], "\n1\n   2\n   /\n2\n   5     6\n   /\n");

        ToolRun run = (await BenchRun.RunAsync(
            "judged", "--collection", folder["beir"], "--collection", folder["slashed"], "--encoders", "default",
            "--json", folder["judged.json"])).Expect(0);

        JsonElement[] cells = [.. JsonDocument.Parse(File.ReadAllText(folder["judged.json"])).RootElement.EnumerateArray()];
        Assert.Equal(["beir", "slashed"], cells.Select(cell => cell.GetProperty("collection").GetString()));
        Assert.Equal(cells[0].GetProperty("exact").GetRawText(), cells[1].GetProperty("exact").GetRawText());
        Assert.Equal(2, cells[0].GetProperty("queries").GetInt32());
        Assert.True(cells[0].GetProperty("exact").GetProperty("ndcg").GetDouble() > 0.7, run.Out);
        Assert.Contains("slashed", run.Out);
    }

    [Fact]
    public void AFolderOfNeitherLayoutIsNamed()
    {
        using TemporaryFolder folder = new();

        AnnException failure = Assert.Throws<AnnException>(() => JudgedCollection.ReadFolder(ToolRun.World, folder.Root));

        Assert.Equal(AnnError.NotFound, failure.Error);
        Assert.Contains("expected corpus.jsonl, or doc-text", failure.Message);
    }

    [Fact]
    public void ALineThatIsNoJudgementIsNamed()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["qrels"]);
        File.WriteAllText(folder["corpus.jsonl"], """{"_id": "1", "text": "a"}""");
        File.WriteAllText(folder["queries.jsonl"], """{"_id": "1", "text": "a"}""");
        File.WriteAllText(folder["qrels/test.tsv"], "1\t1\t1\n1\t1\tmuch\n");

        AnnException failure = Assert.Throws<AnnException>(() => JudgedCollection.ReadFolder(ToolRun.World, folder.Root));

        Assert.Contains("qrels/test.tsv", failure.Message);
        Assert.Contains("line 2", failure.Message);
    }
}
