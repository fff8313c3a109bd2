using System.CommandLine;
using System.Runtime.InteropServices;
using Ann.Bench.Verbs;
using Ann.Tool;

namespace Ann.Bench;

/// <summary>The process: the console, the signals, the exit code.</summary>
internal static class Program
{
    /// <summary>Its name at the head of every message.</summary>
    public const string Name = "ann-bench";

    /// <summary>The commands.</summary>
    public static RootCommand Root(ToolContext tool) =>
        new("AnnServer's benchmarks: data sets from a seed, whole engines side by side, and the parts by themselves.")
        {
            GenVerb.Create(tool),
            PeersVerb.Create(tool),
            MicroVerb.Create(tool),
            LiveVerb.Create(tool),
            FiltersVerb.Create(tool),
            ExclusionsVerb.Create(tool),
            PromiseVerb.Create(tool),
            HardVerb.Create(tool),
            JudgedVerb.Create(tool),
            ColdVerb.Create(tool),
            ClientVerb.Create(tool),
            HarnessVerb.Create(tool),
            EncodingVerb.Create(tool),
            EmbedVerb.Create(tool),
            TruthRateVerb.Create(tool),
            TuneGridVerb.Create(tool),
            WorkerVerb.Create(tool),
        };

    private static async Task<int> Main(string[] args)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await Ann.Tool.CommandLine.RunAsync(Name, Root, args, ToolContext.OfProcess(), stop.Token);

        // The first signal asks for an orderly end; a second one ends the process at once, as without us.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }
}
