using System.CommandLine;
using System.Text.RegularExpressions;
using Ann.Tests.House;
using Ann.Tool;

namespace Ann.Tests.Tool.Pages;

/// <summary>Goal: no verb has a page that no test has opened in a browser.</summary>
public sealed partial class ReportPagesTests
{
    /// <summary>Verbs with several pages; the others have one.</summary>
    private static readonly Dictionary<string, string[]> Several = new()
    {
        ["eval"] = ["eval", "eval --qrels", "eval --interactions"],
        ["load"] = ["load", "load --scenario"],
    };

    [Fact]
    public void EveryPageIsOpenedByATest()
    {
        string[] opened =
        [
            .. TidyTests.Sources("*.cs").Where(static file => TidyTests.Relative(file).StartsWith("tests/", StringComparison.Ordinal))
                .SelectMany(static file => Opening().Matches(File.ReadAllText(file))).Select(static match => match.Groups[1].Value),
        ];
        string[] verbs = [.. WithPages(CommandLine.Root(ToolRun.World), "")];

        Assert.NotEmpty(verbs);
        Assert.Equal(
            verbs.SelectMany(static verb => Several.GetValueOrDefault(verb, [verb])).Order(StringComparer.Ordinal),
            opened.Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> WithPages(Command command, string path)
    {
        if (command.Options.Any(static option => option.Name == "--report"))
            yield return path;
        foreach (Command child in command.Subcommands)
            foreach (string found in WithPages(child, $"{path} {child.Name}".Trim()))
                yield return found;
    }

    [GeneratedRegex("""PageInBrowser\.RequireSoundAsync\(\s*"([^"]+)",""")]
    private static partial Regex Opening();
}
