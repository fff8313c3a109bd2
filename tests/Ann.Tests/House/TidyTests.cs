using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Ann.Tests.House;

/// <summary>The rules of the house that a compiler does not check, as a test over the source tree.</summary>
public sealed partial class TidyTests
{
    private const int MaxLines = 400;
    private const int MaxColumns = 140;

    /// <summary>Dependencies point one way (engine/docs/architecture.md).</summary>
    private static readonly Dictionary<string, string[]> AllowedReferences = new(StringComparer.Ordinal)
    {
        ["Ann.Core"] = [],
        ["Ann.Protocol"] = [],
        ["Ann.Client"] = ["Ann.Protocol"],
        ["Ann.Aspire.Hosting"] = [],
        ["Ann.Aspire.Client"] = ["Ann.Client"],
        ["Ann.Aspire.Tests"] = ["Ann.Aspire.Client", "Ann.Samples.Aspire.AppHost"],
        ["Ann.Extensions.VectorData"] = ["Ann.Client"],
        ["Ann.Encoding"] = ["Ann.Core"],
        ["Ann.Web"] = ["Ann.Protocol"],
        ["Ann.Server"] = ["Ann.Encoding", "Ann.Core", "Ann.Web", "Ann.Protocol"],
        ["Ann.Bench.Garnet"] = ["Ann.Core"],
        ["ann"] = ["Ann.Client", "Ann.Server", "Ann.Encoding", "Ann.Core", "Ann.Protocol"],
        ["Ann.Samples.Aot"] = ["Ann.Client"],
        ["Ann.Samples.Aspire.AppHost"] = ["Ann.Aspire.Hosting", "Ann.Samples.Aspire.Service", "ann"], // starts the last two
        ["Ann.Samples.Aspire.Service"] = ["Ann.Aspire.Client"],
        ["Ann.Samples.Embedded"] = ["Ann.Core"],
        ["Ann.Samples.RankingService"] = ["Ann.Client", "ann"], // the tool is built, so that it can be started, and not referred to
        ["Ann.Samples.ReEmbedding"] = ["Ann.Client", "ann"],
        ["Ann.Samples.SemanticSearch"] = ["Ann.Client", "ann"],
        ["Ann.Bench"] = ["ann", "Ann.Client", "Ann.Server", "Ann.Encoding", "Ann.Core", "Ann.Protocol"],
        ["Ann.Tests"] =
            ["ann", "Ann.Aspire.Client", "Ann.Aspire.Hosting", "Ann.Bench", "Ann.Client", "Ann.Extensions.VectorData", "Ann.Server",
             "Ann.Encoding", "Ann.Core", "Ann.Protocol",
             "Ann.Samples.Embedded", "Ann.Samples.RankingService", "Ann.Samples.ReEmbedding", "Ann.Samples.SemanticSearch"],
    };

    /// <summary>Packages that a layer must not know, by prefix.</summary>
    private static readonly Dictionary<string, string[]> ForbiddenPackages = new(StringComparer.Ordinal)
    {
        ["Ann.Core"] = ["Grpc", "Google", "Microsoft.ML", "Microsoft.AspNetCore"],
        ["Ann.Encoding"] = ["Grpc.AspNetCore", "Grpc.Net", "Microsoft.AspNetCore"],
        ["Ann.Protocol"] = ["Microsoft.ML", "Grpc.AspNetCore"],
        ["Ann.Client"] = ["Microsoft.ML", "Microsoft.AspNetCore", "Grpc.AspNetCore"],
        ["Ann.Aspire.Client"] = ["Microsoft.ML", "Microsoft.AspNetCore", "Grpc.AspNetCore", "Aspire"],
    };

    /// <summary>Folders whose job is memory. Elsewhere the language's own checks hold.</summary>
    private static readonly string[] UnsafeFolders =
        ["engine/Ann.Core/Distances/", "engine/Ann.Core/Codes/", "engine/Ann.Core/Hnsw/",
         "engine/Ann.Core/Segments/", "engine/Ann.Core/Files/", "tools/Ann.Bench/Micro/"];

    private static readonly string[] SourceFolders = ["engine", "proto", "tools", "tests"];

    internal static string Root { get; } = FindRoot();

