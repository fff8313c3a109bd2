using System.Diagnostics;
using System.Text.Json;

namespace Ann.Tests.House;

/// <summary>
/// Goal: one property switches the ONNX Runtime package. The GPU package need not be restorable for that to be true: MSBuild is asked
/// what it would reference.
/// </summary>
public sealed class OnnxRuntimeFlavorTests
{
    [Theory]
    [InlineData("", "Microsoft.ML.OnnxRuntime")]
    [InlineData("-p:OnnxRuntimeFlavor=Cpu", "Microsoft.ML.OnnxRuntime")]
    [InlineData("-p:OnnxRuntimeFlavor=Gpu", "Microsoft.ML.OnnxRuntime.Gpu")]
    public async Task TheFlavorChoosesThePackage(string property, string expected)
    {
        (int exitCode, string output) = await Evaluate(property, "-getItem:PackageReference");

        Assert.True(exitCode == 0, output);
        using JsonDocument document = JsonDocument.Parse(output);
        string[] packages = [.. document.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!)
            .Where(name => name.StartsWith("Microsoft.ML.OnnxRuntime", StringComparison.Ordinal))];
        Assert.Equal([expected], packages);
    }

    [Fact]
    public async Task AnUnknownFlavorIsAnError()
    {
        (int exitCode, string output) = await Evaluate("-p:OnnxRuntimeFlavor=Npu", "-t:CheckOnnxRuntimeFlavor");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("OnnxRuntimeFlavor is 'Npu'; it must be Cpu or Gpu.", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> Evaluate(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("msbuild");
        start.ArgumentList.Add(Path.Combine(TidyTests.Root, "engine", "Ann.Encoding", "Ann.Encoding.csproj"));
        start.ArgumentList.Add("-nologo");
        foreach (string argument in arguments.Where(a => a.Length > 0))
            start.ArgumentList.Add(argument);

        // The runner's own MSBuild settings would point the child at another SDK.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }
}
