using System.Diagnostics;
using System.Text;
using Ann.Tests.House;
using Ann.Tests.Server.Telemetry;

namespace Ann.Tests.Clients;

/// <summary>A folder in which a page's commands are run: with the protocol, the server's authority, and what it is given besides.</summary>
internal sealed class LanguageWorkplace : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-language-");
    private readonly Dictionary<string, string> _environment = [];

    public LanguageWorkplace(GuardedShop shop)
    {
        CopyFolder("proto/ann", static _ => true);
        Write("ca.pem", shop.Authorities);
        Set("ANN_API_KEY", shop.Key);
        Directory.CreateDirectory(PathOf("bin"));
        Set("PATH", PathOf("bin") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH"));
    }

    /// <summary>Skips the test, and says what is missing, unless these programs and files are there.</summary>
    /// <param name="needs">Each the name of a program or the path of a file, and the package of Debian that has it.</param>
    public static void SkipWithout(params (string Thing, string Package)[] needs)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The pages are tried with what Debian has.");
        (string Thing, string Package)[] missing =
            [.. needs.Where(static one => one.Thing[0] == '/' ? !File.Exists(one.Thing) : PrometheusTests.Find(one.Thing) is null)];
        Assert.SkipWhen(
            missing.Length > 0,
            $"Not on this machine: {string.Join(", ", missing.Select(static one => one.Thing))} "
                + $"(Debian: apt-get install {string.Join(' ', missing.Select(static one => one.Package).Distinct())}).");
    }

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public void Set(string variable, string value) => _environment[variable] = value;

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    /// <summary>Puts a program before those of the machine.</summary>
    public void WriteProgram(string name, string script)
    {
        Write($"bin/{name}", "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(PathOf($"bin/{name}"), (UnixFileMode)0b111_101_101);
    }

    /// <summary>Copies a folder of the tree to the same place here.</summary>
    public void CopyFolder(string folder, Func<string, bool> takes)
    {
        string root = Path.Combine(TidyTests.Root, folder);
        foreach (string file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(takes))
        {
            string to = PathOf(Path.GetRelativePath(TidyTests.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
    }

    /// <summary>Runs a script in the folder; a command that fails ends it.</summary>
    /// <returns>The exit code, standard output, and both streams.</returns>
    public async Task<(int Code, string Out, string All)> TryAsync(string script)
    {
        ProcessStartInfo start = new("sh", ["-ec", script])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string variable, string value) in _environment)
            start.Environment[variable] = value;
        using Process process = Process.Start(start)!;
        StringBuilder all = new();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (all)
                all.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync();
        lock (all)
            return (process.ExitCode, output, $"{script}\n{output}\n{all}");
    }

    /// <summary>Runs a script that must end well.</summary>
    /// <returns>Standard output.</returns>
    public async Task<string> RunAsync(string script)
    {
        (int code, string output, string all) = await TryAsync(script);
        Assert.True(code == 0, $"exit code {code} of:\n{all}");
        return output;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
