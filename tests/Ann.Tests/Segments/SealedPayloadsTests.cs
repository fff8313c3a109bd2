using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Payloads;
using Ann.Core.Segments;
using Ann.Tests.Files;
using Ann.Tests.House;
using static Ann.Tests.Segments.HostileFileTests;

namespace Ann.Tests.Segments;

/// <summary>
/// Payloads in a file: read as they were built, absent where there are none, and refused where a hostile sender wrote them.
/// </summary>
public sealed class SealedPayloadsTests
{
    private const int Seed = 20261130;
    private const int Rows = 40;
    private static readonly float[][] Vectors = SegmentFixture.Clustered(Rows, 6, seed: 3, clusters: 4);
    private static readonly byte[] Sound = Write(Payload);

    [Fact]
    public void EveryPayloadIsReadAsItWasBuilt()
    {
        using SealedSegment segment = Open(Sound);
        for (int node = 0; node < Rows; node++)
            Assert.True(segment.Payloads![node].SequenceEqual(Payload(node)), $"node {node}");
        Assert.Equal(segment.SizeInBytes, segment.Parts.Total);
        Assert.Equal(Rows * 8 + Enumerable.Range(0, Rows).Sum(node => Payload(node).Length), segment.Parts.Payloads);
    }

    /// <summary>Around the size from which payloads are no longer gathered, and the largest.</summary>
    [Fact]
    public void LongAndShortOnesMayFollowEachOther()
    {
        int[] lengths = [0, 65_535, 1, 65_536, 0, PayloadColumn.MaxBytes, 3, 65_537, 65_536, 0, 0, 40_000, 40_000, 0];
        byte[][] payloads = [.. Enumerable.Range(0, Rows).Select(row => Bytes(row, lengths[row % lengths.Length]))];
        using SealedSegment segment = Open(Write(row => payloads[row]));
        for (int node = 0; node < Rows; node++)
            Assert.True(segment.Payloads![node].SequenceEqual(payloads[node]), $"node {node}");
    }

    [Fact]
    public void AFileWithoutPayloadsHasNoSection()
    {
        byte[] without = Write(null);
        Assert.Equal(without, Write(static _ => default));
        using SealedSegment segment = Open(without);
        Assert.Null(segment.Payloads);
        Assert.Equal(0, segment.Parts.Payloads);
    }

    [Fact]
    public void WhatIsEstimatedIsTaken()
    {
        using SealedSegment segment = Open(Sound);
        double average = (double)(segment.Parts.Payloads - Rows * 8) / Rows;
        SegmentFootprint estimate = SegmentFootprint.Estimate(Rows, 6, Options(), KeyKind.UInt64, 0, extras: new(PayloadBytes: average));
        SegmentFootprint without = SegmentFootprint.Estimate(Rows, 6, Options(), KeyKind.UInt64, 0);
        Assert.Equal(segment.Parts.Payloads, estimate.Parts.Payloads);
        Assert.Equal(Rows * 8, estimate.BuildPeakBytes - without.BuildPeakBytes);
    }

