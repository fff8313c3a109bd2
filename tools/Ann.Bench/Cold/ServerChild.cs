using System.Diagnostics;
using Ann.Core;

namespace Ann.Bench.Cold;

/// <summary>A server in a process of its own. Disposing it ends it.</summary>
internal sealed class ServerChild : IDisposable
{
    private const string Listening = "Listening on ";

    private readonly Process _process;

    private ServerChild(Process process, string address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public string Address { get; }

    /// <summary>Starts a program's <c>serve</c> on a free port, and waits until the port is open.</summary>
    /// <param name="program">The program <c>ann</c>, or its library <c>ann.dll</c>, which is run by <c>dotnet</c>.</param>
    /// <param name="index">The file to serve.</param>
    /// <param name="cancellation">Ends the wait, and the program.</param>
    /// <exception cref="AnnException">InvalidArgument: it ended before it listened; with what it said.</exception>
    public static async Task<ServerChild> StartAsync(string program, string index, CancellationToken cancellation)
    {
        bool isLibrary = program.EndsWith(".dll", StringComparison.Ordinal);
        ProcessStartInfo start = new(isLibrary ? "dotnet" : program) { RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in (string[])[.. isLibrary ? [program] : (string[])[], "serve", index, "--listen", "127.0.0.1:0"])
            start.ArgumentList.Add(argument);
        start.Environment["Ann__EmbeddedEncoder"] = "false"; // not what is measured
        Process process = Process.Start(start) ?? throw AnnException.Invalid("--server", $"{program} could not be started.");
        try
        {
            string said = "";
            while (await process.StandardError.ReadLineAsync(cancellation) is { } line)
            {
                said = line;
                int at = line.IndexOf(Listening, StringComparison.Ordinal);
                if (at < 0)
                    continue;
                _ = process.StandardError.ReadToEndAsync(CancellationToken.None); // a full pipe would stop it
                return new ServerChild(process, line[(at + Listening.Length)..].TrimEnd('.'));
            }
            throw AnnException.Invalid("--server", $"{program} ended before it listened: {said}");
        }
        catch
        {
            End(process);
            throw;
        }
    }

    public void Dispose() => End(_process);

    private static void End(Process process)
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }
}
