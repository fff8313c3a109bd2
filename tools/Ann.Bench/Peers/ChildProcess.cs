using System.ComponentModel;
using System.Diagnostics;

namespace Ann.Bench.Peers;

/// <summary>What a child process said, and how it ended.</summary>
internal sealed record ChildResult(int ExitCode, string Output, string Error);

/// <summary>Runs programs to their end; cancellation ends them, too.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a program.</summary>
    /// <param name="program">Its path, or a name on the path.</param>
    /// <param name="arguments">As they are; no shell is involved.</param>
    /// <param name="cores">Cores to pin it to; empty leaves it free. Needs <c>taskset</c>, so Linux.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <returns>Null when there is no such program.</returns>
    public static async Task<ChildResult?> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyList<int> cores, CancellationToken cancellation)
    {
        ProcessStartInfo start = new()
        {
            FileName = program,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (cores.Count > 0 && OperatingSystem.IsLinux())
        {
            start.FileName = "taskset";
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(string.Join(',', cores));
            start.ArgumentList.Add(program);
        }
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);

        using Process process = new() { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return null;
        }
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> error = process.StandardError.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return new ChildResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }
}
