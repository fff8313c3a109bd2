using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ann.Tests.Server;

/// <summary><c>ann serve</c> as a process of its own, which can be stopped and killed.</summary>
internal sealed class ServeProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private ServeProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Address { get; private set; } = "";

    /// <summary>Number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a server on a data directory, and waits until it serves.</summary>
    public static Task<ServeProcess> StartAsync(string data, IReadOnlyDictionary<string, string> settings) =>
        StartAsync(settings, "--data", data, "--listen", "127.0.0.1:0");

    /// <summary>Starts a server with these variables and options, and waits until it serves.</summary>
    public static async Task<ServeProcess> StartAsync(IReadOnlyDictionary<string, string> settings, params string[] options)
    {
        // What is ignored here would be ignored there: tests that a shell starts in the background ignore SIGINT, those of nohup SIGHUP.
        string[] program = IgnoresSignals() ? ["env", "--default-signal=INT,HUP", "dotnet"] : ["dotnet"];
        return await StartAsync(program, settings, options);
    }

    /// <summary>Starts a server by another program than <c>dotnet</c>, which is the last of its words, and waits until it serves.</summary>
    public static async Task<ServeProcess> StartAsync(
        string[] program, IReadOnlyDictionary<string, string> settings, params string[] options)
    {
        ProcessStartInfo start = new(program[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string tool = Path.Combine(AppContext.BaseDirectory, "ann.dll");
        foreach (string word in (string[])[.. program[1..], tool, "serve", "--json", .. options])
            start.ArgumentList.Add(word);
        start.Environment["Ann__EmbeddedEncoder"] = "false";
        start.Environment["Ann__WarmUpCalls"] = "0";
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        ServeProcess serve = new(Process.Start(start)!);
        try
        {
            using JsonDocument report = JsonDocument.Parse(await serve.ReadReportAsync().WaitAsync(TimeSpan.FromSeconds(60)));
            serve.Address = report.RootElement.GetProperty("address").GetString()!;
            return serve;
        }
        catch
        {
            serve.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of memory that the process had at most; Linux tells.</summary>
    public long PeakBytes() => StatusOf("VmHWM:");

    /// <summary>Bytes of memory that the process has now.</summary>
    public long RssBytes() => StatusOf("VmRSS:");

    /// <summary>Files, connections and other things that the process has open; Linux tells.</summary>
    public int Handles() => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;

    /// <summary>Threads of the process; Linux tells.</summary>
    public int Threads() => Directory.GetFileSystemEntries($"/proc/{_process.Id}/task").Length;

    /// <summary>True when a library whose name has this text is mapped; Linux tells.</summary>
    public bool HasLoaded(string library) => File.ReadAllText($"/proc/{_process.Id}/maps").Contains(library, StringComparison.Ordinal);

    /// <summary>SIGKILL: the process does nothing any more, not even flush.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _errors;
    }

    /// <summary>Sends a signal such as <c>TERM</c> and waits for the end.</summary>
    /// <returns>The exit code, and what was written to standard error.</returns>
    public async Task<(int Code, string Errors)> StopAsync(string signal)
    {
        string id = _process.Id.ToString(CultureInfo.InvariantCulture);
        using Process kill = Process.Start(new ProcessStartInfo("kill") { ArgumentList = { $"-{signal}", id } })!;
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (_process.ExitCode, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static bool IgnoresSignals() => OperatingSystem.IsLinux()
        && File.ReadLines("/proc/self/status").Single(static line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is string line
        && (ulong.Parse(line.AsSpan("SigIgn:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0b11) != 0;

    private long StatusOf(string name) => File.ReadLines($"/proc/{_process.Id}/status")
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(static line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10)
        .Single();

    /// <summary>The indented document ends with the first line that is a brace alone.</summary>
    private async Task<string> ReadReportAsync()
    {
        StringBuilder text = new();
        while (await _process.StandardOutput.ReadLineAsync() is string line)
        {
            text.AppendLine(line);
            if (line == "}")
                return text.ToString();
        }
        Assert.Fail("the server ended before it served:\n" + await _errors);
        return "";
    }
}
