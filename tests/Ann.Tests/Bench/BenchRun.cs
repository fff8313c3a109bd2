using Ann.Core.Files;
using Ann.Tests.Tool;
using Ann.Tool;

namespace Ann.Tests.Bench;

/// <summary>One command line of the benchmarks, run in process.</summary>
internal static class BenchRun
{
    public static Task<ToolRun> RunAsync(params string[] args) =>
        RunAsync(new StringWriter(), TestContext.Current.CancellationToken, args);

    /// <summary>Runs with a stream for notices, and something that ends it.</summary>
    public static async Task<ToolRun> RunAsync(StringWriter error, CancellationToken cancellation, params string[] args)
    {
        StringWriter output = new();
        ToolContext tool = new()
        {
            Out = TextWriter.Synchronized(output),
            Error = TextWriter.Synchronized(error),
            Files = PhysicalFileSystem.Instance,
            CacheDirectory = ToolRun.CacheDirectory,
        };
        int code = await CommandLine.RunAsync(
            Ann.Bench.Program.Name, Ann.Bench.Program.Root, args, tool, cancellation);
        return new ToolRun(code, output.ToString(), error.ToString());
    }
}
