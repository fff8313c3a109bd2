using System.Globalization;
using System.Text.Json;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool;

namespace Ann.Tests.Bench;

/// <summary>The table of filters from the command line to the page: made masks, and filters as a request has them.</summary>
public sealed class FiltersTests
{
    private const int Rows = 400;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryCellIsMeasuredAndRight(bool asRequests)
    {
        using TemporaryFolder folder = new();
        string index = await BuildAsync(folder);
        string[] columns = asRequests ? ["--columns", "category,uniform"] : [];

        ToolRun run = await BenchRun.RunAsync(
            ["filters", "--index", index, "--queries", Path.Combine(folder["set"], "query.fbin"), "--query-count", "4", "--rounds", "1",
                "--warm-up-ms", "0", "--shapes", "opposed,both", "--json", folder["filters.json"], "--report", folder["filters.html"],
                .. columns]);

        Assert.True(run.Code is 0 or 1, run.Error); // 1: too slow, which so few rows say nothing of
        JsonElement[] cells =
            [.. JsonDocument.Parse(File.ReadAllText(folder["filters.json"])).RootElement.GetProperty("cells").EnumerateArray()];
        Assert.Equal(2 * 8 * 2, cells.Length);
        foreach (JsonElement cell in cells)
        {
            Assert.True(cell.GetProperty("recall").GetDouble() >= 0.95, cell.ToString());
            Assert.False(cell.GetProperty("is_short").GetBoolean(), cell.ToString());
            double share = cell.GetProperty("selectivity").GetDouble() / 100;
            Assert.InRange(cell.GetProperty("matching").GetDouble(), share * Rows - 30, share * Rows + 30);
            bool isTold = cell.TryGetProperty("cold_us", out JsonElement cold) && cold.ValueKind == JsonValueKind.Number;
            Assert.Equal(asRequests, isTold);
        }
        Assert.Contains("keep the promise", run.Out);
        Assert.Contains("cold us", File.ReadAllText(folder["filters.html"]));
    }

    [Fact]
    public async Task WrongColumnsAreRefused()
    {
        using TemporaryFolder folder = new();
        string index = await BuildAsync(folder);
        string queries = Path.Combine(folder["set"], "query.fbin");

        (await BenchRun.RunAsync("filters", "--index", index, "--queries", queries, "--columns", "category"))
            .ExpectRefusal("--columns is 'category'");
        (await BenchRun.RunAsync("filters", "--index", index, "--queries", queries, "--columns", "colour,uniform"))
            .ExpectRefusal("attribute 'colour' is unknown");
        (await BenchRun.RunAsync("filters", "--index", index, "--queries", queries, "--columns", "uniform,uniform"))
            .ExpectRefusal("attribute 'uniform' is not an int64");
    }

    private static async Task<string> BuildAsync(TemporaryFolder folder)
    {
        (await BenchRun.RunAsync(
            "gen", "--rows", $"{Rows}", "--dim", "12", "--queries", "10", "--truth", "10", "--output", folder["set"])).Expect(0);
        string rows = Path.Combine(folder["set"], "base.fbin");
        Random random = new(5);
        string header = $"{{\"ann_attributes\":1,\"rows\":{Rows},\"attributes\":{{\"category\":\"int64\",\"uniform\":\"double\"}}}}";
        File.WriteAllLines(rows + ".attributes.jsonl", Enumerable.Range(0, Rows).Select(row => string.Create(
            CultureInfo.InvariantCulture, $"{{\"category\":{row % 7},\"uniform\":{random.NextDouble():F9}}}")).Prepend(header));
        (await ToolRun.RunAsync("build", "--input", rows, "--metric", "cosine", "--output", folder["x.ann"])).Expect(0);
        return folder["x.ann"];
    }
}
