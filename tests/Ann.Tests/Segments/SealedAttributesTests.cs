using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using Ann.Tests.Files;
using Ann.Tests.House;

namespace Ann.Tests.Segments;

public sealed class SealedAttributesTests
{
    private const int Rows = 300;
    private static readonly float[][] Vectors = SegmentFixture.Clustered(Rows, 6, seed: 3, clusters: 4);

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(Rows)]
    public void EveryValueIsReadAsItWasBuilt(int rows)
    {
        using SealedSegment segment = Open(Write(rows, Items(rows)));

        Assert.Equal(AttributeFixture.Schema, segment.AttributeSchema);
        for (int node = 0; node < rows; node++)
            Assert.Equal(AttributeFixture.Expected((ulong)node, 0), AttributeFixture.Describe(segment.Attributes!, node));
    }

    [Fact]
    public void ADictionaryHasEachTextOnceInTheOrderOfBytes()
    {
        using SealedSegment segment = Open(Write(Rows, Items(Rows)));
        AttributeTable table = segment.Attributes!;
        for (int column = 0; column < 2; column++)
        {
            Assert.True(table.KeywordCount(column) > 20);
            for (int ordinal = 0; ordinal < table.KeywordCount(column); ordinal++)
            {
                Assert.Equal(ordinal, table.FindKeyword(column, table.KeywordAt(column, ordinal)));
                Assert.True(ordinal == 0 || table.KeywordAt(column, ordinal - 1).SequenceCompareTo(table.KeywordAt(column, ordinal)) < 0);
            }
            Assert.Equal(-1, table.FindKeyword(column, "word 0000"u8));
            Assert.Equal(-1, table.FindKeyword(column, [0xFF]));
        }
    }

    [Fact]
    public void RowsOfWhichNothingIsToldHaveNoValues()
    {
        using SealedSegment segment = Open(Write(10, Items(4)));
        Assert.Equal(AttributeFixture.Expected(3, 0), AttributeFixture.Describe(segment.Attributes!, 3));
        for (int node = 4; node < 10; node++)
            Assert.Equal("none | none | none | none | none | none", AttributeFixture.Describe(segment.Attributes!, node));
    }

    [Fact]
    public void ASegmentBuiltOfAnotherHasTheSameSection()
    {
        byte[] first = Write(Rows, Items(Rows));
        using SealedSegment source = Open(first);
        MemoryFileSystem files = new();
        using SegmentBuilder builder = new(Rows, 6, Options());
        for (int node = 0; node < Rows; node++)
        {
            builder.AddStored(source.Row(node));
            builder.AddStoredAttributes(source.Attributes, node);
        }
        builder.Build(KeyColumn.Ordinals(Rows));
        builder.Write(files, "x.ann");

        Assert.Equal(SectionOf(first), SectionOf(files.Content["x.ann"]));
    }

    [Fact]
    public void AFileWithoutAttributesHasNoSection()
    {
        using SealedSegment segment = SegmentFixture.Seal(Vectors, SegmentFixture.Options(Metric.L2));
        Assert.Null(segment.Attributes);
        Assert.Equal((0, 0L), (segment.AttributeSchema.Count, segment.Parts.Attributes));
    }

    [Fact]
    public void WhatIsEstimatedIsTaken()
    {
        using SealedSegment segment = Open(Write(Rows, Items(Rows)));
        SegmentFootprint estimate = SegmentFootprint.Estimate(
            Rows, 6, Options(), KeyKind.UInt64, 0, extras: new((double)segment.Parts.Attributes / Rows));
        Assert.True(segment.Parts.Attributes > Rows * 30);
        Assert.Equal(segment.Parts.Attributes, estimate.Parts.Attributes);
        Assert.Equal(segment.SizeInBytes, segment.Parts.Total);
    }

    [Fact]
    public void AttributesThatDoNotFitAreRefused()
    {
        using SegmentBuilder builder = new(2, 6, Options());
        AttributeSchema other = new([.. AttributeFixture.Schema.Fields.Take(5), new AttributeField("added", AttributeType.Int64)]);
        AnnException schema = Assert.Throws<AnnException>(() => builder.AddAttributes(new AttributeBatch(other)));
        AnnException many = Assert.Throws<AnnException>(() => builder.AddAttributes(Items(3)));

        Assert.Equal((AnnError.InvalidArgument, AnnError.InvalidArgument), (schema.Error, many.Error));
        Assert.Contains(
            "'added' of type Int64 as attribute 6; the build takes 'added' of type Timestamp as attribute 6", schema.Message,
            StringComparison.Ordinal);
    }

    /// <summary>Written by the first build that knew attributes; it must stay readable for ever.</summary>
    [Fact]
    public void TheGoldenFileOfVersion1StaysReadable()
    {
        byte[] written = Write(40, Items(40));
        string path = Path.Combine(TidyTests.Root, "tests", "Ann.Tests", "Segments", "golden-v1-attributes.ann");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("ANN_WRITE_GOLDEN") == "1")
            File.WriteAllBytes(path, written);
        byte[] golden = File.ReadAllBytes(path);

        // Other sections depend on what the processor's instructions round to; this one does not.
        Assert.Equal(Convert.ToHexString(SectionOf(golden)), Convert.ToHexString(SectionOf(written)));
        using SealedSegment segment = Open(golden);
        for (int node = 0; node < 40; node++)
            Assert.Equal(AttributeFixture.Expected((ulong)node, 0), AttributeFixture.Describe(segment.Attributes!, node));
    }

    internal static SegmentBuildOptions Options() =>
        SegmentFixture.Options(Metric.L2, CodesKind.F32) with { M = 4, Attributes = AttributeFixture.Schema };

    internal static AttributeBatch Items(int count) => AttributeFixture.Of(Enumerable.Range(0, count).Select(key => (ulong)key), 0);

    internal static byte[] Write(int rows, AttributeBatch items)
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = new(rows, 6, Options());
        foreach (float[] row in Vectors.Take(rows))
            builder.Add(row);
        builder.AddAttributes(items);
        builder.Build(KeyColumn.Ordinals(rows));
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    internal static SealedSegment Open(byte[] bytes) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann");

    private static byte[] SectionOf(byte[] file)
    {
        (long offset, long length) = HostileAttributesTests.AttributesOf(file);
        return file.AsSpan((int)offset, (int)length).ToArray();
    }
}
