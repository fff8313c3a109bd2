namespace Ann.Tests.Tool;

/// <summary>Goal: a newcomer finds every verb, and for each an example.</summary>
public sealed class HelpTests
{
    [Fact]
    public async Task EveryVerbHasHelpWithAnExampleAndJson()
    {
        string root = (await ToolRun.RunAsync("--help")).Expect(0).Out;
        string[] verbs = [.. root[root.IndexOf("Commands:", StringComparison.Ordinal)..].Split('\n')
            .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line.Length > 3 && line[2] != ' ')
            .Select(line => line.Trim().Split(' ')[0])];

        Assert.Superset(new HashSet<string> { "encode", "build", "info", "verify", "eval", "load" }, verbs.ToHashSet());
        foreach (string verb in verbs)
        {
            string help = (await ToolRun.RunAsync(verb, "--help")).Expect(0).Out;
            Assert.Contains("Examples:", help);
            Assert.Contains($"  ann {verb} ", help);
            Assert.Contains("--json", help);
        }
    }

    [Fact]
    public async Task TheVersionIsTold() => Assert.Matches(@"^\d+\.\d+\.\d+", (await ToolRun.RunAsync("--version")).Expect(0).Out);
}