    public static TheoryData<string> Projects => [.. Sources("*.csproj").Select(Relative)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void DependenciesPointOneWay(string project)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        Assert.True(AllowedReferences.ContainsKey(name), $"{project} is new: a further project needs an ADR and a line in this test.");
        XDocument document = XDocument.Load(Path.Combine(Root, project));

        string[] references = [.. document.Descendants("ProjectReference")
            .Select(e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value))];
        Assert.All(references, reference => Assert.Contains(reference, AllowedReferences[name]));
        string[] packages = [.. document.Descendants("PackageReference")
            .Select(e => e.Attribute("Include")!.Value).Where(p => p != "Grpc.Tools")];
        foreach (string forbidden in ForbiddenPackages.GetValueOrDefault(name, []))
            Assert.DoesNotContain(packages, package => package.StartsWith(forbidden, StringComparison.Ordinal));
        Assert.All(document.Descendants("PackageReference"), e => Assert.Null(e.Attribute("Version")));
    }

    [Fact]
    public void FilesAreShort() => AssertNone(
        from file in Sources("*.cs")
        let lines = File.ReadAllLines(file).Length
        where lines > MaxLines
        select $"{Relative(file)}: {lines} lines; at most {MaxLines}");

    [Fact]
    public void LinesAreShort() => AssertNone(
        from file in Sources("*.cs")
        from line in File.ReadAllLines(file).Select((text, i) => (Text: text, Number: i + 1))
        where line.Text.Length > MaxColumns
        select $"{Relative(file)}:{line.Number}: {line.Text.Length} columns; at most {MaxColumns}");

    [Fact]
    public void UnsafeCodeStaysInItsFolders() => AssertNone(
        from file in Sources("*.cs")
        let path = Relative(file)
        where !path.StartsWith("tests/", StringComparison.Ordinal) && !UnsafeFolders.Any(path.StartsWith)
        where UnsafeWord().IsMatch(File.ReadAllText(file))
        select $"{path} has unsafe code; allowed in {string.Join(", ", UnsafeFolders)}");

    [Fact]
    public void IntrinsicsStayInDistances() => AssertNone(
        from file in Sources("*.cs")
        let path = Relative(file)
        where !path.StartsWith("tests/", StringComparison.Ordinal)
            && !path.StartsWith("engine/Ann.Core/Distances/", StringComparison.Ordinal)
        from line in File.ReadAllLines(file)
        where IntrinsicWord().IsMatch(line)
        select $"{path}: {line.Trim()}");

    [Fact]
    public void NothingIsCalledManagerHelperOrUtil() => AssertNone(
        from file in Sources("*.cs")
        where VagueName().IsMatch(Path.GetFileNameWithoutExtension(file))
        select Relative(file));

    [Fact]
    public void NamespacesAreFolders() => AssertNone(
        from file in Sources("*.cs")
        let path = Relative(file)
        let declared = NamespaceLine().Match(File.ReadAllText(file)).Groups[1].Value
        where declared.Length > 0
        let expected = Namespace(path)
        where declared != expected
        select $"{path}: namespace {declared}; {expected} was expected");

    internal static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    internal static void AssertNone(IEnumerable<string> faults)
    {
        string[] found = [.. faults.Order(StringComparer.Ordinal)];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    private static string Namespace(string path)
    {
        string[] parts = path.Split('/');
        if (parts[1] == "samples") // tools/samples/aot holds Ann.Samples.Aot
            return string.Join('.', parts[3..^1].Prepend($"Ann.Samples.{InPascalCase(parts[2])}"));
        string project = parts[1] == "ann" ? "Ann.Tool" : parts[1];
        return string.Join('.', parts[2..^1].Prepend(project));
    }

    private static string InPascalCase(string words) =>
        string.Concat(words.Split('-').Select(static word => $"{char.ToUpperInvariant(word[0])}{word[1..]}"));

    internal static IEnumerable<string> Sources(string pattern) => SourceFolders
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories))
        .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj" or "node_modules"));

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "AnnServer.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests run inside the source tree, below AnnServer.sln.");
    }

    [GeneratedRegex(@"^(?!\s*//).*\bunsafe\b", RegexOptions.Multiline)]
    private static partial Regex UnsafeWord();

    [GeneratedRegex(@"\b(Vector(64|128|256|512)(<|\.)|Avx|Sse|AdvSimd)")]
    private static partial Regex IntrinsicWord();

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utilities)$")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
