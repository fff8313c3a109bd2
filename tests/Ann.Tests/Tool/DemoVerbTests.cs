using System.Text.Json;
using Ann.Tests.Encoding;
using Ann.Tool;
using Ann.Tool.Demo;

namespace Ann.Tests.Tool;

/// <summary>Goal: the demonstration does the whole main job, and its catalogue is one that a person can judge results by.</summary>
public sealed class DemoVerbTests
{
    [Fact]
    public async Task TheWholePathEndsWithOneJsonDocument()
    {
        ToolRun run = (await ToolRun.RunAsync("demo", "--once", "--items", "3000", "--json")).Expect(0);

        JsonElement json = run.Json;
        Assert.Equal(3000, json.GetProperty("items").GetInt32());
        Assert.True(json.GetProperty("recall_at_10").GetDouble() >= 0.98, run.Out);
        foreach (string name in new[] { "qps", "p50_us", "p99_us" })
            Assert.True(json.GetProperty(name).GetDouble() > 0, name);
        JsonElement[] queries = [.. json.GetProperty("queries").EnumerateArray()];
        Assert.True(queries.Length >= 10);
        Assert.All(queries, query => Assert.Equal(5, query.GetProperty("results").GetArrayLength()));
        foreach (string text in new[] { "wireless mouse", "wireles mouse" })
        {
            JsonElement best = queries.Single(query => query.GetProperty("text").GetString() == text).GetProperty("results")[0];
            Assert.Contains("mouse", best.GetProperty("title").GetString());
            Assert.True(best.GetProperty("price").GetDecimal() > 0);
            Assert.StartsWith("COM-", best.GetProperty("key").GetString());
        }
    }

    [Fact]
    public async Task TheTextTellsHowToGoOn()
    {
        ToolRun run = (await ToolRun.RunAsync("demo", "--once", "--items", "200")).Expect(0);

        Assert.Contains("recall@10", run.Out);
        Assert.Contains("grpcurl -plaintext", run.Out);
    }

    [Fact]
    public async Task ACancelledDemoLeavesNothing()
    {
        using TemporaryFolder own = new();
        ToolContext world = new()
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            CacheDirectory = ToolRun.CacheDirectory,
            TemporaryDirectory = own.Path,
        };

        (await ToolRun.RunAsync(world, new CancellationToken(canceled: true), "demo", "--once", "--items", "200")).Expect(130);

        Assert.Empty(Directory.GetFileSystemEntries(own.Path));
    }

    [Fact]
    public void TheCatalogueRepeatsAndItsTitlesDoNot()
    {
        List<Product> products = ProductCatalogue.Generate(20_000, seed: 1);

        Assert.Equal(products, ProductCatalogue.Generate(20_000, seed: 1));
        Assert.NotEqual(products, ProductCatalogue.Generate(20_000, seed: 2));
        Assert.Equal(20_000, products.DistinctBy(product => product.Title).Count());
        Assert.Equal(20_000, products.DistinctBy(product => product.Key).Count());
        Assert.True(products.DistinctBy(product => product.Category).Count() >= 12);
        Assert.True(Departments.All.Sum(department => department.Types.Length) >= 40);
        Assert.All(products, product => Assert.InRange(product.PriceInCents, 400, 100_000));
    }

    [Fact]
    public void MeasuredQueriesRepeatAndSomeAreMisspelt()
    {
        List<Product> products = ProductCatalogue.Generate(1_000, seed: 1);
        HashSet<string> words = [.. products.SelectMany(product => product.Title.ToLowerInvariant().Replace(",", "").Split(' '))];

        List<string> queries = DemoQueries.Generate(products, 300, seed: 1);

        Assert.Equal(queries, DemoQueries.Generate(products, 300, seed: 1));
        int misspelt = queries.Count(query => !query.Split(' ').All(words.Contains));
        Assert.InRange(misspelt, 30, 150);
    }
}
