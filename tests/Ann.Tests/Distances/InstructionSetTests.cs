using System.Diagnostics;
using System.Runtime.InteropServices;
using Ann.Core.Distances;

namespace Ann.Tests.Distances;

/// <summary>What a child of <see cref="InstructionSetMatrixTests"/> proves about itself.</summary>
public sealed class InstructionSetTests
{
    public const string ExpectedWidth = "ANN_TEST_VECTOR_WIDTH";

    /// <summary>Checks the effect, not the switch.</summary>
    [Fact]
    public void TheInstructionSetUnderTestIsInUse() =>
        Assert.Equal(Environment.GetEnvironmentVariable(ExpectedWidth) ?? SimdWidth.Name, SimdWidth.Name);
}

/// <summary>Runs the kernels, the codes and the walk again in a process of each lower instruction set.</summary>
public sealed class InstructionSetMatrixTests
{
    private static readonly string[] Switches = ["DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"];

    [Theory]
    [InlineData("", "512")]
    [InlineData("DOTNET_EnableAVX512", "256")]
    [InlineData("DOTNET_EnableAVX2", "128")]
    [InlineData("DOTNET_EnableHWIntrinsic", "scalar")]
    public async Task KernelsAndWalkHoldAt(string disabled, string width)
    {
        if (width is "512" or "256" && RuntimeInformation.ProcessArchitecture is not Architecture.X64)
            Assert.Skip("Registers wider than 128 bits are x64's.");
        if (width == "512" && SimdWidth.Name != "512")
            Assert.Skip($"This machine's widest registers are {SimdWidth.Name}.");

        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [InstructionSetTests.ExpectedWidth] = width },
        };
        foreach (string inherited in Switches)
            start.Environment.Remove(inherited);
        if (disabled.Length > 0)
            start.Environment[disabled] = "0";
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(InstructionSetMatrixTests).Assembly.Location);
        string[] names =
        [
            "Distances.KernelTests", "Distances.InstructionSetTests", "Distances.FastScanTests", "Distances.QueryQuantisationTests",
            "Distances.SortedWordsTests", "Codes.RotationTests", "Codes.Int8CodesTests", "Codes.Int4CodesTests",
            "Codes.CodeGraphTests", "Hnsw.LayerSearchTests",
            "Segments.AnswersTests",
        ];
        foreach (string name in names)
        {
            start.ArgumentList.Add("-class");
            start.ArgumentList.Add("Ann.Tests." + name);
        }

        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Matches("Total: [1-9][0-9]", output); // a filter that matches nothing also ends with 0
        Assert.True(child.ExitCode == 0, $"at width {width}:\n{output}\n{await errors}");
    }
}
