using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: a file whose section of identical rows is nonsense is refused, or answers each item once and ends. Method: a small file with
/// copies,
/// damaged by a sender who mends the hashes.
/// </summary>
public sealed class HostileCopiesTests
{
    private const int Seed = 20261129;
    private const int Count = 60;
    private static readonly float[][] Distinct = SegmentFixture.Clustered(40, 6, Seed, clusters: 4);
    private static readonly float[][] Rows = [.. Distinct, .. Enumerable.Range(0, 20).Select(static i => Distinct[i % 3])];
    private static readonly byte[] Sound = Write();
    private static readonly int Section = SectionOffset(Sound);

    /// <summary>Nodes 0, 1 and 2 have copies: 40, 43, …; 41, 44, …; 42, 45, …</summary>
    [Theory]
    [InlineData(0, 0, 1)] // a leader that is its own copy
    [InlineData(0, 0, 2)] // a leader that becomes a copy of another
    [InlineData(0, 1, 1)] // chained to itself
    [InlineData(0, 1, 0)] // its copies are chained no more
    [InlineData(0, 1, 42)] // chained to a copy of another
    [InlineData(0, 1, 44)] // leaves out its first copy
    [InlineData(43, 1, 41)] // a circle
    [InlineData(40, 0, 2)] // names another leader
    [InlineData(40, 0, 44)] // names a copy as its leader
    [InlineData(40, 0, 0)] // names no leader
    [InlineData(5, 0, 61)]
    [InlineData(5, 0, -1)]
    [InlineData(5, 1, 61)]
    [InlineData(5, 1, int.MinValue)]
    [InlineData(5, 0, 1)] // a row of its own that says it is a copy
    public void ABrokenChainIsRefused(int node, int field, int value)
    {
        byte[] bytes = [.. Sound];
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Section + node * 8 + field * 4), value);
        HostileFileTests.Mend(bytes);

        AnnException error = Assert.Throws<AnnException>(() => Open(bytes));

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains("byte", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MendedMutationsNeverGiveAnItemTwice()
    {
        Random random = new(Seed);
        int refused = 0;
        for (int round = 0; round < 3000; round++)
        {
            byte[] bytes = [.. Sound];
            for (int i = random.Next(1, 4); i > 0; i--)
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Section + random.Next(Count * 2) * 4), random.Next(-1, Count + 2));
            HostileFileTests.Mend(bytes);
            try
            {
                using SealedSegment segment = Open(bytes);
                Neighbor[] results = new Neighbor[Count];
                int count = segment.Search(Rows[0], new SearchParameters(Count, Count), SearchBudget.Unlimited, results, out _);
                Assert.Equal(count, results[..count].Select(static result => result.Node).Distinct().Count());
            }
            catch (AnnException)
            {
                refused++;
            }
        }
        Assert.True(refused > 2000, $"only {refused} were refused; seed {Seed}");
    }

    private static byte[] Write()
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = SegmentFixture.Build(Rows, SegmentFixture.Options(Metric.L2) with { M = 4 });
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    private static SealedSegment Open(byte[] bytes) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann");

    private static int SectionOffset(byte[] bytes)
    {
        for (int i = 0; i < HostileFileTests.SectionCount(bytes); i++)
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(64 + i * 32)) == (uint)SectionKind.Copies)
                return (int)HostileFileTests.Section(bytes, i).Offset;
        throw new InvalidOperationException("The file has no section of copies.");
    }
}
