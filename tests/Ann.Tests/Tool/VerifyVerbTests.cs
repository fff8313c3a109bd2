using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann verify</c> tells a sound file (0) from a damaged one (1) and from one that is none (2).</summary>
public sealed class VerifyVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ASoundFilePasses()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 200);

        ToolRun run = (await ToolRun.RunAsync("verify", index, "--json")).Expect(0);

        Assert.True(run.Json.GetProperty("sound").GetBoolean());
        Assert.Equal(200, run.Json.GetProperty("rows").GetInt32());
        Assert.Contains("sound", (await ToolRun.RunAsync("verify", index)).Expect(0).Out);
    }

    [Fact]
    public async Task ADamagedFileFailsWithSectionAndByte()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 200);
        byte[] bytes = File.ReadAllBytes(index);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(index, bytes);

        ToolRun run = (await ToolRun.RunAsync("verify", index, "--json")).Expect(1);

        Assert.False(run.Json.GetProperty("sound").GetBoolean());
        Assert.Matches("section .+, byte [0-9]+:", run.Json.GetProperty("fault").GetString());
        Assert.Matches("x.ann: section .+, byte [0-9]+:", run.Error);
        (await ToolRun.RunAsync("info", index)).ExpectRefusal("x.ann: section", "byte");
    }

    [Fact]
    public async Task ACutFileFails()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 200);
        File.WriteAllBytes(index, File.ReadAllBytes(index)[..^4096]);

        (await ToolRun.RunAsync("verify", index)).Expect(1);
    }

    [Fact]
    public async Task AFileOfAnotherVersionIsBadInput()
    {
        string index = await SampleVectors.BuildAsync(_folder, "x", 200);
        byte[] bytes = File.ReadAllBytes(index);
        bytes[8] = 99; // The version follows the magic of eight bytes.
        File.WriteAllBytes(index, bytes);

        (await ToolRun.RunAsync("verify", index)).ExpectRefusal("x.ann", "version 99");
        (await ToolRun.RunAsync("info", index)).ExpectRefusal("x.ann", "version 99");
        (await ToolRun.RunAsync("eval", "--index", index, "--queries", _folder["x.fbin"])).ExpectRefusal("x.ann", "version 99");
    }

    [Fact]
    public async Task AFileOfAnotherKindIsBadInput()
    {
        (await ToolRun.RunAsync("verify", _folder.Write("x.ann", new string('x', 10_000)))).ExpectRefusal("x.ann");
        (await ToolRun.RunAsync("verify", _folder["absent.ann"])).ExpectRefusal("absent.ann: no such file");
        (await ToolRun.RunAsync("verify")).ExpectRefusal("ann verify");
    }
}
