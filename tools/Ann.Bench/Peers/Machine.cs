using System.Runtime.InteropServices;
using Ann.Core.Distances;
using Ann.Core.Files;

namespace Ann.Bench.Peers;

/// <summary>What the figures were measured on.</summary>
internal sealed record Machine
{
    public required string Cpu { get; init; }

    public required int Cores { get; init; }

    /// <summary>Widest registers that the engine's kernels use, bits.</summary>
    public required string SimdBits { get; init; }

    public required string OperatingSystem { get; init; }

    public required string Runtime { get; init; }

    /// <summary>This machine.</summary>
    public static Machine Describe(IFileSystem files)
    {
        string model = "", stepping = "";
        int cores = 0;
        if (files.FileExists("/proc/cpuinfo"))
        {
            using StreamReader reader = new(files.OpenRead("/proc/cpuinfo"));
            while (reader.ReadLine() is string line)
            {
                if (line.StartsWith("processor", StringComparison.Ordinal))
                    cores++;
                if (line.StartsWith("model name", StringComparison.Ordinal))
                    model = Value(line);
                if (line.StartsWith("cpu family", StringComparison.Ordinal))
                    stepping = $"family {Value(line)}";
                if (line.StartsWith("model\t", StringComparison.Ordinal) && !stepping.Contains("model", StringComparison.Ordinal))
                    stepping += $" model {Value(line)}";
            }
        }
        return new Machine
        {
            Cpu = model.Length > 0 ? $"{model} ({stepping})" : RuntimeInformation.ProcessArchitecture.ToString(),
            Cores = cores > 0 ? cores : Environment.ProcessorCount,
            SimdBits = SimdWidth.Name,
            OperatingSystem = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
        };

        static string Value(string line) => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
