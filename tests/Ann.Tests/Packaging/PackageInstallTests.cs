using System.Text.RegularExpressions;
using Ann.Tests.House;
using Ann.Tests.Server;

namespace Ann.Tests.Packaging;

/// <summary>
/// Goal: who makes a new project, adds a package and pastes the C# of its README has a program that runs. The commands are those that a
/// user types; the first search takes at most eight lines.
/// </summary>
[Collection(typeof(ServerTests))]
public sealed partial class PackageInstallTests(LocalPackages packages, SampleIndexes samples) : IClassFixture<LocalPackages>
{
    private const int MostLines = 8;

    private static readonly Dictionary<string, string> Settings = new() { ["Ann__HeadRows"] = "256" };

    [Fact]
    public async Task TheEngineRunsInANewProgram() => Assert.Equal("sku-1 0.99\nsku-2 0.00\n", await RunAsync("Ann.Core", ""));

    /// <summary>One server for the three, since each needs one that has something to find.</summary>
    [Fact]
    public async Task ANewProgramAsksAServer()
    {
        using ServeProcess server = await ServeProcess.StartAsync(samples.NewDirectory(), Settings);

        Assert.Equal("sku-1 0.99\n", await RunAsync("Ann.Extensions.VectorData", server.Address));
        Assert.Equal("sku-1 1.00\n", await RunAsync("Ann.Client", server.Address));
        Assert.Equal("products: 1 items of 3 components\n", await RunAsync("Ann.Protocol", server.Address));
    }

    [Theory]
    [InlineData("Ann.Core")]
    [InlineData("Ann.Client")]
    public void TheFirstSearchIsShort(string id) => Assert.InRange(
        ProgramOf(id).Split('\n').Count(static line => line.Length > 0), 1, MostLines);

    [Fact]
    public void TheClientsReadmeShowsWhatItsDocumentShows() => Assert.Contains(
        ProgramOf("Ann.Client"), File.ReadAllText(Path.Combine(TidyTests.Root, "engine", "docs", "client.md")), StringComparison.Ordinal);

    private async Task<string> RunAsync(string id, string address)
    {
        string folder = packages.NewFolder("new-" + id);
        (await packages.DotnetAsync(folder, "new", "console", "--no-restore")).Expect();
        (await packages.DotnetAsync(folder, "add", "package", id, "--prerelease")).Expect();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Program.cs"), At(address, ProgramOf(id)), TestContext.Current.CancellationToken);
        return (await packages.DotnetAsync(folder, "run", "-warnaserror")).Expect().Output.ReplaceLineEndings("\n");
    }

    /// <summary>
    /// A program that asks the server at an address, and waits for it longer than a second, the default: machines of tests are busy.
    /// </summary>
    private static string At(string address, string program) => program
        .Replace(
            "AnnClient client = new(\"http://127.0.0.1:50051\")",
            $"AnnClient client = new(new AnnClientOptions {{ Address = \"{address}\", ReadTimeout = TimeSpan.FromMinutes(1) }})",
            StringComparison.Ordinal)
        .Replace("http://127.0.0.1:50051", address, StringComparison.Ordinal);

    /// <summary>The C# of a package's README.</summary>
    private static string ProgramOf(string id) => Assert.Single(CodeBlock().Matches(
        File.ReadAllText(Path.Combine(TidyTests.Root, LocalPackages.Projects[id], "README.md")))).Groups[1].Value;

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
