using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>Goal: what an index is said to take before it exists is what it takes; what is said to stay mapped does.</summary>
public sealed class SegmentFootprintTests
{
    private const int Rows = 3_000;

    private static readonly string[] TextKeys = [.. Enumerable.Range(0, Rows).Select(row => $"item-{row:d7}")]; // 12 bytes each

    public static TheoryData<int, int, Metric, CodesKind, SegmentLayout, KeyKind> Shapes => new()
    {
        { 17, 16, Metric.L2, CodesKind.Int8, SegmentLayout.Fast, KeyKind.UInt64 },
        { 17, 5, Metric.Cosine, CodesKind.Int8, SegmentLayout.Lean, KeyKind.String },
        { 64, 5, Metric.L2, CodesKind.Int8, SegmentLayout.Fast, KeyKind.String },
        { 64, 24, Metric.InnerProduct, CodesKind.Int8, SegmentLayout.Fast, KeyKind.UInt64 },
        { 64, 16, Metric.InnerProduct, CodesKind.Int8, SegmentLayout.Lean, KeyKind.String },
        { 128, 16, Metric.Cosine, CodesKind.Int8, SegmentLayout.Fast, KeyKind.String },
        { 128, 24, Metric.L2, CodesKind.Int8, SegmentLayout.Lean, KeyKind.UInt64 },
        { 128, 16, Metric.L2, CodesKind.F32, SegmentLayout.Fast, KeyKind.String },
        { 200, 24, Metric.Cosine, CodesKind.Int8, SegmentLayout.Fast, KeyKind.UInt64 },
        { 200, 5, Metric.L2, CodesKind.Int8, SegmentLayout.Lean, KeyKind.UInt64 },
        { 100, 16, Metric.L2, CodesKind.Int8, SegmentLayout.Compact, KeyKind.UInt64 },
        { 128, 5, Metric.InnerProduct, CodesKind.Int4, SegmentLayout.Fast, KeyKind.String },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AFileTakesWhatWasEstimated(
        int dimension, int m, Metric metric, CodesKind codes, SegmentLayout layout, KeyKind keys)
    {
        SegmentBuildOptions options = new()
        {
            Metric = metric,
            Codes = codes,
            Layout = layout,
            M = m,
            EfConstruction = 24,
            Threads = 1,
        };
        using SealedSegment segment = SegmentFixture.Seal(
            SegmentFixture.Clustered(Rows, dimension, seed: 5), options,
            keys == KeyKind.String ? SegmentFixture.Texts(TextKeys) : null);

        SegmentFootprint estimate = SegmentFootprint.Estimate(Rows, dimension, options, keys, keyBytes: 12);

        Assert.Equal(segment.Layout, estimate.Layout);
        SegmentParts expected = segment.Parts;
        Assert.Equal(segment.SizeInBytes, expected.Total);
        Assert.Equal(expected.Rows, estimate.Parts.Rows);
        Assert.Equal(expected.Codes, estimate.Parts.Codes);
        Assert.Equal(expected.Keys, estimate.Parts.Keys);
        Assert.Equal(expected.Levels, estimate.Parts.Levels);
        AssertNear(expected.Links, estimate.Parts.Links, 0.02); // upper links follow a law, not a rule
        AssertNear(segment.SizeInBytes, estimate.Parts.Total, 0.01);

        Assert.Equal(segment.LoadedBytes, segment.Parts.LoadedBytes(segment.Layout));
        Assert.Equal(segment.SizeInBytes, segment.LoadedBytes + segment.MappedBytes);
        AssertNear(segment.LoadedBytes, estimate.Parts.LoadedBytes(estimate.Layout), 0.02);
    }

    [Theory]
    [InlineData(SegmentLayout.Fast)]
    [InlineData(SegmentLayout.Lean)]
    [InlineData(SegmentLayout.Compact)]
    public void AMappedFileHoldsNothingAndAnswersAsALoadedOne(SegmentLayout layout)
    {
        MemoryFileSystem files = new();
        float[][] rows = SegmentFixture.Clustered(2_000, 48, seed: 9);
        using (SegmentBuilder builder = SegmentFixture.Build(
            rows, new SegmentBuildOptions { Metric = Metric.L2, Layout = layout, EfConstruction = 40, Threads = 1 }))
            builder.Write(files, "x.ann");
        using SealedSegment mapped = SealedSegment.Open(files, "x.ann", SegmentResidence.Mapped);
        using SealedSegment loaded = SealedSegment.Open(files, "x.ann", SegmentResidence.Loaded);

        Assert.Equal(0, mapped.LoadedBytes);
        Assert.Equal(mapped.SizeInBytes, mapped.MappedBytes);
        Assert.Equal(loaded.Parts.Links + loaded.Parts.Codes, loaded.LoadedBytes);
        foreach (float[] query in SegmentFixture.Clustered(50, 48, seed: 10))
            Assert.Equal(Search(loaded, query), Search(mapped, query));
    }

    [Theory]
    [InlineData(SegmentLayout.Fast)]
    [InlineData(SegmentLayout.Lean)]
    [InlineData(SegmentLayout.Compact)]
    public void ScratchAndBuildGrowWithWhatTheyAreMadeOf(SegmentLayout layout)
    {
        SegmentBuildOptions options = new() { Metric = Metric.L2, Layout = layout, Threads = 1 };
        SegmentFootprint million = SegmentFootprint.Estimate(1_000_000, 128, options, KeyKind.UInt64, 0);
        SegmentFootprint tenMillion = SegmentFootprint.Estimate(10_000_000, 128, options, KeyKind.UInt64, 0);

        Assert.Equal(9_000_000 / 8, tenMillion.SearchBytes - million.SearchBytes); // one bit a node
        Assert.True(million.BuildPeakBytes > million.Parts.Total);
        double most = layout == SegmentLayout.Compact ? 10.2 : 10.1; // packed links of more nodes take more bits
        Assert.InRange((double)tenMillion.BuildPeakBytes / million.BuildPeakBytes, 9.9, most);
    }

    [Theory]
    [InlineData(0, 8, 12.0, "rows")]
    [InlineData((1L << 30) + 1, 8, 12.0, "rows")]
    [InlineData(1, 0, 12.0, "dim")]
    [InlineData(1, 65_537, 12.0, "dim")]
    [InlineData(1, 8, 0.5, "key-bytes")]
    [InlineData(1, 8, double.NaN, "key-bytes")]
    public void WhatIsOutOfRangeIsNamed(long rows, int dimension, double keyBytes, string field)
    {
        AnnException e = Assert.Throws<AnnException>(() => SegmentFootprint.Estimate(
            rows, dimension, new SegmentBuildOptions { Metric = Metric.L2 }, KeyKind.String, keyBytes));

        Assert.Equal(AnnError.InvalidArgument, e.Error);
        Assert.Equal(field, e.Field);
    }

    [Fact]
    public void TheLargestIndexOverflowsNothing()
    {
        SegmentFootprint largest = SegmentFootprint.Estimate(
            SegmentBuilder.MaxRows, SegmentBuilder.MaxDimension, new SegmentBuildOptions { Metric = Metric.InnerProduct, M = 128 },
            KeyKind.String, SegmentFootprint.MaxKeyBytes);

        Assert.True(largest.BuildPeakBytes > largest.Parts.Rows && largest.Parts.Rows == 4L << 46);
    }

    private static (int Node, float Distance)[] Search(SealedSegment segment, float[] query)
    {
        Neighbor[] found = new Neighbor[10];
        int count = segment.Search(query, new SearchParameters(10), SearchBudget.Unlimited, found, out _);
        return [.. found.Take(count).Select(neighbor => (neighbor.Node, neighbor.Distance))];
    }

    private static void AssertNear(long expected, long actual, double share) =>
        Assert.InRange(actual, expected * (1 - share), expected * (1 + share));
}
