using System.Text.Json;

namespace Ann.Tests.House;

/// <summary>Goal: the reference pages say what the protocol and the public types of C# are, and not what they were.</summary>
public sealed class ReferenceTests
{
    private static readonly string Folder = Path.Combine(TidyTests.Root, "engine", "docs", "reference");

    private static ProtoPages Pages => new(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "ann.protoset")));

    private static JsonPage Json => new(Path.Combine(AppContext.BaseDirectory, "ann.xml"));

    /// <summary>With ANN_WRITE_REFERENCE=1 the pages are written first.</summary>
    [Fact]
    public void ThePagesSayWhatProtosAndReportsSay()
    {
        (string Name, string Text)[] pages =
            [.. Pages.All.Append(("json.md", Json.Text)).OrderBy(static page => page.Item1, StringComparer.Ordinal)];
        if (Environment.GetEnvironmentVariable("ANN_WRITE_REFERENCE") == "1")
        {
            foreach ((string name, string text) in pages)
                File.WriteAllText(Path.Combine(Folder, name), text);
        }
        string[] kept = [.. Directory.GetFiles(Folder, "*.md").Select(static file => Path.GetFileName(file)!).Except(["README.md"])];
        Assert.Equal(pages.Select(static page => page.Name), kept.Order(StringComparer.Ordinal));
        TidyTests.AssertNone(
            from page in pages
            where File.ReadAllText(Path.Combine(Folder, page.Name)) != page.Text
            select $"engine/docs/reference/{page.Name} is not what proto/ann/v1 or tools/ann/Reports say; "
                + "run this test once with ANN_WRITE_REFERENCE=1");
    }

    /// <summary>A method that does not tell its errors, and a field or value without a comment, would be a gap of the pages.</summary>
    [Fact]
    public void EveryMethodTellsItsErrorsAndEveryFieldItsMeaning()
    {
        (string Name, string Text)[] pages = [.. Pages.All];
        TidyTests.AssertNone(
            from page in pages
            from section in page.Text.Split("\n### ").Skip(1)
            let heading = section.Split('\n')[0]
            where heading.Contains('/', StringComparison.Ordinal) && !section.Contains("Errors:", StringComparison.Ordinal)
            select $"{page.Name}: {heading} does not tell its errors");
        TidyTests.AssertNone(
            from page in pages
            from line in page.Text.Split('\n')
            where line.EndsWith("|  |", StringComparison.Ordinal) && !line.Contains("_UNSPECIFIED`", StringComparison.Ordinal)
            select $"{page.Name}: {line} has no meaning");
    }

    [Fact]
    public void EveryFieldOfAReportTellsItsMeaning() => TidyTests.AssertNone(Json.Silent.Select(static field => $"{field} has no comment"));

    /// <summary>What has a public API that the build guards is described; nothing else is.</summary>
    [Fact]
    public void TheLibrariesThatAreDescribedAreThoseWithAPublicApi()
    {
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "docfx.json")));
        string[] described =
        [
            .. settings.RootElement.GetProperty("metadata")[0].GetProperty("src")[0].GetProperty("files").EnumerateArray()
                .Select(static file => file.GetString()!.Split('/')[0]),
        ];
        string[] guarded =
        [
            .. Directory.GetDirectories(Path.Combine(TidyTests.Root, "engine"))
                .Where(static project => File.Exists(Path.Combine(project, "PublicAPI.Unshipped.txt")))
                .Select(static project => Path.GetFileName(project)!),
        ];
        Assert.Equal(guarded.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }
}
