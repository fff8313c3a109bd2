using System.Globalization;
using System.Text.RegularExpressions;
using Ann.Tests.Server;

namespace Ann.Tests.Samples;

/// <summary>Goal: the sample of re-embedding changes the encoder of a live index, and back, without a search that fails.</summary>
[Collection(typeof(ServerTests))]
public sealed partial class ReEmbeddingTests
{
    [Fact]
    public async Task NoSearchFails()
    {
        SemanticSearchTests.RequireEncoders();

        string output = await SampleProcess.RunAsync("re-embedding", "Ann.Samples.ReEmbedding", "--roll-back");

        Assert.Contains("1. 130 items are served, encoded by minilm", output, StringComparison.Ordinal);
        string attached = Attached().Match(output).Groups[1].Value;
        Match measured = Measured().Match(output);
        Assert.InRange(double.Parse(measured.Groups[1].Value, CultureInfo.InvariantCulture), 0.95, 1);
        Assert.InRange(int.Parse(measured.Groups[2].Value, CultureInfo.InvariantCulture), 20, 99);
        string old = RolledBack().Match(output).Groups[1].Value;
        Match summary = Summary().Match(output);
        Assert.Equal("0", summary.Groups[2].Value);
        Assert.Contains($"by {attached}", summary.Groups[1].Value, StringComparison.Ordinal);
        Assert.Contains($"by {old}", summary.Groups[1].Value, StringComparison.Ordinal);
        Assert.NotEqual(old, attached);
    }

    [GeneratedRegex("^3. attached as generation ([0-9a-f]{16}): 130 items, 0 writes missed", RegexOptions.Multiline)]
    private static partial Regex Attached();

    [GeneratedRegex(@"^4. measured: recall ([\d.]+), p99 [\d.]+ ms, (\d+) % of the old answers; promoted", RegexOptions.Multiline)]
    private static partial Regex Measured();

    [GeneratedRegex("^5. rolled back to generation ([0-9a-f]{16})", RegexOptions.Multiline)]
    private static partial Regex RolledBack();

    [GeneratedRegex(@"^\d+ searches answered \((.*)\), (\d+) failed", RegexOptions.Multiline)]
    private static partial Regex Summary();
}
