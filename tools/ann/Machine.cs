using System.Runtime.InteropServices;
using Ann.Core.Distances;
using Ann.Core.Files;

namespace Ann.Tool;

/// <summary>What the figures were measured on.</summary>
internal sealed record Machine
{
    public required string Cpu { get; init; }

    public required int Cores { get; init; }

    /// <summary>Widest registers that the engine's kernels use, bits.</summary>
    public required string SimdBits { get; init; }

    /// <summary>Extensions of the processor that engines are compiled for, as the system calls them; empty where it does not say.</summary>
    public required string InstructionSet { get; init; }

    public required string OperatingSystem { get; init; }

    public required string Runtime { get; init; }

    /// <summary>Those that the kernels of one engine or another have variants for: x86, then Arm.</summary>
    private static readonly string[] Extensions =
    [
        "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8",
        "asimd", "asimddp", "fphp", "i8mm", "bf16", "sve", "sve2",
    ];

    /// <summary>One line of a report.</summary>
    public string ToText() =>
        $"{Cpu}, {Cores} cores, {SimdBits}-bit kernels{(InstructionSet.Length > 0 ? $" of {InstructionSet}" : "")}; "
        + $"{OperatingSystem}; {Runtime}";

    /// <summary>This machine.</summary>
    public static Machine Describe(IFileSystem files)
    {
        string model = "", stepping = "", flags = "";
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
                if (line.StartsWith("flags", StringComparison.Ordinal) || line.StartsWith("Features", StringComparison.Ordinal))
                    flags = Value(line);
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
            InstructionSet = string.Join(' ', Extensions.Intersect(flags.Split(' '))),
            OperatingSystem = RuntimeInformation.OSDescription,
            Runtime = RuntimeInformation.FrameworkDescription,
        };

        static string Value(string line) => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
