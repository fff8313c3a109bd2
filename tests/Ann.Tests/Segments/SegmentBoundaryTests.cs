using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>Everything that a builder or a search must refuse, with the name of the thing.</summary>
public sealed class SegmentBoundaryTests : IDisposable
{
    private readonly float[][] _rows = SegmentFixture.Clustered(50, 4, seed: 1);
    private readonly SealedSegment _segment =
        SegmentFixture.Seal(SegmentFixture.Clustered(50, 4, seed: 1), SegmentFixture.Options(Metric.Cosine));

    public void Dispose() => _segment.Dispose();

    [Theory]
    [InlineData(0, 0, "k")]
    [InlineData(-1, 0, "k")]
    [InlineData(10_001, 0, "k")]
    [InlineData(10, 9, "ef_search")]
    [InlineData(10, 40_001, "ef_search")]
    [InlineData(10, -5, "ef_search")]
    public void ParametersOutOfRangeAreNamed(int k, int ef, string field)
    {
        AnnException error = Assert.Throws<AnnException>(
            () => _segment.Search(_rows[0], new SearchParameters(k, ef), SearchBudget.Unlimited, new Neighbor[20_000], out _));

        Assert.Equal((AnnError.InvalidArgument, field), (error.Error, error.Field));
    }

    [Theory]
    [InlineData(new float[] { 1, 2, 3 }, "dimension 4; found 3")]
    [InlineData(new float[] { 1, float.NaN, 3, 4 }, "component 1 is NaN")]
    [InlineData(new float[] { 1, 2, 3, float.NegativeInfinity }, "component 3 is -infinity")]
    [InlineData(new float[] { 0, 0, 0, 0 }, "zero vector")]
    public void BadQueriesAreExplained(float[] query, string expected)
    {
        AnnException error = Assert.Throws<AnnException>(
            () => _segment.Search(query, new SearchParameters(3), SearchBudget.Unlimited, new Neighbor[3], out _));

        Assert.Equal((AnnError.InvalidArgument, "queries"), (error.Error, error.Field));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new float[] { 1, 2, 3 }, "row 2 has dimension 3; 4 was expected")]
    [InlineData(new float[] { 1, float.PositiveInfinity, 3, 4 }, "row 2, component 1 is +infinity")]
    [InlineData(new float[] { 0, 0, 0, 0 }, "row 2 is the zero vector")]
    public void BadRowsAreNamed(float[] row, string expected)
    {
        using SegmentBuilder builder = new(3, 4, SegmentFixture.Options(Metric.Cosine));
        builder.Add(_rows[0]);
        builder.Add(_rows[1]);

        AnnException error = Assert.Throws<AnnException>(() => builder.Add(row));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroRowsAreFineUnderOtherMetrics()
    {
        foreach (Metric metric in new[] { Metric.L2, Metric.InnerProduct })
        {
            using SealedSegment segment = SegmentFixture.Seal([[0, 0], [0, 0], [1, 0]], SegmentFixture.Options(metric));
            Neighbor[] results = new Neighbor[3];
            Assert.Equal(3, segment.Search([0, 0], new SearchParameters(3), SearchBudget.Unlimited, results, out _));
        }
    }

    [Fact]
    public void RowsAndKeysMustBeAsManyAsAnnounced()
    {
        using SegmentBuilder builder = new(2, 4, SegmentFixture.Options(Metric.L2));
        builder.Add(_rows[0]);
        Assert.Contains(
            "1 rows were added; 2",
            Assert.Throws<AnnException>(() => builder.Build(KeyColumn.Ordinals(2))).Message,
            StringComparison.Ordinal);
        builder.Add(_rows[1]);
        Assert.Contains(
            "3 keys for 2 rows",
            Assert.Throws<AnnException>(() => builder.Build(KeyColumn.Ordinals(3))).Message,
            StringComparison.Ordinal);
        Assert.Contains("more rows", Assert.Throws<AnnException>(() => builder.Add(_rows[2])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADuplicateKeyIsNamedWithBothRows()
    {
        using SegmentBuilder builder = new(3, 4, SegmentFixture.Options(Metric.L2));
        foreach (float[] row in _rows[..3])
            builder.Add(row);

        AnnException error = Assert.Throws<AnnException>(() => builder.Build(SegmentFixture.Texts(["a", "b", "a"])));

        Assert.Contains("'a' of row 2 is already the key of row 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeysMustFit()
    {
        KeyColumn texts = new(KeyKind.String);
        Assert.Throws<AnnException>(() => texts.Add(""));
        Assert.Throws<AnnException>(() => texts.Add(new string('é', 129)));
        Assert.Throws<AnnException>(() => texts.Add(5));
        texts.Add(new string('é', 128));
        Assert.Throws<AnnException>(() => new KeyColumn(KeyKind.UInt64).Add("x"));
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, 0)]
    [InlineData(4, 65_537)]
    public void EmptyAndHugeShapesAreRefused(int rows, int dimension) =>
        Assert.Throws<AnnException>(() => new SegmentBuilder(rows, dimension, SegmentFixture.Options(Metric.L2)));

    [Fact]
    public void AFullDiskLeavesNothing()
    {
        using SegmentBuilder builder = SegmentFixture.Build(_rows, SegmentFixture.Options(Metric.L2));
        foreach (long free in new long[] { 0, 5000, 20_000 })
        {
            MemoryFileSystem files = new() { FreeBytes = free };
            Assert.Throws<IOException>(() => builder.Write(files, "x.ann"));
            Assert.Empty(files.Content);
        }
    }

    [Fact]
    public void ACancelledWriteLeavesNothing()
    {
        using SegmentBuilder builder = SegmentFixture.Build(_rows, SegmentFixture.Options(Metric.L2));
        MemoryFileSystem files = new();
        using CancellationTokenSource source = new();
        SynchronousProgress stop = new(_ => source.Cancel());

        Assert.Throws<OperationCanceledException>(() => builder.Write(files, "x.ann", stop, source.Token));
        Assert.Empty(files.Content);
    }

    private sealed class SynchronousProgress(Action<BuildProgress> report) : IProgress<BuildProgress>
    {
        public void Report(BuildProgress value) => report(value);
    }
}