    [Fact]
    public void APayloadThatIsTooLongIsRefused()
    {
        AnnException error = Assert.Throws<AnnException>(() => Write(static row => new byte[row == 7 ? PayloadColumn.MaxBytes + 1 : 1]));
        Assert.Equal((AnnError.InvalidArgument, "payloads"), (error.Error, error.Field));
        Assert.Contains("the payload of row 7 takes 1048577 bytes", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Ends of nodes, in a section that the sender's hashes fit.</summary>
    [Theory]
    [InlineData(0, -1, "node 0 ends at -1")]
    [InlineData(0, long.MaxValue, "node 0 ends at")]
    [InlineData(0, long.MinValue, "node 0 ends at")]
    [InlineData(5, 0, "node 5 ends at 0, begun at")]
    [InlineData(Rows - 1, 200, "node 39 ends at 200, begun at")]
    [InlineData(Rows - 1, 1 << 30, "node 39 ends at")]
    public void AHostileEndIsRefused(int node, long end, string what)
    {
        byte[] bytes = [.. Sound];
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan((int)PayloadsOf(bytes).Offset + node * 8), end);
        Mend(bytes);
        AnnException error = Assert.Throws<AnnException>(() => Open(bytes));
        Assert.Equal(AnnError.Corrupt, error.Error);
        string place = $"x.ann: section Payloads, byte {PayloadsOf(bytes).Offset + node * 8}: ";
        Assert.StartsWith(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A payload is at most 1 MiB, however large its section.</summary>
    [Fact]
    public void APayloadLongerThanOneMayBeIsRefused()
    {
        byte[] bytes = Write(static row => new byte[row < 2 ? PayloadColumn.MaxBytes : 0]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan((int)PayloadsOf(bytes).Offset), 0);
        Mend(bytes);
        AnnException error = Assert.Throws<AnnException>(() => Open(bytes));
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("node 1 ends at 2097152, begun at 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MendedMutationsNeverCrash()
    {
        Random random = new(Seed);
        (long offset, long length) = PayloadsOf(Sound);
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = [.. Sound];
            for (int i = random.Next(1, 4); i > 0; i--)
                bytes[offset + random.NextInt64(random.Next(2) == 0 ? Rows * 8 : length)] = (byte)random.Next(256);
            if (random.Next(4) == 0)
                bytes[SectionEntryOf(bytes) + 16] = (byte)random.Next(256); // its length
            Mend(bytes);
            try
            {
                using SealedSegment segment = Open(bytes);
                long sum = 0;
                for (int node = 0; node < Rows; node++)
                    sum += segment.Payloads![node].ToArray().Length;
                Assert.Equal(segment.Parts.Payloads - Rows * 8, sum);
            }
            catch (AnnException e)
            {
                Assert.True(e.Error == AnnError.Corrupt, $"round {round}, seed {Seed}: {e.Message}");
                refused++;
            }
        }
        Assert.True(refused > 1000, $"only {refused} mutations were refused");
    }

    /// <summary>Written by the first build that knew payloads; it must stay readable for ever.</summary>
    [Fact]
    public void TheGoldenFileOfVersion1StaysReadable()
    {
        string path = Path.Combine(TidyTests.Root, "tests", "Ann.Tests", "Segments", "golden-v1-payloads.ann");
        if (!File.Exists(path) && Environment.GetEnvironmentVariable("ANN_WRITE_GOLDEN") == "1")
            File.WriteAllBytes(path, Sound);
        byte[] golden = File.ReadAllBytes(path);

        // Other sections depend on what the processor's instructions round to; this one does not.
        Assert.Equal(Convert.ToHexString(SectionOf(golden)), Convert.ToHexString(SectionOf(Sound)));
        using SealedSegment segment = Open(golden);
        for (int node = 0; node < Rows; node++)
            Assert.True(segment.Payloads![node].SequenceEqual(Payload(node)), $"node {node}");
    }

    private static SegmentBuildOptions Options() => SegmentFixture.Options(Metric.L2, CodesKind.F32) with { M = 4 };

    /// <summary>A third of the rows have none.</summary>
    private static ReadOnlySpan<byte> Payload(int row) => Bytes(row, row % 3 == 0 ? 0 : 1 + row * 5 % 23);

    private static byte[] Bytes(int row, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)(row * 37 + i);
        return bytes;
    }

    private static byte[] Write(RowPayload? payloads)
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = new(Rows, 6, Options());
        foreach (float[] row in Vectors)
            builder.Add(row);
        if (payloads is not null)
            builder.SetPayloads(payloads);
        builder.Build(KeyColumn.Ordinals(Rows));
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    private static SealedSegment Open(byte[] bytes) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann");

    private static byte[] SectionOf(byte[] file)
    {
        (long offset, long length) = PayloadsOf(file);
        return file.AsSpan((int)offset, (int)length).ToArray();
    }

    private static (long Offset, long Length) PayloadsOf(byte[] file)
    {
        Span<byte> entry = file.AsSpan(SectionEntryOf(file));
        return (BinaryPrimitives.ReadInt64LittleEndian(entry[8..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
    }

    private static int SectionEntryOf(byte[] file)
    {
        int entry = 64;
        while (BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(entry)) != (uint)SectionKind.Payloads)
            entry += 32;
        return entry;
    }
}
