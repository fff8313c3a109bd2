using System.CommandLine;
using Ann.Tests.Tool;
using Ann.Tool;

namespace Ann.Tests.House;

/// <summary>Goal: every command that help and documents show can be typed as it stands.</summary>
public sealed class CommandsTests
{
    private static readonly ToolContext World =
        new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };

    private static readonly string[][] Tool = [["ann"], ["dotnet", "run", "-c", "Release", "--project", "tools/ann", "--"]];

    private static readonly string[][] Bench =
        [["bench"], ["ann-bench"], ["dotnet", "run", "-c", "Release", "--project", "tools/Ann.Bench", "--"]];

    /// <summary>The examples of a program's verbs, and of the verbs below them.</summary>
    internal static IEnumerable<string> ExamplesOf(Command command) =>
        ((command as Verb)?.Examples ?? []).Concat(command.Subcommands.SelectMany(ExamplesOf)).Distinct();

    [Fact]
    public void EveryExampleOfTheToolsHelpParses() =>
        TidyTests.AssertNone(ExamplesOf(CommandLine.Root(World)).SelectMany(static example => Faults("help", example, atLeast: 1)));

    [Fact]
    public void EveryExampleOfTheBenchmarksHelpParses() =>
        TidyTests.AssertNone(ExamplesOf(Ann.Bench.Program.Root(World)).SelectMany(static example => Faults("help", example, atLeast: 1)));

    [Fact]
    public void EveryCommandOfTheDocumentsParses()
    {
        string[] pages =
            [.. PaperTests.PaperFolders.SelectMany(static folder => Directory.GetFiles(Path.Combine(TidyTests.Root, folder), "*.md"))];
        string[] scripts = [.. pages.SelectMany(static page => ShellCommands.BlocksOf(File.ReadAllText(page)))];

        TidyTests.AssertNone(
            from page in pages
            from script in ShellCommands.BlocksOf(File.ReadAllText(page))
            from fault in Faults(TidyTests.Relative(page), script, atLeast: 0)
            select fault);
        Assert.True(scripts.Sum(static script => ShellCommands.Of(script, Tool).Count()) > 50, "few commands were found");
    }

    [Fact]
    public void ScriptsAreReadAsAShellReadsThem()
    {
        const string Script = """
            a 'b c' "d \"e\" $f" g\ h # i
            X=1 Y=2 ann q \
              --r > s 2>&1 | jq .t; ann u && v=$(ann w --x "y z" | jq -r .g)
            cat > w <<'END'
            ann not --this
            END
            sh -c 'echo; exec ann x'
            taskset -c 0 ann y '$(ann not)'
            """;

        Assert.Equal(["a", "b c", "d \"e\" $f", "g h"], ShellCommands.In(Script)[0]);
        Assert.Equal(
            ["q --r", "u", "w --x y z", "x", "y $(ann not)"],
            ShellCommands.Of(Script, ["ann"]).Select(static words => string.Join(' ', words).Replace(" 2", "", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Faults(string place, string script, int atLeast)
    {
        int found = 0;
        foreach ((string[][] names, RootCommand root) in new[] { (Tool, CommandLine.Root(World)), (Bench, Ann.Bench.Program.Root(World)) })
        {
            foreach (string[] words in ShellCommands.Of(script, names))
            {
                found++;
                if (words.Any(static word => word is "VERB" or "--help"))
                    continue;
                if (CommandLineFaults.Of(root.Parse(words, CommandLine.Parsing)) is string fault)
                    yield return $"{place}: {string.Join(' ', words)}: {fault}";
            }
        }
        if (found < atLeast)
            yield return $"{place}: {script}: no command was found";
    }
}
