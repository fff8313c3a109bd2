using System.Text.RegularExpressions;
using Ann.Aspire.Client;
using Ann.Aspire.Hosting;
using Ann.Tests.House;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;

namespace Ann.Tests.Aspire;

/// <summary>Goal: the C# of the pages on Aspire compiles.</summary>
public sealed partial class AspireSampleTests
{
    [Theory]
    [InlineData("engine/docs/aspire.md", 3)]
    [InlineData("engine/Ann.Aspire.Hosting/README.md", 1)]
    [InlineData("engine/Ann.Aspire.Client/README.md", 1)]
    public void ThePagesShowWhatIsCompiledHere(string page, int samples)
    {
        string source = File.ReadAllText(Path.Combine(TidyTests.Root, "tests", "Ann.Tests", "Aspire", "AspireSampleTests.cs"));
        string text = File.ReadAllText(Path.Combine(TidyTests.Root, page));
        string[] shown = [.. CodeBlock().Matches(text).Select(static one => one.Groups[1].Value)];
        Assert.Equal(samples, shown.Length);
        foreach (string line in shown.SelectMany(static one => one.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
            Assert.Contains(line, source, StringComparison.Ordinal);
    }

    internal static void AddsAServer(string[] args)
    {
        IDistributedApplicationBuilder builder = DistributedApplication.CreateBuilder(args);
        IResourceBuilder<AnnServerResource> ann = builder.AddAnnServer("ann").WithDataVolume();
        builder.AddProject<Projects.Shop>("shop").WithReference(ann).WaitFor(ann);
        builder.Build().Run();
    }

    internal static void AddsAServerWithKeys(IDistributedApplicationBuilder builder)
    {
        IResourceBuilder<ParameterResource> key = builder.AddParameter("ann-key", secret: true);
        builder.AddAnnServer("ann").WithApiKey(key, "keys.json");
    }

    internal static void AddsAClient(IHostApplicationBuilder builder)
    {
        builder.AddAnnClient("ann");
    }

    [GeneratedRegex("^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    /// <summary>Stands for what Aspire makes of the projects of an AppHost.</summary>
    private static class Projects
    {
        internal sealed class Shop : IProjectMetadata
        {
            public string ProjectPath => "Shop.csproj";
        }
    }
}
