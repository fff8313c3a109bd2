using System.Text.Json;
using Ann.Core.Files;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>One command line run in process, with what it wrote.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record ToolRun(int Code, string Out, string Error)
{
    private static readonly Lazy<string> Cache = new(static () =>
    {
        string folder = Directory.CreateTempSubdirectory("ann-tests-cache-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    /// <summary>The embedded encoder is written once for all tests of this process, and no other process writes there.</summary>
    public static string CacheDirectory => Cache.Value;

    /// <summary>Standard output as the one JSON document that it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public static Task<ToolRun> RunAsync(params string[] args) => RunAsync(PhysicalFileSystem.Instance, CancellationToken.None, args);

    /// <summary>The disk, and nobody who listens.</summary>
    public static ToolContext World => new() { Out = TextWriter.Null, Error = TextWriter.Null, CacheDirectory = CacheDirectory };

    public static Task<ToolRun> RunAsync(IFileSystem files, CancellationToken cancellation, params string[] args) =>
        RunAsync(World with { Files = files }, cancellation, args);

    /// <summary>Runs in this world, but for its two streams.</summary>
    public static async Task<ToolRun> RunAsync(ToolContext world, CancellationToken cancellation, params string[] args)
    {
        StringWriter output = new();
        StringWriter error = new();
        ToolContext tool = world with { Out = TextWriter.Synchronized(output), Error = TextWriter.Synchronized(error) };
        int code = await CommandLine.RunAsync(args, tool, cancellation);
        return new ToolRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Asserts the exit code; shows both streams when it is another.</summary>
    public ToolRun Expect(int code)
    {
        Assert.True(Code == code, $"expected exit code {code}; found {Code}\nstdout: {Out}\nstderr: {Error}");
        return this;
    }

    /// <summary>Asserts a refusal: code 2, one line that says this, and nothing on standard output.</summary>
    public void ExpectRefusal(params string[] parts)
    {
        Expect(ExitCodes.BadInput);
        Assert.Equal("", Out);
        string line = Error.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("ann", line);
        Assert.DoesNotContain("   at ", Error);
        foreach (string part in parts)
            Assert.Contains(part, line);
    }
}
