using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: the same file and query give the same nodes in the same order on every machine, alone and in a batch, and at the same cost.
/// Method: hashes over nodes and statistics; <c>InstructionSetMatrixTests</c> runs this class at each instruction set. Distances are left
/// out: float32 kernels sum in another order at each width.
/// </summary>
public sealed class AnswersTests
{
    private const int Seed = 20261123;

    [Theory]
    [InlineData(Metric.L2, SegmentLayout.Fast, "37e7f05a61d867f5")]
    [InlineData(Metric.Cosine, SegmentLayout.Fast, "2229c4a053d0ce29")]
    [InlineData(Metric.InnerProduct, SegmentLayout.Fast, "5b2e33c349db7a81")]
    [InlineData(Metric.L2, SegmentLayout.Lean, "476671b9f1807f62")]
    [InlineData(Metric.Cosine, SegmentLayout.Lean, "52e4bbb7d55cd806")]
    [InlineData(Metric.InnerProduct, SegmentLayout.Lean, "b26f67a0de18c779")]
    [InlineData(Metric.L2, SegmentLayout.Compact, "cec27c67eb602798")]
    [InlineData(Metric.Cosine, SegmentLayout.Compact, "1454bd580f6c3b08")]
    [InlineData(Metric.InnerProduct, SegmentLayout.Compact, "c52f8c19b1c0ff96")]
    public void AnswersAreTheSameOnEveryMachine(Metric metric, SegmentLayout layout, string hash)
    {
        const int Queries = 40, K = 10, Dimension = 48;
        float[][] rows = SegmentFixture.Clustered(1500, Dimension, Seed);
        float[] queries = [.. SegmentFixture.Clustered(Queries, Dimension, Seed + 1).SelectMany(query => query)];
        using SealedSegment segment = SegmentFixture.Seal(rows, SegmentFixture.Options(metric) with { Layout = layout });
        Neighbor[] results = new Neighbor[Queries * K];
        int[] counts = new int[Queries];
        SearchStatistics[] statistics = new SearchStatistics[Queries];

        segment.SearchMany(queries, new SearchParameters(K, 40), SearchBudget.Unlimited, results, counts, statistics);

        int[] told = [.. results.Select(result => result.Node), .. statistics.SelectMany(s => new[] { s.Visited, s.Expanded, s.Reranked })];
        ulong actual = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(told.AsSpan()));
        Assert.Equal(hash, actual.ToString("x16", CultureInfo.InvariantCulture));
    }
}
