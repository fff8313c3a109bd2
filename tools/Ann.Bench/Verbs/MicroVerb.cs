using System.CommandLine;
using Ann.Bench.Micro;
using Ann.Tool;

namespace Ann.Bench.Verbs;

/// <summary><c>micro</c>: the parts by themselves.</summary>
internal static class MicroVerb
{
    /// <summary>The command.</summary>
    public static Command Create(ToolContext tool)
    {
        Option<string[]> filter = new("--filter")
        {
            Description = "Which benchmarks, as globs over Namespace.Class.Method; several are allowed.",
            DefaultValueFactory = _ => ["*"],
            HelpName = "GLOB",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string> output = new("--output")
        {
            Description = "Directory of the tables and of their JSON.",
            DefaultValueFactory = _ => "BenchmarkDotNet.Artifacts",
            HelpName = "DIR",
        };
        Option<bool> smoke = new("--smoke") { Description = "Run every benchmark once on tiny data, unmeasured: does it still work?" };

        Verb command = new("micro",
            "Measure kernels, walk, rerank, file open and wire encoding by themselves, with what they allocate.",
            $"{Program.Name} micro --filter *Kernel* *Walk*",
            $"{Program.Name} micro --smoke")
        {
            filter, output, smoke,
        };
        command.SetAction((parsed, cancellation) =>
        {
            if (!parsed.GetValue(smoke))
            {
                // BenchmarkDotNet cannot be asked to stop; it writes its tables at the end of a class only.
                using CancellationTokenRegistration stop = cancellation.Register(() => Environment.Exit(ExitCodes.Cancelled));
                MicroRun.Measure(parsed.GetValue(filter)!, parsed.GetValue(output)!);
                return Task.FromResult(ExitCodes.Done);
            }
            foreach (string name in MicroRun.Smoke())
                tool.Out.WriteLine(name);
            return Task.FromResult(ExitCodes.Done);
        });
        return command;
    }
}
