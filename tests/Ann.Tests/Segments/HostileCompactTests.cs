using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

using static Ann.Tests.Segments.SegmentBytes;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: whatever a file of the compact layout holds, opening it names the section and the byte, or searching stays in bounds and ends.
/// Method: a small file, damaged by a sender who mends the hashes. 40 nodes take 6 bits a link, and M 10 gives rows of 20 slots, 15 bytes.
/// </summary>
public sealed class HostileCompactTests
{
    private const int Seed = 20261130;
    private const int Count = 40;
    private const int Dimension = 6;
    private const int M = 10;
    private const int Bits = 6;
    private const int Stride = 15;
    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed, clusters: 4);
    private static readonly byte[] Sound = Write(Rows, KeyColumn.Ordinals(Count), Metric.L2, M);

    [Theory]
    [InlineData(41, 1)] // float32 rows have no compact layout
    [InlineData(41, 2)] // nor have codes of 8 bits
    [InlineData(41, 4)]
    [InlineData(43, 0)] // codes of 4 bits are never lean
    [InlineData(43, 1)]
    [InlineData(43, 3)]
    [InlineData(44, 11)] // rows of other lengths
    [InlineData(60, 16)] // no estimates
    public void HostileHeaderFieldsAreRefused(int offset, byte value)
    {
        byte[] bytes = [.. Sound];
        bytes[offset] = value;
        Mend(bytes);
        AssertCorrupt(bytes, "byte");
    }

    [Theory]
    [InlineData((int)SectionKind.PackedLinks)]
    [InlineData((int)SectionKind.Codes)]
    [InlineData((int)SectionKind.CodeFactors)]
    public void LengthsThatDoNotFitAreRefused(int kind)
    {
        foreach (int by in new[] { -8, -1, 1, 8 })
        {
            byte[] bytes = [.. Sound];
            int index = Index(bytes, (SectionKind)kind);
            (long offset, long length) = Section(bytes, index);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(TableOffset + index * 32 + 16), length + by);
            Mend(bytes);
            AssertCorrupt(bytes, $"section {(SectionKind)kind}", $"byte {offset}");
        }
    }

    [Theory]
    [InlineData(0, Count)]
    [InlineData(0, 62)]
    [InlineData(3, 7)] // the node itself
    [InlineData(5, 41)]
    public void LinksOutOfPlaceAreRefused(int slot, int link)
    {
        byte[] bytes = [.. Sound];
        (long offset, _) = Section(bytes, Index(bytes, SectionKind.PackedLinks));
        SetLink(bytes.AsSpan((int)offset + 7 * Stride, Stride), slot, link);
        Mend(bytes);
        AssertCorrupt(bytes, "section PackedLinks", $"byte {offset + 7 * Stride + slot * Bits / 8}", $"node 7 links to {link}");
    }

    [Fact]
    public void ALinkBehindAnUnusedSlotIsRefused()
    {
        byte[] bytes = [.. Sound];
        (long offset, _) = Section(bytes, Index(bytes, SectionKind.PackedLinks));
        Span<byte> row = bytes.AsSpan((int)offset + 7 * Stride, Stride);
        SetLink(row, 2, (1 << Bits) - 1);
        SetLink(row, 3, 1);
        Mend(bytes);
        AssertCorrupt(bytes, "section PackedLinks", "node 7 links to 1");
    }

    [Fact]
    public void OneScaleForAllIsRefused()
    {
        byte[] bytes = [.. Sound];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(TableOffset + Index(bytes, SectionKind.CodeFactors) * 32), 13);
        Mend(bytes);
        AssertCorrupt(bytes, "section CodeScale");
    }

    [Fact]
    public void AFactorThatIsNoNumberIsRefused()
    {
        byte[] bytes = [.. Sound];
        (long offset, _) = Section(bytes, Index(bytes, SectionKind.CodeFactors));
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan((int)offset + 12), float.NaN);
        Mend(bytes);
        AssertCorrupt(bytes, "section CodeFactors", $"byte {offset + 12}");
    }

    /// <summary>A sender may hash what he likes: what opens is searched, and ends.</summary>
    [Fact]
    public void MendedMutationsAreRefusedOrSearchedInBounds()
    {
        Random random = new(Seed);
        int refused = 0;
        for (int round = 0; round < 1_500; round++)
        {
            byte[] bytes = [.. Sound];
            (long offset, long length) = Section(bytes, random.Next(SectionCount(bytes)));
            for (int i = random.Next(1, 4); i > 0 && length > 0; i--)
                bytes[offset + random.NextInt64(length)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            Mend(bytes);
            try
            {
                using SealedSegment segment = Open(bytes);
                segment.Search(Rows[0], new SearchParameters(7, 20), SearchBudget.Unlimited, new Neighbor[7], out _);
            }
            catch (AnnException e)
            {
                Assert.True(e.Message.StartsWith("x.ann: ", StringComparison.Ordinal), $"round {round}, seed {Seed}: {e.Message}");
                refused++;
            }
        }
        Assert.True(refused > 500, $"only {refused} mutations were refused");
    }

    /// <summary>Written by the first build with the compact layout; it must stay readable for ever, and its codes as good.</summary>
    [Fact]
    public void TheGoldenFileOfTheCompactLayoutStaysReadable()
    {
        float[][] rows = SegmentFixture.Clustered(80, 20, Seed, clusters: 4);
        string path = Path.Combine(House.TidyTests.Root, "tests", "Ann.Tests", "Segments", "golden-v1-compact.ann");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("ANN_WRITE_GOLDEN") == "1")
        {
            KeyColumn keys = SegmentFixture.Texts(Enumerable.Range(0, 80).Select(i => $"key {i}"));
            File.WriteAllBytes(path, Write(rows, keys, Metric.Cosine, 4));
        }
        using SealedSegment segment = Open(File.ReadAllBytes(path));

        Assert.Equal(
            (Metric.Cosine, CodesKind.Int4, SegmentLayout.Compact, KeyKind.String, 80, 20),
            (segment.Metric, segment.Codes, segment.Layout, segment.Keys.Kind, segment.Count, segment.Dimension));
        Assert.Equal("key 79", segment.Keys.Of(79).ToString());
        Assert.Equal("9f0aff202ad98c71", segment.Generation);
        int hits = 0, reranked = 0;
        foreach (float[] query in rows)
        {
            Neighbor[] exact = new Neighbor[5], found = new Neighbor[5];
            segment.Search(query, new(5, Exact: true), SearchBudget.Unlimited, exact, out _);
            segment.Search(query, new(5, 20), SearchBudget.Unlimited, found, out SearchStatistics statistics);
            hits += found.Intersect(exact).Count();
            reranked += statistics.Reranked;
        }
        Assert.InRange(hits, 392, 400); // 98 of 100; with another rotation the codes would be noise
        Assert.InRange(reranked, 80 * 5, 80 * 14);
    }

    private static byte[] Write(float[][] rows, KeyColumn keys, Metric metric, int m)
    {
        MemoryFileSystem files = new();
        SegmentBuildOptions options = SegmentFixture.Options(metric) with { M = m, Layout = SegmentLayout.Compact };
        using SegmentBuilder builder = SegmentFixture.Build(rows, options, keys);
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    private static SealedSegment Open(byte[] bytes) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann");

    private static void AssertCorrupt(byte[] bytes, params string[] parts)
    {
        AnnException error = Assert.Throws<AnnException>(() => Open(bytes));
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    private static void SetLink(Span<byte> row, int slot, int link)
    {
        for (int bit = 0; bit < Bits; bit++)
        {
            int place = slot * Bits + bit;
            row[place / 8] = (byte)((row[place / 8] & ~(1 << (place % 8))) | ((link >> bit & 1) << (place % 8)));
        }
    }
}
