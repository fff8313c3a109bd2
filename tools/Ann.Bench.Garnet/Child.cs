using System.Diagnostics;
using System.Text;

namespace Ann.Bench.Garnet;

/// <summary>A process that we start, wait for, and end.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    /// <summary>Starts a server and waits until a line of its standard output holds <paramref name="ready"/>.</summary>
    public static Child StartServer(string file, string? core, string ready, params string[] arguments)
    {
        Process process = Start(file, core, arguments);
        while (process.StandardOutput.ReadLine() is string line)
        {
            if (line.Contains(ready, StringComparison.Ordinal))
                return new Child(process); // What else a server says fits the pipe.
        }
        throw new InvalidOperationException($"{file} ended before it served.");
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its standard output.</returns>
    public static string Run(string file, params string[] arguments)
    {
        using Process process = Start(file, core: null, arguments);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode is 0 or 1 ? output : throw new InvalidOperationException($"{file} ended with {process.ExitCode}.");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start(string file, string? core, string[] arguments)
    {
        ProcessStartInfo start = new(core is null ? file : "taskset")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (string argument in core is null ? arguments : ["-c", core, file, .. arguments])
            start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, line) =>
        {
            if (line.Data is not null)
                Console.Error.WriteLine("  " + line.Data);
        };
        process.BeginErrorReadLine();
        return process;
    }
}
