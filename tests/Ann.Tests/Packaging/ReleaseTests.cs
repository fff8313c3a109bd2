using System.IO.Compression;
using System.Xml.Linq;
using Ann.Tests.Files.Formats;
using Ann.Tests.House;
using Ann.Tests.Tool;

namespace Ann.Tests.Packaging;

/// <summary>
/// Goal: <c>dotnet pack</c> in a clone of the last commit makes all packages without a warning, in two clones with the same bytes, and the
/// tool among them can be installed and works. ANN_NIGHTLY=1 does it: everything is compiled twice, for four systems.
/// </summary>
public sealed class ReleaseTests : IDisposable
{
    private const string Tool = "AnnServer.Tool";
    private const long MostBytes = 64 << 20;

    private static readonly string[] Systems = ["linux-arm64", "linux-x64", "osx-arm64", "win-x64"];

    private readonly TemporaryFolder _folder = new();

    private static bool IsNightly => Environment.GetEnvironmentVariable("ANN_NIGHTLY") == "1";

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AReleaseIsWholeRepeatableAndWorks()
    {
        Assert.SkipUnless(IsNightly, "Packs everything twice for four systems, which takes long: ANN_NIGHTLY=1.");
        Assert.SkipUnless(Path.Exists(Path.Combine(TidyTests.Root, ".git")), "There is no history to clone.");
        string one = await PackAsync("one");
        string another = await PackAsync("another-clone-elsewhere");

        string[] expected = [.. LocalPackages.Projects.Keys, Tool, .. Systems.Select(static system => $"{Tool}.{system}")];
        string[] packages = [.. Names(one).Where(static name => name.EndsWith(".nupkg", StringComparison.Ordinal))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), packages.Select(name => IdOf(one, name)).Order(StringComparer.Ordinal));
        Assert.Equal(Names(one), Names(another));
        TidyTests.AssertNone(Names(one).SelectMany(name => Differences(Path.Combine(one, name), Path.Combine(another, name))));
        foreach (string system in Systems)
            CheckTool(one, system);
        await InstallAsync(one);
    }

    [Fact]
    public async Task AShippedMemberThatIsGoneDoesNotCompile()
    {
        Assert.SkipUnless(IsNightly, "Compiles a clone: ANN_NIGHTLY=1.");
        Assert.SkipUnless(Path.Exists(Path.Combine(TidyTests.Root, ".git")), "There is no history to clone.");
        string clone = await CloneAsync("broken");
        string shipped = Path.Combine(clone, "engine", "Ann.Client", "PublicAPI.Shipped.txt");
        File.AppendAllText(shipped, "Ann.Client.AnnClient.ThatWasThere() -> void\n");

        Command built = await Command.DotnetAsync(clone, "build", "engine/Ann.Client", "-c", "Release", "-v", "q");

        Assert.NotEqual(0, built.Code);
        Assert.Contains("error RS0017", built.Output, StringComparison.Ordinal);
        Assert.Contains("ThatWasThere", built.Output, StringComparison.Ordinal);
    }

    private async Task<string> CloneAsync(string name)
    {
        (await Command.RunAsync("git", _folder.Root, [], "clone", "-q", TidyTests.Root, name)).Expect();
        return _folder[name];
    }

    /// <summary>As CONTRIBUTING.md tells it; the folder of the packages.</summary>
    private async Task<string> PackAsync(string name)
    {
        string clone = await CloneAsync(name);
        (await Command.RunAsync("dotnet", clone, new() { ["CI"] = "true" }, "pack", "-c", "Release", "-warnaserror")).Expect();
        return Path.Combine(clone, "artifacts", "packages");
    }

    /// <summary>Files of two packages that are not the same bytes. The container itself has times in it.</summary>
    private static List<string> Differences(string one, string another)
    {
        using ZipArchive first = ZipFile.OpenRead(one);
        using ZipArchive second = ZipFile.OpenRead(another);
        Dictionary<string, byte[]> left = Contents(first), right = Contents(second);
        string name = Path.GetFileName(one);
        return
        [
            .. left.Keys.Except(right.Keys).Concat(right.Keys.Except(left.Keys)).Select(file => $"{name}: {file} is in one of the two"),
            .. left.Keys.Intersect(right.Keys).Where(file => !left[file].AsSpan().SequenceEqual(right[file]))
                .Select(file => $"{name}: {file} differs"),
        ];
    }

    private static Dictionary<string, byte[]> Contents(ZipArchive package) => package.Entries
        .Where(static one => !one.FullName.StartsWith("package/", StringComparison.Ordinal)
            && !one.FullName.StartsWith("_rels/", StringComparison.Ordinal))
        .ToDictionary(static one => one.FullName, static one =>
        {
            using Stream stream = one.Open();
            using MemoryStream all = new();
            stream.CopyTo(all);
            return all.ToArray();
        });

    /// <summary>A system's package has the native code of that system, and neither trained encoders nor comments.</summary>
    private static void CheckTool(string feed, string system)
    {
        string file = Directory.GetFiles(feed, $"{Tool}.{system}.*.nupkg").Single();
        Assert.InRange(new FileInfo(file).Length, 1, MostBytes);
        using ZipArchive package = ZipFile.OpenRead(file);
        string[] files = [.. package.Entries.Select(static one => one.FullName)];
        Assert.Contains("README.md", files);
        Assert.Contains("LICENSE", files);
        Assert.Contains("icon.png", files);
        Assert.Single(files, static name => Path.GetFileName(name) is "libonnxruntime.so" or "libonnxruntime.dylib" or "onnxruntime.dll");
        Assert.All(
            files.Where(static name => name.StartsWith("tools/", StringComparison.Ordinal)),
            name => Assert.StartsWith($"tools/net10.0/{system}/", name, StringComparison.Ordinal));
        Assert.DoesNotContain(files, static name => name.Contains("/encoders/", StringComparison.Ordinal));
        Assert.DoesNotContain(files, static name => Path.GetFileName(name) is "ann.xml" or "Ann.Core.xml");
    }

    private async Task InstallAsync(string feed)
    {
        LocalPackages.WriteConfiguration(_folder.Root, feed);
        Dictionary<string, string> cache = new() { ["NUGET_PACKAGES"] = _folder["restored"], ["ANN_CACHE_DIR"] = _folder["cache"] };
        (await Command.RunAsync("dotnet", _folder.Root, cache, "tool", "install", Tool, "--tool-path", "tools", "--prerelease")).Expect();
        string ann = Path.Combine(_folder["tools"], OperatingSystem.IsWindows() ? "ann.exe" : "ann");
        string vectors = SampleVectors.Write(_folder, "items.fbin", 200);

        Command version = (await Command.RunAsync(ann, _folder.Root, cache, "--version")).Expect();
        Assert.Equal(VersionOf(feed), version.Output.Trim().Split('+')[0]);
        (await Command.RunAsync(ann, _folder.Root, cache, "build", "--input", vectors, "--metric", "l2", "--output", "items.ann")).Expect();
        (await Command.RunAsync(
            ann, _folder.Root, cache, "eval", "--index", "items.ann", "--queries", vectors, "--k", "10", "--ef", "100")).Expect();
        (await Command.RunAsync(ann, _folder.Root, cache, "demo", "--once", "--items", "500")).Expect();
    }

    private static string[] Names(string feed) =>
        [.. Directory.GetFiles(feed).Select(static file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static string IdOf(string feed, string file) => Metadata(feed, file).Element("id")!.Value;

    private static string VersionOf(string feed) =>
        Metadata(feed, Names(feed).First(static name => name.EndsWith(".nupkg", StringComparison.Ordinal))).Element("version")!.Value;

    private static XElement Metadata(string feed, string file)
    {
        using ZipArchive package = ZipFile.OpenRead(Path.Combine(feed, file));
        return LocalPackages.MetadataOf(package);
    }
}
