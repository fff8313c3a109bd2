using System.Diagnostics;

namespace Ann.Tests.Packaging;

/// <summary>A program that ran, with all that it wrote.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Output">Standard output, then standard error.</param>
internal sealed record Command(int Code, string Output)
{
    /// <summary>Runs <c>dotnet</c>, as a user would from a shell.</summary>
    public static Task<Command> DotnetAsync(string folder, params string[] words) => RunAsync("dotnet", folder, new(), words);

    /// <summary>Runs a program in a folder, with these variables besides those of the tests.</summary>
    public static async Task<Command> RunAsync(
        string program, string folder, Dictionary<string, string> variables, params string[] words)
    {
        ProcessStartInfo start = new(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string word in words)
            start.ArgumentList.Add(word);

        // The runner's own MSBuild settings would point the child at another SDK; a server of compilers would outlive the test.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        foreach ((string name, string value) in variables)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new Command(process.ExitCode, output + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Asserts that it succeeded; shows what it wrote when it did not.</summary>
    public Command Expect()
    {
        Assert.True(Code == 0, $"exit code {Code}\n{Output}");
        return this;
    }
}
