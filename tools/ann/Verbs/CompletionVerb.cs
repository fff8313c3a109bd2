using System.CommandLine;
using System.Globalization;
using Ann.Core.Files;
using Ann.Tool.Completion;
using Ann.Tool.Reports;

namespace Ann.Tool.Verbs;

/// <summary><c>ann completion</c>: the script by which a shell completes what is typed; printed, or put in its place.</summary>
internal static class CompletionVerb
{
    /// <summary>The command.</summary>
    /// <param name="tool">What it has of the world.</param>
    /// <param name="folders">Of the user; null for those of the process.</param>
    public static Command Create(ToolContext tool, ShellFolders? folders = null)
    {
        string[] names = [.. CompletionShell.All.Select(static shell => shell.Name)];
        Argument<string> shell = new("shell") { Description = string.Join(", ", names[..^1]) + " or " + names[^1] + "." };
        shell.CompletionSources.Add(names);
        Option<bool> install = new("--install") { Description = "Put it where the shell looks for it, and tell where that is." };
        Option<bool> json = VerbOptions.Json();
        Verb command = new("completion",
            "Print the script by which a shell completes verbs, options and their words, or install it.",
            "ann completion bash --install",
            "ann completion zsh > _ann")
        {
            shell, install, json,
        };
        command.SetAction(parsed =>
        {
            CompletionShell asked = CompletionShell.Of(parsed.GetRequiredValue(shell));
            string? path = parsed.GetValue(install) ? asked.PathIn(folders ?? ShellFolders.OfUser()) : null;
            if (path is not null)
                Install(tool, asked, path);
            if (parsed.GetValue(json))
            {
                CompletionReport report = new(asked.Name, asked.Script, path, Once(asked, path));
                ToolJson.Write(tool, report, ToolJson.Default.CompletionReport);
            }
            else if (path is null)
                tool.Out.Write(asked.Script);
            else
                Print(tool.Out, path, Once(asked, path));
            return ExitCodes.Done;
        });
        return command;
    }

    private static void Install(ToolContext tool, CompletionShell shell, string path)
    {
        tool.Files.CreateDirectory(Path.GetDirectoryName(path)!);
        using AtomicFile file = new(tool.Files, path);
        file.Stream.Write(System.Text.Encoding.UTF8.GetBytes(shell.Script));
        file.Commit();
    }

    private static string? Once(CompletionShell shell, string? path) => shell.OnceFor.Length > 0 && path is not null
        ? string.Format(CultureInfo.InvariantCulture, shell.OnceFor, Path.GetDirectoryName(path), path)
        : null;

    private static void Print(TextWriter text, string path, string? once)
    {
        text.WriteLine($"{path}: written. It works in shells that are started from now on.");
        if (once is not null)
            text.WriteLine("Add once, " + once);
    }
}
