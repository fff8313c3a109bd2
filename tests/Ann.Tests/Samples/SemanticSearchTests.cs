using Ann.Encoding.Defaults;
using Ann.Tests.Server;

namespace Ann.Tests.Samples;

/// <summary>Goal: the sample of semantic search finds lines by what they mean, its own and those of a reader.</summary>
[Collection(typeof(ServerTests))]
public sealed class SemanticSearchTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-sample-");

    public SemanticSearchTests() => RequireEncoders();

    /// <summary>No word of the question is in the line, but for small ones.</summary>
    [Theory]
    [InlineData("my loaf burns on the outside", "Lower the oven by twenty degrees")]
    [InlineData("what to do when brushing teeth is not enough", "The dentist wants to see everyone")]
    public async Task ALineIsFoundByItsMeaning(string question, string line)
    {
        string output = await RunAsync(question);
        Assert.Contains(line, output.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheReadersLinesAreFound()
    {
        string file = Path.Combine(_folder.FullName, "mine.jsonl");
        await File.WriteAllLinesAsync(
            file, ["""{"id": 7, "text": "a cat sleeps on the sofa"}""", """{"id": 9, "text": "shares fell in Tokyo"}"""]);

        string[] lines = (await RunAsync("--file", file, "stock", "market")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(2, lines.Length);
        Assert.EndsWith("shares fell in Tokyo", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("a cat sleeps on the sofa", lines[1], StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Samples that need the trained encoders are run where they are.</summary>
    internal static void RequireEncoders() =>
        Assert.SkipUnless(BuiltInEncoder.All.All(static one => one.IsHere), "This build was made with -p:RealEncoders=false.");

    private static Task<string> RunAsync(params string[] words) =>
        SampleProcess.RunAsync("semantic-search", "Ann.Samples.SemanticSearch", words);
}
