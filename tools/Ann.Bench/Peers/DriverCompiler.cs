using System.Globalization;
using System.IO.Hashing;
using System.Reflection;
using Ann.Core;
using Ann.Tool;

using static System.Text.Encoding;

namespace Ann.Bench.Peers;

/// <summary>
/// Compiles the embedded C++ drivers for this machine, once per source, flags and processor: for registers as wide as those that our
/// kernels use, so that a run without AVX-512 (<c>DOTNET_EnableAVX512=0</c>) compares like with like.
/// </summary>
internal sealed class DriverCompiler(ToolContext tool, string cacheDirectory, Machine machine)
{
    private readonly string[] _flags = ["-O3", "-march=native", .. Narrowed(machine), "-std=c++17", "-pthread"];

    /// <summary>The program, compiled if it was not.</summary>
    /// <returns>The path and the library's version; or no path and what is missing, with the command that installs it.</returns>
    /// <exception cref="AnnException">InvalidArgument: the compiler found fault with the source.</exception>
    public async Task<(string? Program, string VersionOrMissing)> CompileAsync(DriverSource driver, CancellationToken cancellation)
    {
        string version = await VersionAsync(driver.Package, cancellation);
        string header = Source("driver.h");
        string source = Source(driver.File);
        XxHash3 hash = new();
        foreach (string part in (string[])[header, source, version, machine.Cpu, .. _flags, .. driver.Flags])
            hash.Append(UTF8.GetBytes(part + '\n'));
        string name = Path.GetFileNameWithoutExtension(driver.File);
        string key = hash.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture);
        string directory = Path.Combine(cacheDirectory, $"driver-{name}-{key}");
        string program = Path.Combine(directory, name);
        if (tool.Files.FileExists(program))
            return (program, version);

        tool.Files.CreateDirectory(directory);
        Write(Path.Combine(directory, "driver.h"), header);
        Write(Path.Combine(directory, driver.File), source);
        string partial = program + ".partial";
        ChildResult? result = await ChildProcess.RunAsync(
            "g++",
            [.. _flags, $"-DANN_PEER_VERSION=\"{version}\"", Path.Combine(directory, driver.File), "-o", partial, .. driver.Flags],
            [], cancellation);
        if (result is null)
            return (null, $"there is no g++: {driver.Install}");
        if (result.ExitCode != 0)
        {
            string fault = FirstFault(result.Error);
            return IsMissingPart(fault)
                ? (null, $"{fault}: {driver.Install}")
                : throw AnnException.BadInput(driver.File, "", $"g++ does not compile it: {fault}");
        }
        tool.Files.Replace(partial, program);
        return (program, version);
    }

    /// <summary>A header or a library that is not there, as g++ and ld word it.</summary>
    internal static bool IsMissingPart(string fault) =>
        fault.Contains("No such file or directory", StringComparison.Ordinal)
        || fault.Contains("cannot find -l", StringComparison.Ordinal);

    /// <summary>The line that says why, without the directory of our copy of the source.</summary>
    internal static string FirstFault(string error)
    {
        string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string line = lines.FirstOrDefault(IsMissingPart)
            ?? lines.FirstOrDefault(text => text.Contains("error:", StringComparison.Ordinal)) ?? lines.FirstOrDefault() ?? "no message";
        int place = line.IndexOf("error:", StringComparison.Ordinal);
        return place < 0 ? line : line[(place + "error:".Length)..].Trim();
    }

    internal static string Source(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("drivers/" + name)
            ?? throw new InvalidOperationException($"drivers/{name} is not embedded.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    /// <summary>What keeps the compiler from wider registers than ours.</summary>
    internal static IEnumerable<string> Narrowed(Machine machine)
    {
        bool has512 = machine.InstructionSet.Contains("avx512f", StringComparison.Ordinal);
        bool has256 = machine.InstructionSet.Contains("avx2", StringComparison.Ordinal);
        if (has512 && machine.SimdBits != "512")
            yield return "-mno-avx512f";
        if (has256 && machine.SimdBits is not ("512" or "256"))
            yield return "-mno-avx";
    }

    private static async Task<string> VersionAsync(string package, CancellationToken cancellation)
    {
        ChildResult? result = await ChildProcess.RunAsync("dpkg-query", ["-W", "-f=${Version}", package], [], cancellation);
        return result is { ExitCode: 0, Output.Length: > 0 } ? result.Output.Trim() : "unknown";
    }

    private void Write(string path, string text)
    {
        using Stream stream = tool.Files.Create(path);
        stream.Write(UTF8.GetBytes(text));
    }
}
