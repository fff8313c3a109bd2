using System.Diagnostics;
using System.Globalization;
using Ann.Tests.House;

namespace Ann.Tests.Samples;

/// <summary>
/// A sample as its reader starts it: the program where it was built, as a process of its own. Tests of one collection start them, so that
/// one runs at a time.
/// </summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Where samples extract encoders: not where this process does, since two would write the same files.</summary>
    private static readonly Lazy<string> Cache = new(static () =>
    {
        string folder = Directory.CreateTempSubdirectory("ann-samples-cache-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    private readonly Process _process;
    private readonly Task<string> _errors;

    private SampleProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The folder of a sample in the tree.</summary>
    public static string Folder(string sample) => Path.Combine(TidyTests.Root, "tools", "samples", sample);

    /// <summary>Starts a sample in its folder, without anything on its standard input.</summary>
    /// <param name="sample">Its folder.</param>
    /// <param name="program">Its program.</param>
    /// <param name="words">What stands behind it.</param>
    public static SampleProcess Start(string sample, string program, params string[] words)
    {
        string built = Path.GetRelativePath(Path.Combine(TidyTests.Root, "tests", "Ann.Tests"), AppContext.BaseDirectory);
        ProcessStartInfo start = new("dotnet", [Path.Combine(Folder(sample), built, $"{program}.dll"), .. words])
        {
            WorkingDirectory = Folder(sample),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ANN_CACHE_DIR"] = Cache.Value;
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return new SampleProcess(process);
    }

    /// <summary>Runs a sample to its end, which must be a good one.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string sample, string program, params string[] words)
    {
        using SampleProcess run = Start(sample, program, words);
        string output = await run._process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await run._process.WaitForExitAsync().WaitAsync(Patience);
        Assert.True(run._process.ExitCode == 0, $"{program} ended with {run._process.ExitCode}:\n{output}\n{await run._errors}");
        return output;
    }

    /// <summary>Waits for a line that has a text.</summary>
    /// <returns>What stands behind the text.</returns>
    public async Task<string> ReadAsync(string text)
    {
        List<string> lines = [];
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            lines.Add(line);
            if (line.IndexOf(text, StringComparison.Ordinal) is int at and >= 0)
            {
                _ = _process.StandardOutput.ReadToEndAsync(); // so that it never waits for a reader
                return line[(at + text.Length)..].Trim();
            }
        }
        Assert.Fail($"it ended without '{text}':\n{string.Join('\n', lines)}\n{await _errors}");
        return "";
    }

    /// <summary>Ends a sample as an operator does, and waits for its end.</summary>
    public async Task<int> StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
