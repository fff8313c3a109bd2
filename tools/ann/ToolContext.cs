using Ann.Core.Files;

namespace Ann.Tool;

/// <summary>What a verb has of the world. Tests put their own in its place.</summary>
internal sealed record ToolContext
{
    private const string SettingsFile = "ann.json";

    /// <summary>Results only. With <c>--json</c> it receives one JSON document and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Progress, notices and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>True when a person watches <see cref="Error"/> on a terminal: progress then rewrites one line.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>True when a person watches <see cref="Out"/> on a terminal.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Opens what is piped in.</summary>
    public Func<Stream> OpenInput { get; init; } = Console.OpenStandardInput;

    /// <summary>Every access to a disk.</summary>
    public IFileSystem Files { get; init; } = PhysicalFileSystem.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// Where the embedded encoder is kept between runs: <c>ANN_CACHE_DIR</c>, or <c>annserver/encoders</c> in the user's local data.
    /// </summary>
    public required string CacheDirectory { get; init; }

    /// <summary>The command line, for reports, without the API keys that it may have.</summary>
    public string Command { get; init; } = "";

    /// <summary>Environment variable of <see cref="ApiKey"/>.</summary>
    public const string ApiKeyVariable = "ANN_API_KEY";

    /// <summary>API key or token of the environment, or <c>@FILE</c> that has it; null for none. A secret.</summary>
    public string? ApiKey { get; init; }

    /// <summary>What the names of the environment's settings begin with; empty but for tests, which share one environment.</summary>
    public string SettingsPrefix { get; init; } = "";

    /// <summary>Where a settings file is looked for that was not named, the first that exists. None but for the process's own.</summary>
    public IReadOnlyList<string> SettingsFiles { get; init; } = [];

    /// <summary>Who is told when a server serves and when it stops.</summary>
    public Supervisor Supervisor { get; init; } = new(null);

    /// <summary>Where a verb may make a folder of its own, which it deletes again. Default: the system's.</summary>
    public string TemporaryDirectory { get; init; } = Path.GetTempPath();

    /// <summary>The process's own.</summary>
    public static ToolContext OfProcess()
    {
        string? cache = Environment.GetEnvironmentVariable("ANN_CACHE_DIR");
        string data = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return new ToolContext
        {
            Out = Console.Out,
            Error = Console.Error,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            SettingsFiles =
            [
                SettingsFile,
                Path.Combine(
                    OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData) : "/etc",
                    "annserver", SettingsFile),
            ],
            ApiKey = Environment.GetEnvironmentVariable(ApiKeyVariable),
            Supervisor = new Supervisor(Environment.GetEnvironmentVariable(Supervisor.SocketVariable)),
            CacheDirectory = !string.IsNullOrEmpty(cache)
                ? cache
                : Path.Combine(data.Length > 0 ? data : Path.GetTempPath(), "annserver", "encoders"),
        };
    }

    /// <summary>Without the API key: a record tells all that it holds.</summary>
    public override string ToString() => nameof(ToolContext);

    /// <summary>Makes a folder in <see cref="TemporaryDirectory"/> that, on Unix, nobody else may read. The caller deletes it.</summary>
    public DirectoryInfo MakeTemporaryFolder(string prefix)
    {
        string path = Path.Combine(TemporaryDirectory, $"{prefix}{Guid.NewGuid():n}");
        return OperatingSystem.IsWindows()
            ? Directory.CreateDirectory(path)
            : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Tells what a careful person would like to know, on <see cref="Error"/>.</summary>
    public void Notice(string message) => Error.WriteLine(message);

    /// <summary>Seconds since a <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public double SecondsSince(long timestamp) => Time.GetElapsedTime(timestamp).TotalSeconds;
}
