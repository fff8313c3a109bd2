using Ann.Tests.Encoding;

namespace Ann.Tests.Bench;

/// <summary>What an encoder costs besides its model, from the command line to the table.</summary>
public sealed class EncodingTests
{
    [Fact]
    public async Task EveryBatchHasALine()
    {
        using Ann.Tests.Encoding.TemporaryFolder folder = TextEncoderTests.Described("{}");
        folder.With("texts.tsv", "1\tx\tred shoes\n2\ty\tblue\n\n");

        BenchAnswer(await BenchRun.RunAsync("encode", "--encoder", folder.Path, "--batches", "1,3", "--rows", "7", "--rounds", "2"));
        BenchAnswer(await BenchRun.RunAsync(
            "encode", "--encoder", folder.Path, "--batches", "1,3", "--rounds", "1", "--texts", folder["texts.tsv"]));

        static void BenchAnswer(Ann.Tests.Tool.ToolRun run)
        {
            Assert.True(run.Code is 0 or 1, run.Error); // 1: too slow, which so few rows say nothing of
            Assert.Equal(2, run.Out.Split('\n').Count(static line => line.StartsWith("    1 ", StringComparison.Ordinal)
                || line.StartsWith("    3 ", StringComparison.Ordinal)));
        }
    }
}
