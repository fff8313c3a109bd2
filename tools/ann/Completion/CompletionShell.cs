using Ann.Core;

namespace Ann.Tool.Completion;

/// <summary>A shell that completes what is typed of <c>ann</c>.</summary>
internal sealed class CompletionShell
{
    private readonly string _resource;
    private readonly Func<ShellFolders, string> _path;

    private CompletionShell(string name, string resource, string onceFor, Func<ShellFolders, string> path)
    {
        Name = name;
        OnceFor = onceFor;
        _resource = resource;
        _path = path;
    }

    /// <summary>All of them.</summary>
    public static IReadOnlyList<CompletionShell> All { get; } =
    [
        new("bash", "ann.bash", "", static folders => Path.Combine(folders.Data, "bash-completion", "completions", "ann")),
        new(
            "zsh", "ann.zsh", "before compinit of ~/.zshrc: fpath=({0} $fpath)",
            static folders => Path.Combine(folders.Data, "zsh", "site-functions", "_ann")),
        new("fish", "ann.fish", "", static folders => Path.Combine(folders.Settings, "fish", "completions", "ann.fish")),
        new("powershell", "ann.ps1", "in $PROFILE: . {1}", static folders => Path.Combine(folders.PowerShell, "ann.completion.ps1")),
    ];

    /// <summary>As it is typed.</summary>
    public string Name { get; }

    /// <summary>
    /// What a person has to add once, where the shell does not look at <see cref="PathIn"/> by itself; {0} is the folder, {1} the file.
    /// </summary>
    public string OnceFor { get; }

    /// <summary>The script.</summary>
    public string Script
    {
        get
        {
            using Stream stream = typeof(CompletionShell).Assembly.GetManifestResourceStream("completion/" + _resource)
                ?? throw new InvalidOperationException($"{_resource} is not in this build.");
            using StreamReader reader = new(stream);
            return reader.ReadToEnd().ReplaceLineEndings("\n");
        }
    }

    /// <summary>Where the script of a user goes.</summary>
    public string PathIn(ShellFolders folders) => _path(folders);

    /// <summary>The one of a name.</summary>
    public static CompletionShell Of(string name) =>
        All.FirstOrDefault(shell => shell.Name == name)
        ?? throw AnnException.Invalid(
            "shell", $"shell is '{name}'; it must be one of {string.Join(", ", All.Select(static one => one.Name))}.");
}

/// <summary>Folders of a user.</summary>
/// <param name="Data">What programs keep: <c>XDG_DATA_HOME</c>, or <c>~/.local/share</c>.</param>
/// <param name="Settings">Settings: <c>XDG_CONFIG_HOME</c>, or <c>~/.config</c>.</param>
/// <param name="PowerShell">Where PowerShell has its profile.</param>
internal sealed record ShellFolders(string Data, string Settings, string PowerShell)
{
    /// <summary>Those of the user who runs this process.</summary>
    public static ShellFolders OfUser()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        string data = Named("XDG_DATA_HOME", Path.Combine(home, ".local", "share"));
        string settings = Named("XDG_CONFIG_HOME", Path.Combine(home, ".config"));
        string documents = Environment.GetFolderPath(Environment.SpecialFolder.MyDocuments, Environment.SpecialFolderOption.DoNotVerify);
        return new ShellFolders(
            data, settings,
            OperatingSystem.IsWindows() ? Path.Combine(documents, "PowerShell") : Path.Combine(settings, "powershell"));
    }

    private static string Named(string variable, string standard) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path && Path.IsPathRooted(path) ? path : standard;
}
