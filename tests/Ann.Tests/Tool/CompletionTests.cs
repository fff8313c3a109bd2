using System.CommandLine;
using System.Diagnostics;
using Ann.Tests.Files;
using Ann.Tool;
using Ann.Tool.Completion;
using Ann.Tool.Verbs;

namespace Ann.Tests.Tool;

/// <summary>Goal: the tabulator knows verbs, options and their words, in each shell.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("bu", "build")]
    [InlineData("build --layou", "--layout")]
    [InlineData("build --layout ", "fast", "lean", "compact")]
    [InlineData("completion ", "bash", "zsh", "fish", "powershell")]
    public async Task ALineIsContinued(string line, params string[] words)
    {
        string[] found = (await ToolRun.RunAsync($"[suggest:{line.Length}]", line)).Expect(0).Out.Split(['\n', '\r']);

        Assert.Superset(words.ToHashSet(), found.ToHashSet());
    }

    [Theory]
    [InlineData("ann bu", "build")]
    [InlineData("ann build --layout l", "lean")]
    public void BashAsks(string line, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no bash: its script was not run.");
        const string Run = """
            ann() { dotnet "$TOOL" "$@"; }
            eval "$SCRIPT"
            COMP_LINE=$1 COMP_POINT=${#1}
            read -ra COMP_WORDS <<<"$1"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _ann
            printf '%s' "${COMPREPLY[*]}"
            """;
        ProcessStartInfo start = new("bash", ["--norc", "-c", Run, "bash", line]) { RedirectStandardOutput = true };
        start.Environment["TOOL"] = Path.Combine(AppContext.BaseDirectory, "ann.dll");
        start.Environment["SCRIPT"] = CompletionShell.Of("bash").Script;

        using Process bash = Process.Start(start)!;
        string found = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();

        Assert.Equal((0, expected), (bash.ExitCode, found));
    }

    [Theory]
    [InlineData("bash", "/data/bash-completion/completions/ann", null)]
    [InlineData("zsh", "/data/zsh/site-functions/_ann", "fpath=(/data/zsh/site-functions $fpath)")]
    [InlineData("fish", "/settings/fish/completions/ann.fish", null)]
    [InlineData("powershell", "/powershell/ann.completion.ps1", ". /powershell/ann.completion.ps1")]
    public void ItIsInstalledAndSaysWhere(string shell, string path, string? once)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Paths are those of Unix here.");
        SimulatedFileSystem files = new();
        StringWriter text = new();
        ToolContext tool = new() { Out = text, Error = TextWriter.Null, Files = files, CacheDirectory = "/cache" };
        Command verb = CompletionVerb.Create(tool, new ShellFolders("/data", "/settings", "/powershell"));

        Assert.Equal(0, verb.Parse([shell, "--install"]).Invoke());

        Assert.Equal(CompletionShell.Of(shell).Script, System.Text.Encoding.UTF8.GetString(files.ReadAllBytes(path)));
        Assert.Contains(path, text.ToString());
        Assert.Equal(once is not null, text.ToString().Contains("Add once", StringComparison.Ordinal));
        Assert.Contains(once ?? "", text.ToString());
    }

    [Fact]
    public async Task AnUnknownShellIsRefused() =>
        (await ToolRun.RunAsync("completion", "tcsh")).ExpectRefusal("tcsh", "bash, zsh, fish, powershell");
}
