using System.Buffers.Binary;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: whatever a file holds, opening it either succeeds with the same answers or names the section and the byte.
/// Method: a small file, damaged at every byte; then damaged by a sender who mends the hashes.
/// </summary>
public sealed class HostileFileTests
{
    private const int Seed = 20261122;
    private const int TableOffset = 64;
    private static readonly float[][] Rows = SegmentFixture.Clustered(40, 6, Seed, clusters: 4);
    private static readonly byte[] Sound = Write(KeyColumn.Ordinals(40));
    private static readonly byte[] SoundWithTexts = Write(SegmentFixture.Texts(Enumerable.Range(0, 40).Select(i => $"key {i}")));

    [Fact]
    public void ABitFlippedAnywhereIsSeenOrHarmless()
    {
        Random random = new(Seed);
        Neighbor[] expected = Search(Open(Sound));
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
        Assert.True(harmless < bytes.Length - 5000, $"{harmless} of {bytes.Length} flips went unseen");
    }

    [Fact]
    public void ATruncatedFileIsCorrupt()
    {
        for (int length = 0; length < Sound.Length; length += length < 5000 ? 37 : 997)
            Assert.False(TryOpen(Sound[..length], out _, $"length {length}"));
        AnnException error = Assert.Throws<AnnException>(() => Open(Sound[..^1]));
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains($"says {Sound.Length} bytes; the file has {Sound.Length - 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherVersionIsNamed()
    {
        byte[] bytes = [.. Sound];
        bytes[8] = 9;

        AnnException error = Assert.Throws<AnnException>(() => Open(bytes));

        Assert.Equal(AnnError.InvalidArgument, error.Error);
        Assert.Contains("format version 9; this build reads version 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherKindOfFileIsNamed()
    {
        AnnException error = Assert.Throws<AnnException>(() => Open([.. "PK\u0003\u0004 some other file"u8]));

        Assert.Contains("not an .ann file", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The sender damages a header field and mends the hash.</summary>
    [Theory]
    [InlineData(24, 8, long.MaxValue)]
    [InlineData(32, 4, int.MaxValue)]
    [InlineData(32, 4, 0)]
    [InlineData(32, 4, -1)]
    [InlineData(32, 4, 41)]
    [InlineData(32, 4, 39)]
    [InlineData(36, 4, 0)]
    [InlineData(36, 4, 7000)]
    [InlineData(36, 4, int.MaxValue)]
    [InlineData(40, 1, 0)]
    [InlineData(40, 1, 200)]
    [InlineData(41, 1, 77)]
    [InlineData(42, 1, 3)]
    [InlineData(42, 1, 2)] // the keys are numbers
    [InlineData(44, 4, 1)]
    [InlineData(44, 4, 17)]
    [InlineData(48, 4, 40)]
    [InlineData(48, 4, -2)]
    [InlineData(52, 4, 5)]
    [InlineData(56, 4, 0)]
    [InlineData(56, 4, int.MaxValue)]
    [InlineData(TableOffset + 0, 4, 2)] // the kind of the section after it
    [InlineData(TableOffset + 0, 4, 99)]
    [InlineData(TableOffset + 8, 8, 0)]
    [InlineData(TableOffset + 8, 8, 4097)]
    [InlineData(TableOffset + 8, 8, long.MaxValue / 4096 * 4096)]
    [InlineData(TableOffset + 16, 8, -1)]
    [InlineData(TableOffset + 16, 8, long.MaxValue)]
    public void HostileHeaderFieldsAreRefused(int offset, int size, long value)
    {
        byte[] bytes = [.. Sound];
        Span<byte> field = bytes.AsSpan(offset, size);
        if (size == 8)
            BinaryPrimitives.WriteInt64LittleEndian(field, value);
        else if (size == 4)
            BinaryPrimitives.WriteInt32LittleEndian(field, (int)value);
        else
            field[0] = (byte)value;
        Mend(bytes);

        AnnException error = Assert.Throws<AnnException>(() => Open(bytes));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("byte", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The sender damages the content and mends every hash: opening refuses, or searching stays in bounds and ends.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MendedMutationsNeverCrash(bool texts)
    {
        Random random = new(Seed);
        byte[] sound = texts ? SoundWithTexts : Sound;
        int refused = 0;
        for (int round = 0; round < 6000; round++)
        {
            byte[] bytes = [.. sound];
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

    [Fact]
    public void HugeJsonIsRefusedBeforeItIsRead()
    {
        byte[] bytes = new byte[Sound.Length + (2 << 20)];
        Sound.CopyTo(bytes, 0);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), bytes.Length);
        int offset = (Sound.Length + 4095) / 4096 * 4096;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(TableOffset + 8), offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(TableOffset + 16), bytes.Length - offset);
        bytes.AsSpan(offset).Fill((byte)'[');
        Mend(bytes);

        Assert.Contains("bytes of JSON", Assert.Throws<AnnException>(() => Open(bytes)).Message, StringComparison.Ordinal);
    }

    /// <summary>Written by the first release of format version 1; it must stay readable for ever.</summary>
    [Fact]
    public void TheGoldenFileOfVersion1StaysReadable()
    {
        byte[] golden = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Segments", "golden-v1.ann"));
        using SealedSegment segment = Open(golden);

        Assert.Equal(
            (Metric.L2, CodesKind.Int8, KeyKind.String, 40, 6),
            (segment.Metric, segment.Codes, segment.Keys.Kind, segment.Count, segment.Dimension));
        Assert.Equal("key 39", segment.Keys.Of(39).ToString());
        Assert.Equal("0ed254ac508ac3b9", segment.Generation);
        int[] nearest = [.. Enumerable.Range(0, 40).OrderBy(i => Rows[i].Zip(Rows[0], (x, y) => (x - y) * (x - y)).Sum()).Take(7)];
        Assert.Equal(nearest, Search(segment).Select(n => n.Node));
    }

    private static byte[] Write(KeyColumn keys)
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = SegmentFixture.Build(Rows, SegmentFixture.Options(Metric.L2) with { M = 4 }, keys);
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    private static SealedSegment Open(byte[] bytes) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann");

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

    private static Neighbor[] Search(SealedSegment segment)
    {
        Neighbor[] results = new Neighbor[7];
        int count = segment.Search(Rows[0], new SearchParameters(7, 20), SearchBudget.Unlimited, results, out _);
        for (int i = 0; i < count; i++)
            Assert.True(segment.Keys.Of(results[i].Node).ToString().Length > 0);
        segment.Dispose();
        return results;
    }

    internal static int SectionCount(byte[] bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(56));

    internal static (long Offset, long Length) Section(byte[] bytes, int index)
    {
        ReadOnlySpan<byte> entry = bytes.AsSpan(TableOffset + index * 32);
        return (BinaryPrimitives.ReadInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
    }

    internal static void Mend(byte[] bytes)
    {
        for (int i = 0; i < Math.Min((uint)SectionCount(bytes), 20); i++)
        {
            (long offset, long length) = Section(bytes, i);
            if (offset >= 0 && length >= 0 && offset <= bytes.Length - length)
                BinaryPrimitives.WriteUInt64LittleEndian(
                    bytes.AsSpan(TableOffset + i * 32 + 24), XxHash3.HashToUInt64(bytes.AsSpan((int)offset, (int)length)));
        }
        bytes.AsSpan(16, 8).Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), XxHash3.HashToUInt64(bytes.AsSpan(0, 4096)));
    }
}
