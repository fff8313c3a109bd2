using System.Text.RegularExpressions;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Embedded;

namespace Ann.Tests.House;

/// <summary>Goal: the C# of the README compiles, runs, and does what it says.</summary>
public sealed partial class ReadmeSampleTests : IDisposable
{
    private const int MostLines = 15;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ann-readme-");

    [Fact]
    public async Task TheSampleRuns()
    {
        string path = Path.Combine(_root.FullName, "shop");
        // begin of the sample
        AttributeField[] fields = [new("brand", AttributeType.Keyword), new("price", AttributeType.Double)];
        AnnIndexSchema schema = new() { Dimension = 3, Metric = Metric.Cosine, HasStringKeys = true, Attributes = fields };
        await using AnnIndex index = await AnnIndex.CreateAsync(path, schema); // later AnnIndex.Open(path), which takes .ann files too
        await index.UpsertAsync([
            new AnnItem("sku-1", new[] { 0.9f, 0.1f, 0f }) { ["brand"] = "acme", ["price"] = 19.9 },
            new AnnItem("sku-3", new[] { 0.5f, 0.5f, 0f }) { ["brand"] = "acme", ["price"] = 45 }]);
        Filter cheap = new Filter.AllOf([new Filter.KeywordIn("brand", ["acme"]), new Filter.Between("price", null, new(null, 30))]);
        SearchResults found = index.Search([1f, 0f, 0f], k: 10, new SearchOptions { Filter = cheap, Attributes = ["price"] });
        Console.WriteLine($"{found[0].Key}: cosine {found[0].Score:0.00}, price {found[0]["price"]}"); // sku-1: cosine 0.99, price 19.9
        await index.UpdateAsync([new AnnItemUpdate("sku-3") { ["price"] = 25 }]); // the vector stays
        await index.DeleteAsync(["sku-1"]); // on disk, and seen by the next search
        // end of the sample

        SearchResult only = Assert.Single(found);
        Assert.Equal("sku-1: cosine 0.99, price 19.9", $"{only.Key}: cosine {only.Score:0.00}, price {only["price"]}");
        only = Assert.Single(index.Search([1f, 0f, 0f], k: 10, new SearchOptions { Filter = cheap, Attributes = ["price"] }));
        Assert.Equal(("sku-3", 25.0), (only.Key.Text, only["price"]));
    }

    [Fact]
    public void TheReadmeShowsTheSample()
    {
        string readme = File.ReadAllText(Path.Combine(TidyTests.Root, "README.md"));
        string source = File.ReadAllText(Path.Combine(TidyTests.Root, "tests", "Ann.Tests", "House", "ReadmeSampleTests.cs"));
        string block = Assert.Single(CodeBlock().Matches(readme)).Groups[1].Value;
        string[] shown = [.. block.Split('\n').Where(static line => line.Length > 0)];
        Assert.True(shown.Length <= MostLines, $"The README's sample takes {shown.Length} lines; at most {MostLines} were expected.");

        string[] usings = [.. shown.TakeWhile(static line => line.StartsWith("using ", StringComparison.Ordinal))];
        Assert.All(usings, line => Assert.Contains(line + "\n", source, StringComparison.Ordinal));
        string[] run = [.. Sample().Match(source).Groups[1].Value.Split('\n').Where(static line => line.Trim().Length > 0)];
        Assert.Equal(run.Select(static line => line[8..]), shown[usings.Length..]);
    }

    public void Dispose() => _root.Delete(recursive: true);

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("^ +// begin of the sample\n(.*?)^ +// end of the sample", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Sample();
}
