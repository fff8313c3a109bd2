using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Ann.Samples.Shared;

/// <summary>A server beside a sample: <c>ann serve</c> as a process of its own, on a free port. It ends with the sample.</summary>
internal sealed partial class LocalServer : IAsyncDisposable
{
    private const string Serving = "serving on ";

    private readonly Process _process;

    private LocalServer(Process process) => _process = process;

    /// <summary>Where it listens, for a client.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Starts a server and waits until it serves.</summary>
    /// <param name="options">Options of <c>ann serve</c> beside the port.</param>
    public static async Task<LocalServer> StartAsync(params string[] options)
    {
        LocalServer server = new(Start(["serve", "--listen", "127.0.0.1:0", .. options], readsOutput: true));
        while (await server._process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(Serving, StringComparison.Ordinal))
                continue;
            server.Address = line[Serving.Length..];
            _ = server._process.StandardOutput.ReadToEndAsync(); // so that it never waits for a reader
            return server;
        }
        throw new InvalidOperationException("The server ended before it served; what it wrote says why.");
    }

    /// <summary>Runs another verb of <c>ann</c> to its end.</summary>
    public static async Task RunToolAsync(params string[] words)
    {
        using Process process = Start(words, readsOutput: false);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"ann {words[0]} ended with {process.ExitCode}; what it wrote says why.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(); // Nothing is lost: what was acknowledged is on disk.
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>In this repository <c>ann</c> is built with the samples; elsewhere it is the tool that was installed.</summary>
    private static Process Start(string[] words, bool readsOutput)
    {
        string built = Path.Combine(SampleFolder().Replace(AppContext.BaseDirectory, "tools/ann/bin"), "ann.dll");
        string[] program = Path.Exists(built) ? ["dotnet", built] : ["ann"];
        ProcessStartInfo start = new(program[0], [.. program[1..], .. words]) { RedirectStandardOutput = readsOutput };
        start.Environment["Logging__LogLevel__Default"] = "Error"; // what the sample says is not to be lost among what the server logs
        return Process.Start(start) ?? throw new InvalidOperationException($"{program[0]} could not be started.");
    }

    [GeneratedRegex(@"tools[\\/]samples[\\/][^\\/]+[\\/]bin")]
    private static partial Regex SampleFolder();
}
