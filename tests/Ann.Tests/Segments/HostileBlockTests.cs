using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Hnsw;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

using static Ann.Tests.Segments.SegmentBytes;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: whatever a file of the fast layout holds, opening it names the section and the byte, or searching stays in bounds and ends.
/// Method: a small file, damaged at every byte; then damaged by a sender who mends the hashes. M = 10: rows of 20 slots of 32, and of 10.
/// </summary>
public sealed class HostileBlockTests
{
    private const int Seed = 20261122;
    private const int Count = 40;
    private const int Dimension = 6;
    private const int M = 10;
    private const int Bits = 16;
    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed, clusters: 4);
    private static readonly BlockShape Level0 = new(2 * M, Bits);
    private static readonly byte[] Sound = Write();

    [Fact]
    public void ABitFlippedAnywhereIsSeenOrHarmless()
    {
        Random random = new(Seed);
        string expected = Search(Open(Sound));
        byte[] bytes = [.. Sound];
        int harmless = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte before = bytes[i];
            bytes[i] ^= (byte)(1 << random.Next(8));
            if (TryOpen(bytes, out SealedSegment? segment, $"byte {i}, seed {Seed}"))
            {
                Assert.Equal(expected, Search(segment));
                harmless++;
            }
            bytes[i] = before;
        }
        // What no hash covers is only the padding between sections.
        int covered = SegmentHeader.Size + Enumerable.Range(0, SectionCount(Sound)).Sum(i => (int)Section(Sound, i).Length);
        Assert.Equal(bytes.Length - covered, harmless);
    }

    [Theory]
    [InlineData(43, 1, 0)] // lean: the blocks are no links
    [InlineData(43, 1, 2)]
    [InlineData(41, 1, 1)] // float32 rows have no estimates
    [InlineData(44, 4, 17)] // 34 slots take two groups
    [InlineData(60, 4, 0)]
    [InlineData(60, 4, -16)]
    [InlineData(60, 4, 8)]
    [InlineData(60, 4, 24)]
    [InlineData(60, 4, 32)] // more than a rotated vector has
    [InlineData(60, 4, int.MaxValue / 16 * 16)]
    public void HostileHeaderFieldsAreRefused(int offset, int size, int value)
    {
        byte[] bytes = [.. Sound];
        if (size == 1)
            bytes[offset] = (byte)value;
        else
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), value);
        Mend(bytes);

        AssertCorrupt(bytes, "byte");
    }

    [Theory]
    [InlineData((int)SectionKind.Level0Blocks)]
    [InlineData((int)SectionKind.UpperBlocks)]
    [InlineData((int)SectionKind.CodeScale)]
    public void LengthsThatDoNotFitAreRefused(int kind)
    {
        foreach (int by in new[] { -4, 4, -64, 64 })
        {
            byte[] bytes = [.. Sound];
            int index = Index(bytes, (SectionKind)kind);
            (long offset, long length) = Section(bytes, index);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(TableOffset + index * 32 + 16), Math.Max(0, length + by));
            Mend(bytes);
            AssertCorrupt(bytes, $"section {(SectionKind)kind}", $"byte {offset}");
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void AScaleThatIsNoPositiveNumberIsRefused(float scale)
    {
        byte[] bytes = [.. Sound];
        (long offset, _) = Section(bytes, Index(bytes, SectionKind.CodeScale));
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan((int)offset), scale);
        Mend(bytes);

        AssertCorrupt(bytes, "section CodeScale", $"byte {offset}");
    }

    /// <summary>Slots 20 … 31 of a block belong to no link; the walk reads all 32.</summary>
    [Theory]
    [InlineData(0, Count)]
    [InlineData(0, -2)]
    [InlineData(0, int.MinValue)]
    [InlineData(1, 7)] // the node itself
    [InlineData(20, 0)]
    [InlineData(20, Count)]
    [InlineData(31, 3)]
    [InlineData(31, -2)]
    public void LinksOutOfPlaceAreRefused(int slot, int link)
    {
        foreach (SegmentResidence residence in new[] { SegmentResidence.Mapped, SegmentResidence.Loaded })
        {
            byte[] bytes = [.. Sound];
            (long offset, _) = Section(bytes, Index(bytes, SectionKind.Level0Blocks));
            int place = (int)offset + 7 * Level0.Stride + slot * sizeof(int);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place), link);
            Mend(bytes);
            AssertCorrupt(bytes, residence, "section Level0Blocks", $"byte {place}", "node 7");
        }
    }

    [Fact]
    public void UpperLinksToNodesOfLevel0AreRefused()
    {
        byte[] bytes = [.. Sound];
        (long offset, long length) = Section(bytes, Index(bytes, SectionKind.UpperBlocks));
        Assert.True(length > 0, "the file has a level above 0");
        (long levels, _) = Section(bytes, Index(bytes, SectionKind.Levels));
        int low = bytes.AsSpan((int)levels, Count).IndexOf((byte)0);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan((int)offset), low);
        Mend(bytes);

        AssertCorrupt(bytes, "section UpperBlocks", $"byte {offset}", $"links to {low} on level 1");
    }

    /// <summary>An estimate beside a slot without a link would send the walk to node −1.</summary>
    [Theory]
    [InlineData(0, 0x7F7F)]
    [InlineData(0, 0xFF80)]
    [InlineData(0, 0x7FC0)]
    [InlineData(1, 0xBF80)]
    [InlineData(1, 0x7FC0)]
    public void EstimatesOfUnusedSlotsAreRefused(int factor, int value)
    {
        byte[] bytes = [.. Sound];
        (long offset, _) = Section(bytes, Index(bytes, SectionKind.Level0Blocks));
        int place = (int)offset + 3 * Level0.Stride + Level0.FactorsOffset + factor * 64 + 31 * sizeof(ushort);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(place), (ushort)value);
        Mend(bytes);

        AssertCorrupt(bytes, "section Level0Blocks", "node 3 has an estimate in slot 31");
    }

    /// <summary>Every estimate of the file is NaN or infinite: the walk ends, sees fewer nodes or more, and stays in bounds.</summary>
    [Theory]
    [InlineData(0x7FC0)]
    [InlineData(0xFFC0)]
    [InlineData(0x7F80)]
    [InlineData(0xFF80)]
    [InlineData(0x7F7F)]
    public void EstimatesThatAreNoNumbersAreHarmless(int value)
    {
        byte[] bytes = [.. Sound];
        (long offset, _) = Section(bytes, Index(bytes, SectionKind.Level0Blocks));
        for (int node = 0; node < Count; node++)
        {
            Span<byte> block = bytes.AsSpan((int)offset + node * Level0.Stride, Level0.Stride);
            ReadOnlySpan<int> links = MemoryMarshal.Cast<byte, int>(block[..Level0.FactorsOffset]);
            Span<ushort> factors = MemoryMarshal.Cast<byte, ushort>(block[Level0.FactorsOffset..Level0.CodesOffset]);
            for (int slot = 0; slot < 2 * M; slot++)
                if (links[slot] >= 0)
                    factors[slot + node % 2 * 32] = (ushort)value;
        }
        Mend(bytes);

        _ = Search(Open(bytes));
    }

    [Fact]
    public void MendedMutationsNeverCrash()
    {
        Random random = new(Seed);
        int refused = 0;
        for (int round = 0; round < 6000; round++)
        {
            byte[] bytes = [.. Sound];
            (long offset, long length) = Section(bytes, random.Next(SectionCount(bytes)));
            if (length == 0)
                continue;
            for (int i = random.Next(1, 4); i > 0; i--)
                bytes[offset + random.NextInt64(length)] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            Mend(bytes);
            if (TryOpen(bytes, out SealedSegment? segment, $"round {round}, seed {Seed}"))
                _ = Search(segment);
            else
                refused++;
        }
        Assert.True(refused > 1000, $"only {refused} mutations were refused");
    }

    /// <summary>Written by the first release with the fast layout; it must stay readable for ever, and its estimates as good.</summary>
    [Fact]
    public void TheGoldenFileOfTheFastLayoutStaysReadable()
    {
        float[][] rows = SegmentFixture.Clustered(80, 20, Seed, clusters: 4);
        byte[] golden = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Segments", "golden-v1-fast.ann"));
        using SealedSegment segment = Open(golden);

        Assert.Equal(
            (Metric.Cosine, SegmentLayout.Fast, KeyKind.String, 80, 20),
            (segment.Metric, segment.Layout, segment.Keys.Kind, segment.Count, segment.Dimension));
        Assert.Equal("key 79", segment.Keys.Of(79).ToString());
        Assert.Equal("eabcb73e00b057d3", segment.Generation);
        int hits = 0, visited = 0;
        foreach (float[] query in rows)
        {
            Neighbor[] exact = new Neighbor[5], found = new Neighbor[5];
            segment.Search(query, new(5, Exact: true), SearchBudget.Unlimited, exact, out _);
            segment.Search(query, new(5, 20), SearchBudget.Unlimited, found, out SearchStatistics statistics);
            hits += found.Intersect(exact).Count();
            visited += statistics.Visited;
        }
        Assert.InRange(hits, 392, 400); // 98 of 100; with another rotation the estimates would be noise
        Assert.InRange(visited, 1, 80 * 60);
    }

    private static byte[] Write()
    {
        MemoryFileSystem files = new();
        SegmentBuildOptions options = SegmentFixture.Options(Metric.L2) with { M = M };
        using SegmentBuilder builder = SegmentFixture.Build(Rows, options);
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    private static SealedSegment Open(byte[] bytes, SegmentResidence residence = SegmentResidence.ByLayout) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann", residence);

    private static bool TryOpen(byte[] bytes, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SealedSegment? segment, string where)
    {
        segment = null;
        try
        {
            segment = Open(bytes);
            return true;
        }
        catch (AnnException e)
        {
            Assert.True(e.Message.StartsWith("x.ann: ", StringComparison.Ordinal), $"{where}: {e.Message}");
            return false;
        }
    }

    private static void AssertCorrupt(byte[] bytes, params string[] parts) => AssertCorrupt(bytes, SegmentResidence.ByLayout, parts);

    private static void AssertCorrupt(byte[] bytes, SegmentResidence residence, params string[] parts)
    {
        AnnException error = Assert.Throws<AnnException>(() => Open(bytes, residence));
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    /// <summary>Searches alone and in a batch, and disposes of the segment.</summary>
    private static string Search(SealedSegment segment)
    {
        Neighbor[] results = new Neighbor[7];
        int count = segment.Search(Rows[0], new SearchParameters(7, 20), SearchBudget.Unlimited, results, out _);
        Neighbor[] many = new Neighbor[14];
        int[] counts = new int[2];
        segment.SearchMany(
            [.. Rows[0], .. Rows[1]], new SearchParameters(7, 20), SearchBudget.Unlimited, many, counts, new SearchStatistics[2]);
        string answer = string.Join(' ', results[..count].Select(n => $"{segment.Keys.Of(n.Node).ToString()}:{n.Distance}"));
        segment.Dispose();
        return $"{answer} {string.Join(' ', many)} {counts[0]} {counts[1]}";
    }
}
