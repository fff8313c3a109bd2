using System.Text.Json;
using Ann.Tests.Packaging;

namespace Ann.Tests.House;

/// <summary>
/// Goal: one property switches the ONNX Runtime package, and what is published takes the one for GPUs. MSBuild is asked what it would
/// reference; nothing is restored.
/// </summary>
public sealed class OnnxRuntimeFlavorTests
{
    private const string Linux = "-p:RuntimeIdentifier=linux-x64", Windows = "-p:RuntimeIdentifier=win-x64";
    private const string Mac = "-p:RuntimeIdentifier=osx-arm64", Publish = "-p:_IsPublishing=true", Gpu = "-p:OnnxRuntimeFlavor=Gpu";

    [Theory]
    [InlineData("Microsoft.ML.OnnxRuntime", "")]
    [InlineData("Microsoft.ML.OnnxRuntime", "", Linux)]
    [InlineData("Microsoft.ML.OnnxRuntime", "", "-p:OnnxRuntimeFlavor=Cpu", Publish, Linux)]
    [InlineData("Microsoft.ML.OnnxRuntime", "", Publish, Mac)]
    [InlineData("Microsoft.ML.OnnxRuntime.Gpu.Linux", "packages.Gpu.Linux.lock.json", Gpu, Linux)]
    [InlineData("Microsoft.ML.OnnxRuntime.Gpu.Linux", "packages.Gpu.Linux.lock.json", Publish, Linux)]
    [InlineData("Microsoft.ML.OnnxRuntime.Gpu.Windows", "packages.Gpu.Windows.lock.json", Publish, Windows)]
    public async Task TheFlavorChoosesThePackageAndItsLockFile(string package, string lockFile, params string[] properties)
    {
        (int exitCode, string output) = await Evaluate([.. properties, "-getItem:PackageReference", "-getProperty:NuGetLockFilePath"]);

        Assert.True(exitCode == 0, output);
        using JsonDocument document = JsonDocument.Parse(output);
        string[] packages = [.. document.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!)
            .Where(name => name.StartsWith("Microsoft.ML.OnnxRuntime", StringComparison.Ordinal))];
        Assert.Equal([package], packages);
        Assert.Equal(lockFile, document.RootElement.GetProperty("Properties").GetProperty("NuGetLockFilePath").GetString());
    }

    [Theory]
    [InlineData("OnnxRuntimeFlavor is 'Npu'; it must be Cpu or Gpu.", "-p:OnnxRuntimeFlavor=Npu")]
    [InlineData("OnnxRuntimeFlavor is Gpu, which there is for linux-x64 and win-x64; this is for osx-arm64.", Gpu, Mac)]
    public async Task AFlavorThatIsNotThereIsAnError(string message, params string[] properties)
    {
        (int exitCode, string output) = await Evaluate([.. properties, "-t:CheckOnnxRuntimeFlavor"]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    private static Task<Command> Evaluate(params string[] arguments) => Command.DotnetAsync(
        TidyTests.Root, ["msbuild", Path.Combine("engine", "Ann.Encoding", "Ann.Encoding.csproj"), "-nologo", .. arguments]);
}
