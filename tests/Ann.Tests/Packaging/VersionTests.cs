using Ann.Core;
using Ann.Tests.Files.Formats;
using Ann.Tests.House;

namespace Ann.Tests.Packaging;

/// <summary>
/// Goal: the version is that of the latest tag, in clones with and without history, and in archives, which have none. One project of the
/// tree is put into histories made here.
/// </summary>
public sealed class VersionTests : IDisposable
{
    private const string Project = "engine/Ann.Core/Ann.Core.csproj";
    private const string Untold = "0.1.0-alpha.0";

    private static readonly string[] Parts =
    [
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", ".gitattributes", ".gitignore", "BannedSymbols.txt",
        "engine/packaging/archived.props", Project, "engine/Ann.Core/packages.lock.json",
    ];

    private readonly TemporaryFolder _folder = new();

    public VersionTests()
    {
        foreach (string part in Parts)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[$"tree/{part}"])!);
            File.Copy(Path.Combine(TidyTests.Root, part), _folder[$"tree/{part}"]);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheVersionIsThatOfTheLatestTag()
    {
        string tree = _folder["tree"];
        Assert.Equal(Untold, await VersionAsync(tree));
        Assert.Equal("1.5.0", await VersionAsync(tree, "-p:MinVerVersionOverride=1.5.0"));

        await GitAsync(tree, "init", "-q");
        await GitAsync(tree, "add", "-A");
        await CommitAsync(tree, "first");
        await CommitAsync(tree, "second");
        Assert.Equal($"{Untold}.1", await VersionAsync(tree));
        await GitAsync(tree, "tag", "v1.2.3");
        Assert.Equal("1.2.3", await VersionAsync(tree));
        await GitAsync(tree, "archive", "--output", _folder["tagged.tar"], "HEAD");
        await CommitAsync(tree, "third");
        Assert.Equal("1.2.4-alpha.0.1", await VersionAsync(tree));

        Directory.CreateDirectory(_folder["archive"]);
        (await Command.RunAsync("tar", _folder.Root, [], "-xf", "tagged.tar", "-C", "archive")).Expect();
        Assert.Equal("1.2.3", await VersionAsync(_folder["archive"]));
        await GitAsync(_folder.Root, "clone", "-q", "--depth", "1", $"file://{tree}", "shallow");
        Assert.Equal(Untold, await VersionAsync(_folder["shallow"]));
    }

    [Fact]
    public async Task ToolAndFilesTellTheVersionThatIsBuilt()
    {
        Command told = (await Command.DotnetAsync(AppContext.BaseDirectory, "ann.dll", "--version")).Expect();

        Assert.Equal(ProductVersion.Text, told.Output.Trim().Split('+')[0]);
        Assert.Matches(@"^\d+\.\d+\.\d+(-[\w.]+)?$", ProductVersion.Text);
        Assert.Matches(@"^\d+\.\d+\.\d+$", ProductVersion.Release);
    }

    /// <summary>As the package of the project would have it.</summary>
    private static async Task<string> VersionAsync(string tree, params string[] properties)
    {
        (await Command.DotnetAsync(tree, ["restore", Project, .. properties])).Expect();
        return (await Command.DotnetAsync(
            tree, ["msbuild", Project, "-nologo", "-warnaserror", "-t:MinVer", "-getProperty:PackageVersion", .. properties]))
            .Expect().Output.Trim();
    }

    private static Task CommitAsync(string tree, string message) => GitAsync(
        tree, "-c", "user.name=A tester", "-c", "user.email=tester@localhost", "commit", "-q", "--allow-empty", "-m", message);

    private static async Task GitAsync(string folder, params string[] words) =>
        (await Command.RunAsync("git", folder, [], words)).Expect();
}
