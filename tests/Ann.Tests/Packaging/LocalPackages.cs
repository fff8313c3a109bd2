using System.IO.Compression;
using System.Xml.Linq;
using Ann.Core;
using Ann.Tests.House;

namespace Ann.Tests.Packaging;

/// <summary>
/// The libraries as packages in a folder, made of what is built already, and a folder where new projects find these and keep what they
/// restored: nothing of it comes from, or goes to, the packages of the machine.
/// </summary>
public sealed class LocalPackages : IAsyncLifetime
{
    /// <summary>What is a package, and the project that it is made of.</summary>
    internal static readonly Dictionary<string, string> Projects = new(StringComparer.Ordinal)
    {
        ["Ann.Core"] = "engine/Ann.Core",
        ["Ann.Protocol"] = "proto",
        ["Ann.Client"] = "engine/Ann.Client",
        ["Ann.Extensions.VectorData"] = "engine/Ann.Extensions.VectorData",
        ["Ann.Aspire.Client"] = "engine/Ann.Aspire.Client",
        ["Ann.Aspire.Hosting"] = "engine/Ann.Aspire.Hosting",
    };

    /// <summary>Made once for all tests of this process.</summary>
    private static readonly Lazy<Task<string>> Made = new(MakeAsync);

    private readonly string _root = Directory.CreateTempSubdirectory("ann-packages-").FullName;

    /// <summary>Where the packages lie.</summary>
    internal string Feed { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Feed = await Made.Value;
        WriteConfiguration(_root, Feed);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>The file of a package.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="extension">nupkg, or snupkg for its symbols.</param>
    internal string FileOf(string id, string extension = "nupkg") => Assert.Single(
        Directory.GetFiles(Feed, $"{id}.*.{extension}"), file => char.IsAsciiDigit(Path.GetFileName(file)[id.Length + 1]));

    internal ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(FileOf(id, extension));

    /// <summary>What a package says of itself: the element <c>metadata</c>, without namespaces.</summary>
    internal static XElement MetadataOf(ZipArchive package)
    {
        ZipArchiveEntry nuspec = Assert.Single(package.Entries, static one => one.FullName.EndsWith(".nuspec", StringComparison.Ordinal));
        using Stream stream = nuspec.Open();
        XElement all = XElement.Load(stream);
        foreach (XElement one in all.DescendantsAndSelf())
            one.Name = one.Name.LocalName;
        return all.Element("metadata")!;
    }

    /// <summary>An empty folder below which projects find the packages, besides those of the machine's own sources.</summary>
    internal string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    /// <summary>Runs <c>dotnet</c> in a folder that <see cref="NewFolder"/> made.</summary>
    internal Task<Command> DotnetAsync(string folder, params string[] words) =>
        Command.RunAsync("dotnet", folder, new() { ["NUGET_PACKAGES"] = Path.Combine(_root, "restored") }, words);

    private static async Task<string> MakeAsync()
    {
        string feed = Directory.CreateTempSubdirectory("ann-feed-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(feed, recursive: true);
        string configuration = typeof(LocalPackages).Assembly.Location.Contains("Debug", StringComparison.Ordinal) ? "Debug" : "Release";
        foreach (string project in Projects.Values)
        {
            // The version is that of the build, whatever is committed meanwhile: packages ask for each other by it.
            (await Command.DotnetAsync(
                TidyTests.Root, "pack", project, "--no-build", "-c", configuration, "-o", feed, "-p:OnnxRuntimeFlavor=Cpu",
                $"-p:MinVerVersionOverride={ProductVersion.Text}")).Expect();
        }
        return feed;
    }

    /// <summary>Adds a folder to the sources that NuGet has on this machine, for all projects below another folder.</summary>
    internal static void WriteConfiguration(string root, string feed) => new XElement(
        "configuration",
        new XElement("packageSources", new XElement("add", new XAttribute("key", "local"), new XAttribute("value", feed))))
        .Save(Path.Combine(root, "nuget.config"));
}
