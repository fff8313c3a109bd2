using System.Text.RegularExpressions;

namespace Ann.Tests.House;

/// <summary>What papers and scripts say of each other and of the tree, as far as a test can tell that it is true.</summary>
public sealed partial class PaperTests
{
    private const string Decisions = "engine/docs/decisions";
    private const string NightlyVariable = "ANN" + "_NIGHTLY"; // in two parts, or .ci/nightly would run this class too

    private const string Pages = "engine/docs";

    /// <summary>Pages of these stand in the list of pages one by one.</summary>
    private static readonly string[] PageFolders = [Pages, "engine/docs/clients", "engine/docs/reference", "engine/docs/tools"];

    /// <summary>Where documents are.</summary>
    internal static string[] PaperFolders =>
    [
        ".", .. PageFolders, Decisions, "engine/clients/node", "tests/clients/node", "tools/ann",
        .. Directory.GetDirectories(Full("tools/samples")).Select(TidyTests.Relative),
    ];

    /// <summary>A decision begins with its number and title, then its status, with the date; the rest of that line is free.</summary>
    [Fact]
    public void EveryDecisionTellsItsStatusAndDate() => TidyTests.AssertNone(
        from file in Papers(Decisions)
        let lines = File.ReadAllLines(Full(file))
        where !DecisionTitle().IsMatch(lines[0]) || Number(file) != lines[0][2..6] || lines[1] != "" || !StatusLine().IsMatch(lines[2])
        select $"{file} must begin with '# {Number(file)}: title', an empty line and '**Status.** Accepted YYYY-MM-DD', after which a dot "
            + "may follow, or ', changed YYYY-MM-DD', '; changed by [NNNN](file)' or '; superseded [in part] by [NNNN](file)'.");

    [Fact]
    public void EveryDecisionIsListedByItsTitle()
    {
        string index = Read("engine/docs/architecture.md");
        TidyTests.AssertNone(
            from file in Papers(Decisions)
            let line = $"- [{File.ReadLines(Full(file)).First()[2..]}](decisions/{Path.GetFileName(file)})"
            where !index.Contains(line, StringComparison.Ordinal)
            select $"engine/docs/architecture.md does not have the line {line}");
    }

    /// <summary>The way through the pages passes all of them; decisions are listed elsewhere.</summary>
    [Fact]
    public void EveryPageIsListed()
    {
        string list = Path.Combine(Pages, "README.md");
        HashSet<string> listed = [.. LinksOf(list).Select(static link => link.Path)];
        TidyTests.AssertNone(
            from page in PageFolders.SelectMany(Papers)
            where page != list && !listed.Contains(Full(page))
            select $"{list} does not list {page}");
    }

    [Fact]
    public void LinksLeadToFilesAndHeadings() => TidyTests.AssertNone(
        from file in PaperFolders.SelectMany(Papers)
        from link in LinksOf(file)
        where !Path.Exists(link.Path) || (link.Heading != "" && !HeadingsOf(link.Path).Contains(link.Heading))
        select $"{file} links {link.Path}#{link.Heading}, which is not there");

    [Fact]
    public void HeadingsHaveTheAddressesThatTheirShowersGiveThem() => Assert.Equal(
        ["the-ann-file-version-1", "a_b--c", "a_b--c-1", "why"],
        Addresses("# The `.ann` file, version 1\n\n## a_b & c\n```sh\n# no heading\n```\n### a_b & c\n#### [Why?](x.md)\n"));

    /// <summary>A contributor is told which files to touch; those must be there.</summary>
    [Fact]
    public void TheFilesThatContributingNamesExist() => TidyTests.AssertNone(
        from Match named in NamedPath().Matches(Read("CONTRIBUTING.md"))
        let path = named.Groups[1].Value
        where !path.StartsWith("bin/", StringComparison.Ordinal) && !Path.Exists(Full(path))
        select $"CONTRIBUTING.md names {path}, which is not there");

    /// <summary>.ci/nightly runs the classes whose files name the variable, by the names of the files.</summary>
    [Fact]
    public void NightlyClassesAreNamedAsTheirFiles() => TidyTests.AssertNone(
        from file in Directory.EnumerateFiles(Full("tests/Ann.Tests"), "*.cs", SearchOption.AllDirectories).Select(TidyTests.Relative)
        where !file.Split('/').Any(part => part is "bin" or "obj")
        where Read(file).Contains(NightlyVariable, StringComparison.Ordinal)
        let name = file["tests/".Length..^".cs".Length].Replace('/', '.')
        where !name.EndsWith("Tests", StringComparison.Ordinal) || typeof(PaperTests).Assembly.GetType(name) is null
        select $"{file} names {NightlyVariable}, but there is no class {name}Tests or {name} that .ci/nightly would find");

    private static IEnumerable<string> Papers(string folder) =>
        Directory.GetFiles(Full(folder), "*.md").Select(TidyTests.Relative);

    /// <summary>Links of a document to others, and to headings of its own.</summary>
    private static IEnumerable<(string Path, string Heading)> LinksOf(string file) =>
        from Match link in Link().Matches(Read(file))
        let target = link.Groups[1].Value
        where !target.Contains("://", StringComparison.Ordinal)
        let path = target == "" ? Full(file) : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Full(file))!, target))
        select (path, link.Groups[2].Value);

    private static IEnumerable<string> HeadingsOf(string path) => File.Exists(path) ? Addresses(File.ReadAllText(path)) : [];

    /// <summary>Addresses of a document's headings: small letters, hyphens for blanks, no other signs; a second one is numbered.</summary>
    private static IEnumerable<string> Addresses(string markdown)
    {
        Dictionary<string, int> seen = new(StringComparer.Ordinal);
        foreach (Match heading in Heading().Matches(CodeBlock().Replace(markdown, "")))
        {
            string text = LinkedText().Replace(heading.Groups[1].Value, "$1").ToLowerInvariant();
            string address = NoAddress().Replace(text, "").Replace(' ', '-');
            int before = seen[address] = seen.GetValueOrDefault(address, -1) + 1;
            yield return before == 0 ? address : $"{address}-{before}";
        }
    }

    private static string Number(string file) => Path.GetFileName(file)[..4];

    private static string Read(string file) => File.ReadAllText(Full(file));

    private static string Full(string file) => Path.Combine(TidyTests.Root, file);

    [GeneratedRegex(@"^# \d{4}: \S")]
    private static partial Regex DecisionTitle();

    [GeneratedRegex(
        @"^\*\*Status\.\*\* Accepted \d{4}-\d{2}-\d{2}(, changed \d{4}-\d{2}-\d{2})?(; (changed|superseded( in part)?) by \[\d{4}\]\(|\.)")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```[\\s\\S]*?^```$", RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkedText();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAddress();

    /// <summary>In backquotes, with a slash in it and no wildcard, placeholder or blank.</summary>
    [GeneratedRegex(@"`(\.?[\w.-]+/[\w./-]*)`")]
    private static partial Regex NamedPath();
}
