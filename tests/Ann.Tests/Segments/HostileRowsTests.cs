using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>
/// Goal: rows, keys and certificates that no builder of ours writes are refused when a file is opened, with section and row. Method: sound
/// files, changed by a sender who mends the hashes.
/// </summary>
public sealed class HostileRowsTests
{
    private const int Seed = 20261209;
    private const int Count = 60;
    private const int Dimension = 6;
    private const int RowBytes = 16 * sizeof(float);
    private static readonly float[][] Rows = SegmentFixture.Clustered(Count, Dimension, Seed, clusters: 4);

    [Theory]
    [InlineData(Metric.L2, 0, 0, float.NaN, "row 0, component 0 is NaN")]
    [InlineData(Metric.L2, 59, 5, float.PositiveInfinity, "row 59, component 5 is +infinity")]
    [InlineData(Metric.InnerProduct, 17, 2, float.NegativeInfinity, "row 17, component 2 is -infinity")]
    [InlineData(Metric.Cosine, 17, 2, float.NaN, "row 17, component 2 is NaN")]
    [InlineData(Metric.Cosine, 17, 2, 7f, "row 17 has length 7")]
    [InlineData(Metric.Cosine, 17, 2, float.MaxValue, "row 17 has length 3.4")]
    [InlineData(Metric.L2, 3, 6, 1f, "row 3 has padding that is not 0")]
    [InlineData(Metric.InnerProduct, 3, 15, 1e-40f, "row 3 has padding that is not 0")]
    [InlineData(Metric.Cosine, 3, 6, -0f, "row 3 has padding that is not 0")]
    [InlineData(Metric.L2, 3, 15, float.NaN, "row 3 has padding that is not 0")]
    public void AnUnsoundRowIsRefused(Metric metric, int row, int component, float value, string why)
    {
        byte[] bytes = Write(metric);
        long offset = Change(bytes, SectionKind.Rows, rows => Float(rows, row * RowBytes + component * sizeof(float), value));

        AnnException error = Refused(bytes);

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.StartsWith($"x.ann: section Rows, byte {offset + row * RowBytes}: {why}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AZeroRowIsRefusedUnderCosineAlone()
    {
        foreach (Metric metric in (Metric[])[Metric.L2, Metric.InnerProduct, Metric.Cosine])
        {
            byte[] bytes = Write(metric);
            Change(bytes, SectionKind.Rows, static rows => rows.AsSpan(5 * RowBytes, RowBytes).Clear());
            if (metric == Metric.Cosine)
                Assert.Contains("row 5 has length 0", Refused(bytes).Message, StringComparison.Ordinal);
            else
                Open(bytes).Dispose();
        }
    }

    /// <summary>Files of before there was a limit may have such rows; whoever takes a file in asks.</summary>
    [Fact]
    public void ARowThatIsTooLongIsTold()
    {
        byte[] bytes = Write(Metric.L2);
        using (SealedSegment sound = Open(bytes))
            Assert.Null(sound.LongRow);
        Change(bytes, SectionKind.Rows, static rows => Float(rows, 9 * RowBytes, 1e20f));
        using SealedSegment segment = Open(bytes);
        Assert.StartsWith("row 9 has length 1e+20", segment.LongRow, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(nameof(SectionKind.CodeFactors))]
    [InlineData(nameof(SectionKind.CodeMean))]
    public void ANumberOfTheCodesThatIsNoneIsRefused(string kind)
    {
        byte[] bytes = Write(Metric.InnerProduct);
        Change(bytes, Enum.Parse<SectionKind>(kind), static numbers => Float(numbers, 8, float.NaN));
        Assert.Contains($"section {kind}, byte ", Refused(bytes).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 59)]
    [InlineData(58, 59)]
    public void AKeyThatIsThereTwiceIsRefused(int first, int second)
    {
        byte[] numbers = Write(Metric.L2);
        Change(numbers, SectionKind.Keys, keys => keys.AsSpan(first * 8, 8).CopyTo(keys.AsSpan(second * 8)));
        byte[] texts = Write(Metric.L2, SegmentFixture.Texts(Enumerable.Range(100, Count).Select(static i => $"key {i}")));
        const int TextBytes = 7;
        Change(texts, SectionKind.Keys, keys =>
        {
            Span<byte> all = keys.AsSpan(Count * 8);
            all.Slice(first * TextBytes, TextBytes).CopyTo(all[(second * TextBytes)..]);
        });
        foreach ((byte[] bytes, string key) in ((byte[], string)[])[(numbers, $"{first}"), (texts, $"key {100 + first}")])
        {
            AnnException error = Refused(bytes);
            Assert.Equal(AnnError.Corrupt, error.Error);
            Assert.Equal(
                $"x.ann: section Keys, byte 0: the key '{key}' of node {second} is already the key of node {first}; keys must be unique.",
                error.Message);
        }
    }

    /// <summary>One key on every node: the first two are enough to know.</summary>
    [Fact]
    public void KeysThatAreAllTheSameAreRefusedAtOnce()
    {
        byte[] bytes = Write(Metric.L2);
        Change(bytes, SectionKind.Keys, static keys => keys.AsSpan().Clear());
        Assert.Contains("the key '0' of node 1 is already the key of node 0", Refused(bytes).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ef_recall\":[", "{", "}", "null", "a point of a curve is null")]
    [InlineData("\"ef_recall100\":[", "{", "}", "null", "a point of a curve is null")]
    [InlineData("\"cut_recall\":[", "{", "}", "null", "a point of a curve is null")]
    [InlineData("\"norms\":", "{", "}", "null", "norms is null")]
    [InlineData("\"norms\":", "{", "}", "{\"min\":-1}", "a norm is -1")]
    [InlineData("\"norms\":", "{", "}", "{\"max\":1e99}", "a norm is ")]
    [InlineData("\"ef_recall\":[", "{", "}", "{\"ef\":0}", "no beam width")]
    [InlineData("\"ef_recall\":[", "{", "}", "{\"ef\":9,\"recall\":2}", "a share is 2")]
    [InlineData("\"cut_recall\":[", "{", "}", "{\"k\":1,\"recall\":-1}", "a share is -1")]
    [InlineData("\"cut_recall\":[", "{", "}", "{\"k\":0}", "no results wanted")]
    public void ANumberOfTheCertificateThatNobodyMeasuresIsRefused(string behind, string from, string to, string hostile, string why)
    {
        byte[] bytes = Write(Metric.L2);
        Change(bytes, SectionKind.Certificate, section =>
        {
            string json = System.Text.Encoding.UTF8.GetString(section);
            int start = json.IndexOf(from, json.IndexOf(behind, StringComparison.Ordinal) + behind.Length, StringComparison.Ordinal);
            int end = json.IndexOf(to, start, StringComparison.Ordinal) + 1;
            string changed = json[..start] + hostile + json[end..];
            Assert.True(changed.Length <= json.Length, "the section keeps its length");
            System.Text.Encoding.UTF8.GetBytes(changed.PadRight(json.Length)).CopyTo(section, 0);
        });

        AnnException error = Refused(bytes);

        Assert.Equal(AnnError.Corrupt, error.Error);
        Assert.StartsWith("x.ann: section Certificate, byte ", error.Message, StringComparison.Ordinal);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Write(Metric metric, KeyColumn? keys = null)
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = SegmentFixture.Build(Rows, SegmentFixture.Options(metric), keys ?? KeyColumn.Ordinals(Count));
        builder.Write(files, "x.ann");
        return files.Content["x.ann"];
    }

    private static SealedSegment Open(byte[] bytes) =>
        SealedSegment.Open(new MemoryFileSystem { Content = { ["x.ann"] = bytes } }, "x.ann");

    private static AnnException Refused(byte[] bytes) => Assert.Throws<AnnException>(() => Open(bytes).Dispose());

    private static void Float(byte[] section, int offset, float value) =>
        MemoryMarshal.Write(section.AsSpan(offset), in value);

    /// <summary>Changes a section and mends the hashes. Returns its place in the file.</summary>
    internal static long Change(byte[] bytes, SectionKind kind, Action<byte[]> change)
    {
        for (int i = 0; i < HostileFileTests.SectionCount(bytes); i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(64 + i * 32)) != (uint)kind)
                continue;
            (long offset, long length) = HostileFileTests.Section(bytes, i);
            byte[] section = bytes.AsSpan((int)offset, (int)length).ToArray();
            change(section);
            section.CopyTo(bytes, offset);
            HostileFileTests.Mend(bytes);
            return offset;
        }
        throw new InvalidOperationException($"no section {kind}");
    }
}
