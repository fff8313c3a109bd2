using System.Text.RegularExpressions;
using Ann.Client;
using Ann.Tests.House;
using Ann.Tests.Server;

namespace Ann.Tests.Client;

/// <summary>Goal: the C# of engine/docs/client.md compiles and does what it says; the first sample is as short as promised.</summary>
[Collection(typeof(ServerTests))]
public sealed partial class ClientSampleTests(ShopServer shop) : IClassFixture<ShopServer>
{
    private const int MostLines = 8;

    private static readonly string Folder = Path.Combine(TidyTests.Root, "tests", "Ann.Tests", "Client");

    private static string[] Shown =>
    [
        .. CodeBlock().Matches(File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "client.md")))
            .Select(static one => one.Groups[1].Value),
    ];

    [Fact]
    public void TheDocumentShowsWhatIsCompiledHere()
    {
        string source = Spaces().Replace(File.ReadAllText(Path.Combine(Folder, "ClientSampleTests.cs")), " ");
        Assert.Equal(3, Shown.Length);
        Assert.InRange(Shown[0].Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, MostLines);
        string first = Shown[0].Replace("using Ann.Client;\n", "", StringComparison.Ordinal)
            .Replace("\"http://127.0.0.1:50051\"", "address", StringComparison.Ordinal)
            .Replace("new float[] { 0.9f, 0.1f, 0f }", "vector", StringComparison.Ordinal)
            .Replace("\"products\"", "\"shop\"", StringComparison.Ordinal)
            .Replace("Console.", "console.", StringComparison.Ordinal);
        foreach (string sample in new[] { first, Shown[1], Shown[2] })
            Assert.Contains(Spaces().Replace(sample, " ").Trim(), source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFirstSampleSearches()
    {
        string address = shop.Server.Host.Address;
        float[] vector = ShopServer.Query();
        StringWriter console = new();
        using AnnClient client = new(address);
        using SearchAnswer answer = await client.Index("shop").SearchAsync(vector, k: 10);
        foreach (AnswerHit hit in answer)
            console.WriteLine($"{hit.Key} {hit.Score:0.00}");
        ShopItem nearest = shop.Nearest("shop", vector)[0];
        Assert.StartsWith($"{nearest.Key} ", console.ToString(), StringComparison.Ordinal);
        Assert.Equal(10, answer.Count);
    }

    /// <summary>Compiled, and what it makes is looked at: this index has no such attributes.</summary>
    internal static async Task AsksForARankingAsync(IndexClient index, float[] user)
    {
        SearchQuery query = new()
        {
            Vectors = user,
            K = 500,
            RecallTarget = 0.98f,
            Filter = ItemFilter.In("market", "de", "at") & ItemFilter.Range("price", to: 99.5) & !ItemFilter.Is("sold_out", true),
            ExcludeSets = ["seen:user:42"],
            Caps = [("brand", 20)],
            Attributes = ["price"],
            Timeout = TimeSpan.FromMilliseconds(15),
        };
        using SearchAnswer answer = await index.SearchAsync(query);
        AnswerColumn price = answer.Column("price");
        foreach (AnswerHit hit in answer)
            Rank(hit.NumberKey, hit.Score, price.DoubleAt(hit.Position));

        static void Rank(ulong key, float score, double? price) => Assert.True(key > 0 || score > 0 || price > 0);
    }

    internal static async Task<WriteReport> WritesItemsAsync(IndexClient index, IAsyncEnumerable<SampleItem> items)
    {
        WriteReport report = await index.WriteAsync(
            ReadItems(),
            (batch, item) => batch.Add(item.Id, item.Vector).Set("brand", item.Brand).Set("price", item.Price));
        return report;

        IAsyncEnumerable<SampleItem> ReadItems() => items;
    }

    internal sealed record SampleItem(ulong Id, float[] Vector, string Brand, double Price);

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
