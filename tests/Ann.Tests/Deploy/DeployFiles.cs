using Ann.Core.Files;
using Ann.Server;
using Ann.Server.Access;
using Ann.Server.Hosting;
using Ann.Server.Settings;
using Ann.Tests.House;
using Ann.Tests.Tool;
using Ann.Tool;
using YamlDotNet.Serialization;

namespace Ann.Tests.Deploy;

/// <summary>The files of <c>engine/deploy</c>, and what several of their tests ask of them.</summary>
internal static class DeployFiles
{
    /// <summary>From a deadline of the drain to the end of the process, in seconds (operations.md, "From start to stop").</summary>
    public const double SecondsBeyondDrain = 10;

    public static string PathOf(params string[] parts) => Path.Combine([TidyTests.Root, "engine", "deploy", .. parts]);

    /// <summary>The settings that a server would have from a file alone. What it refuses fails the test.</summary>
    public static ServerOptions Settings(string file) => EffectiveSettings.Options(
        new SettingInputs { File = file, EnvironmentPrefix = $"NONE{Guid.NewGuid():n}_" }, PhysicalFileSystem.Instance);

    /// <summary>Asserts that a server with these settings is safe to be reached by others.</summary>
    public static void AssertGuarded(ServerOptions options)
    {
        Assert.Null(AccessSettings.Missing(options));
        Assert.False(options.InsecureListen);
    }

    /// <summary>Where a server with these settings writes.</summary>
    public static string[] WrittenPaths(ServerOptions options) =>
    [
        .. new[]
        {
            options.DataDirectory, options.SnapshotDirectory, options.ImportDirectory, options.AuditLogFile, options.SlowQueryFile,
        }.Where(static path => path.Length > 0),
    ];

    /// <summary>Files that a server with these settings reads.</summary>
    public static string[] ReadPaths(ServerOptions options) =>
    [
        .. new[]
        {
            options.TlsCertificateFile, options.TlsKeyFile, options.ApiKeyFile, options.GrantsFile, options.ClientCaFile,
            options.LimitsFile,
        }.Where(static path => path.Length > 0),
    ];

    /// <summary>What is wrong with a command line of <c>ann</c>; null for nothing.</summary>
    public static string? FaultOf(IEnumerable<string> words)
    {
        ToolContext world = new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = ToolRun.CacheDirectory };
        string[] args = [.. words];
        return CommandLineFaults.Of(CommandLine.Root(world).Parse(args, CommandLine.Parsing)) is string fault
            ? $"{string.Join(' ', args)}: {fault}"
            : null;
    }

    /// <summary>Asserts that <c>ann-backup create</c> knows these options, and <c>ann snapshot</c> those after the dashes.</summary>
    /// <param name="words">What follows <c>ann-backup</c>.</param>
    public static void AssertBacksUp(IReadOnlyList<string> words)
    {
        string script = File.ReadAllText(PathOf("backup", "ann-backup"));
        string[] own = [.. words.TakeWhile(static word => word != "--")];
        Assert.Equal("create", own[0]);
        Assert.All(own.Where(static word => word.StartsWith("--", StringComparison.Ordinal)), option =>
            Assert.Contains($"\n      {option}) ", script, StringComparison.Ordinal));
        Assert.Superset(new HashSet<string> { "--data", "--snapshots", "--to" }, own.ToHashSet());
        Assert.Null(FaultOf(["snapshot", "--index", "x", "--name", "y", .. words.Skip(own.Length + 1)]));
    }

    /// <summary>A YAML document as dictionaries, lists and texts.</summary>
    public static Dictionary<object, object> Yaml(string text) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(text);
}
