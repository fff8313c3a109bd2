using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Segments;
using Ann.Tests.Attributes;
using static Ann.Tests.Segments.HostileFileTests;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: whatever the section of attributes holds, opening refuses it and names the byte, or every value in it can be read. Method: a
/// sender who damages it and mends the hashes.
/// </summary>
public sealed class HostileAttributesTests
{
    private const int Seed = 20261202;
    private const int Rows = 40;
    private const int Names = 8 + 6 * 32;
    private static readonly byte[] Sound = SealedAttributesTests.Write(Rows, SealedAttributesTests.Items(Rows));

    [Fact]
    public void MendedMutationsNeverCrash()
    {
        Random random = new(Seed);
        (long offset, long length) = AttributesOf(Sound);
        int refused = 0;
        for (int round = 0; round < 6000; round++)
        {
            byte[] bytes = [.. Sound];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                long place = offset + (random.Next(2) == 0 ? random.Next(Names) : random.NextInt64(length));
                bytes[place] = (byte)(random.Next(3) == 0 ? 0xFF : random.Next(256));
            }
            Mend(bytes);
            try
            {
                using SealedSegment segment = SealedAttributesTests.Open(bytes);
                ReadAll(segment.Attributes!);
            }
            catch (AnnException e)
            {
                Assert.True(e.Error == AnnError.Corrupt, $"round {round}, seed {Seed}: {e.Message}");
                Assert.StartsWith("x.ann: section Attributes, byte ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }
        Assert.True(refused > 2000, $"only {refused} mutations were refused");
    }

    /// <summary>Fields before the columns.</summary>
    [Theory]
    [InlineData(0, 4, 0, "0 attributes")]
    [InlineData(0, 4, 65, "65 attributes")]
    [InlineData(0, 4, -1, "attributes")]
    [InlineData(0, 4, 5, "no name")]
    [InlineData(4, 4, 1, "reserved")]
    [InlineData(8, 1, 0, "no type")]
    [InlineData(8, 1, 9, "no type")]
    [InlineData(8, 1, 3, "a dictionary of")] // its column is one of texts
    [InlineData(9, 1, 0, "no name")]
    [InlineData(9, 1, 255, "no name")]
    [InlineData(10, 1, 1, "reserved")]
    [InlineData(16, 8, 8, "begins at 8")]
    [InlineData(16, 8, long.MaxValue, "begins at")]
    [InlineData(24, 8, -1, "does not fit")]
    [InlineData(24, 8, 8, "a dictionary of")]
    [InlineData(24, 8, long.MaxValue, "does not fit")]
    [InlineData(32, 8, -1, "a dictionary of -1")]
    [InlineData(32, 8, int.MaxValue, "a dictionary of")]
    [InlineData(32, 8, 1, "has text")]
    [InlineData(Names, 1, '9', "no name")]
    public void AHostileTableIsRefused(int place, int size, long value, string what)
    {
        AnnException error = OpenWith(AttributesOf(Sound).Offset + place, size, value);
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Values of columns: one word of presence, then the values.</summary>
    [Theory]
    [InlineData(0, 0, 8, -1, "a bit beyond node 39")]
    [InlineData(0, 8, 4, 99, "node 0 has text 99")]
    [InlineData(0, 8, 4, -2, "node 0 has text -2")]
    [InlineData(1, 8, 8, 257, "the set of node 0 ends at 257")]
    [InlineData(1, 8, 8, -1, "the set of node 0 ends at -1")]
    [InlineData(1, 8, 8, long.MaxValue, "the set of node 0 ends")]
    [InlineData(1, 8 + 8 * Rows, 4, 9999, "has text 9999")]
    [InlineData(2, 0, 8, 0, "has no value, and one is there")]
    [InlineData(3, 8, 8, -1, "NaN")]
    [InlineData(4, 8, 8, 0xFF_FFFF_FFFF, "without a value is true")]
    public void AHostileColumnIsRefused(int column, int place, int size, long value, string what)
    {
        long section = AttributesOf(Sound).Offset;
        long start = BinaryPrimitives.ReadInt64LittleEndian(Sound.AsSpan((int)section + 8 + column * 32 + 8));
        AnnException error = OpenWith(section + start + place, size, value);
        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADictionaryOutOfOrderIsRefused()
    {
        (long section, _) = AttributesOf(Sound);
        long start = section + BinaryPrimitives.ReadInt64LittleEndian(Sound.AsSpan((int)section + 16));
        long ends = start + 8 + 4 * Rows;
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(Sound.AsSpan((int)ends))); // the empty text comes first

        Assert.Contains("text 0 ends at -1", OpenWith(ends, 8, -1).Message, StringComparison.Ordinal);
        Assert.Contains("text 0 ends at 1025", OpenWith(ends, 8, 1025).Message, StringComparison.Ordinal);
        Assert.Contains("text 1 does not come after", OpenWith(ends + 8, 8, 0).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASectionCutShortIsRefused()
    {
        for (int i = 0; i < SectionCount(Sound); i++)
        {
            (long offset, long length) = Section(Sound, i);
            if (offset != AttributesOf(Sound).Offset)
                continue;
            for (long shorter = 0; shorter < length; shorter += 5)
            {
                byte[] bytes = [.. Sound];
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(64 + i * 32 + 16), shorter);
                Mend(bytes);
                AnnException error = Assert.Throws<AnnException>(() => SealedAttributesTests.Open(bytes));
                Assert.Equal(AnnError.Corrupt, error.Error);
            }
        }
    }

    /// <summary>Place and length of the section.</summary>
    internal static (long Offset, long Length) AttributesOf(byte[] file)
    {
        int number = Enumerable.Range(0, SectionCount(file)).Single(
            i => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(64 + i * 32)) == (int)SectionKind.Attributes);
        return Section(file, number);
    }

    private static AnnException OpenWith(long place, int size, long value)
    {
        byte[] bytes = [.. Sound];
        for (int i = 0; i < size; i++)
            bytes[place + i] = (byte)(value >> 8 * i);
        Mend(bytes);
        return Assert.Throws<AnnException>(() => SealedAttributesTests.Open(bytes));
    }

    private static void ReadAll(AttributeTable table)
    {
        for (int node = 0; node < Rows; node++)
            Assert.NotEmpty(AttributeFixture.Describe(table, node));
        for (int column = 0; column < table.Schema.Count; column++)
        {
            if (table.Schema.Fields[column].Type is not (AttributeType.Keyword or AttributeType.KeywordSet))
                continue;
            for (int ordinal = 0; ordinal < table.KeywordCount(column); ordinal++)
                Assert.Equal(ordinal, table.FindKeyword(column, table.KeywordAt(column, ordinal)));
        }
    }
}
