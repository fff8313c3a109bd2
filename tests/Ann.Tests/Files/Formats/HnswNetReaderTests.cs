using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Files.Formats;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Files.Formats;

/// <summary>
/// Goal: an index file of Hnsw.Net gives its vectors and ids, and whatever else a file holds is an error that names the byte. Method: files
/// written here from the description of the format; then cut at every byte, and damaged at every byte.
/// </summary>
public sealed class HnswNetReaderTests
{
    private const int Seed = 20261130;
    private const string Path = "/old.hnsw";

    private static readonly float[][] Rows = HnswNetBytes.Vectors(9, 3, Seed);
    private static readonly byte[] Sound = new HnswNetBytes { Nodes = HnswNetBytes.Ring(Rows, 0, 4, 5, 8) }.ToArray();

    /// <summary>Every byte of a file of two nodes, one of them on two levels and deleted.</summary>
    [Fact]
    public void TheBytesOfAFileAreReadAsTheyAre()
    {
        byte[] bytes = Convert.FromHexString(
            "48535731" + "04000000" + "02000000" + "02000000" + "05000000" + "1E000000" + "28000000" + "01000000" + "01000000" + "02000000"
            + "01" // slots are used again
            + "0000803F" + "00000040" // (1, 2)
            + "00004040" + "000080C0" // (3, -4)
            + "0700000000000080" + "00000000" + "00" + "01000000" + "01000000" + "01000000" // id -2^63 + 7
            + "0900000000000000" + "01000000" + "01" + "02000000" + "01000000" + "00000000" + "00000000");

        using HnswNetReader reader = Open(bytes);

        Assert.Equal((2, Metric.InnerProduct, 5, 30, 40, 2, 1), (
            reader.Header.Dimension, reader.Header.Metric, reader.Header.M, reader.Header.EfConstruction, reader.Header.Ef,
            reader.Header.Count, reader.Header.MaxLevel));
        Assert.Equal((1, 1), (reader.Count, reader.Deleted));
        Assert.Equal([0x8000000000000007ul], reader.Keys.Numbers.ToArray());
        Assert.Equal([0], reader.NegativeIds);
        Assert.Equal([1, 2], ReadAll(reader));
    }

    [Theory]
    [InlineData(0, Metric.Cosine)]
    [InlineData(1, Metric.L2)]
    [InlineData(2, Metric.InnerProduct)]
    public void TheMetricIsThatOfTheFile(int number, Metric metric)
    {
        using HnswNetReader reader = Open(new HnswNetBytes { Metric = number, Nodes = HnswNetBytes.Ring(Rows) }.ToArray());

        Assert.Equal(metric, reader.Header.Metric);
    }

    /// <summary>Nodes of which some are deleted, by chance: rows, keys and places against a plain list.</summary>
    [Fact]
    public void DeletedNodesArePassedOver()
    {
        Random random = new(Seed);
        for (int round = 0; round < 40; round++)
        {
            float[][] vectors = HnswNetBytes.Vectors(1 + random.Next(30), 2, random.Next());
            double share = random.NextDouble();
            int[] deleted = [.. Enumerable.Range(0, vectors.Length).Where(_ => random.NextDouble() < share)];
            int[] living = [.. Enumerable.Range(0, vectors.Length).Except(deleted)];
            if (living.Length == 0)
                continue;

            using HnswNetReader reader = Open(new HnswNetBytes { Nodes = HnswNetBytes.Ring(vectors, deleted) }.ToArray());

            Assert.Equal(living.Length, reader.Count);
            Assert.Equal(living.SelectMany(node => vectors[node]), ReadAll(reader, rowsAtOnce: 1 + round % 5));
            Assert.Equal(living.Select(static node => 100ul + (ulong)node), reader.Keys.Numbers.ToArray());
            Assert.Equal(living.Select(static node => $"node {node}"), Enumerable.Range(0, living.Length).Select(row => reader.Place(row)));
        }
    }

    [Fact]
    public void AFileOfDeletedNodesHoldsNothing()
    {
        Assert.Contains("it holds no items: of 9 nodes 9 are deleted", Refusal(new HnswNetBytes
        {
            Nodes = HnswNetBytes.Ring(Rows, [.. Enumerable.Range(0, 9)]),
        }.ToArray()), StringComparison.Ordinal);
        Assert.Contains("of 0 nodes", Refusal(new HnswNetBytes().ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileCutAnywhereIsRefusedByByte()
    {
        for (int length = 0; length < Sound.Length; length++)
            Assert.Matches(@"^/old\.hnsw: byte \d+: ", Refusal(Sound[..length]));
        Assert.Equal(
            $"/old.hnsw: byte {Sound.Length}: expected the end of the file after 9 nodes; 2 bytes follow.", Refusal([.. Sound, 0, 0]));
    }

    /// <summary>
    /// Bytes are replaced, one to four at a time. A file is then refused in words, or it is one that could have been written: it has as
    /// many rows as it says, and no more than there are bytes for.
    /// </summary>
    [Fact]
    public void ADamagedFileIsRefusedOrReadToItsEnd()
    {
        Random random = new(Seed);
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. Sound];
            int first = round < bytes.Length ? round : random.Next(bytes.Length);
            for (int i = 0; i < 1 + round % 4; i++)
                bytes[(first + i) % bytes.Length] = (byte)random.Next(256);
            try
            {
                using HnswNetReader reader = Open(bytes);
                Assert.True(reader.Count + reader.Deleted <= bytes.Length / 20, $"round {round}, seed {Seed}");
                Assert.Equal(reader.Count * reader.Dimension, ReadAll(reader).Length);
                Assert.Equal(reader.Count, reader.Keys.Count);
            }
            catch (AnnException e)
            {
                Assert.True(e.Error == AnnError.InvalidArgument, $"round {round}, seed {Seed}: {e}");
                Assert.StartsWith("/old.hnsw: ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }
        Assert.InRange(refused, 5_000, 19_000);
    }

    [Theory]
    [InlineData(0, 0x31575349, "byte 0: expected an index of Hnsw.Net, which begins with HSW1 (31575348); found 31575349.")]
    [InlineData(0, 0x44564E48, "byte 0: it is a snapshot of a collection of Hnsw.Net's vector store (HNVD)")]
    [InlineData(4, 3, "byte 4: the format has version 3; version 4 is read, that of Hnsw.Net 0.1.3 to 0.1.5: load it with Hnsw.Net 0.1.3")]
    [InlineData(4, 5, "byte 4: the format has version 5; version 4 is read, that of Hnsw.Net 0.1.3 to 0.1.5: it may be of a later")]
    [InlineData(4, -1, "byte 4: the format has version -1")]
    [InlineData(8, 0, "byte 8: the dimension is 0; expected 1 to 65536.")]
    [InlineData(8, 65_537, "byte 8: the dimension is 65537")]
    [InlineData(12, 3, "byte 12: the metric is 3; expected 0 to 2.")]
    [InlineData(12, -1, "byte 12: the metric is -1")]
    [InlineData(16, 1, "byte 16: M is 1; expected at least 2.")]
    [InlineData(20, 15, "byte 20: efConstruction is 15; it must be at least M, which is 16.")]
    [InlineData(28, 9, "byte 28: the entry point is 9; expected one of the 9 nodes.")]
    [InlineData(28, -1, "byte 28: the entry point is -1")]
    [InlineData(32, -1, "byte 32: the highest level is -1 of 9 nodes.")]
    [InlineData(32, 0, "node 3 is on level 1; expected 0 to 0, the highest that the header tells.")]
    [InlineData(36, -1, "byte 36: the number of nodes is -1; expected at least 0.")]
    [InlineData(36, int.MaxValue, "byte 36: 2147483647 nodes of dimension 3 take 70866960392 bytes at least; the file has")]
    [InlineData(40, 2, "byte 40: the flag for replacing deleted nodes is 2; expected 0 or 1.")]
    [InlineData(Nodes + 8, 2, "byte 157: node 0 is on level 2; expected 0 to 1")]
    [InlineData(Nodes + 8, -1, "byte 157: node 0 is on level -1")]
    [InlineData(Nodes + 12, 2, "byte 161: node 0 has the mark 2 for being deleted; expected 0 or 1.")]
    [InlineData(Nodes + 13, 2, "byte 162: node 0 on level 0 has 2 layers of links; expected one more than its level.")]
    [InlineData(Nodes + 13, int.MinValue, "byte 162: node 0 on level 0 has -2147483648 layers of links")]
    [InlineData(Nodes + 17, -1, "byte 166: node 0 has -1 links on level 0; expected 0 to 9, the nodes that there are.")]
    [InlineData(Nodes + 17, 10, "byte 166: node 0 has 10 links on level 0")]
    [InlineData(Nodes + 21, 9, "byte 170: node 0 has a link to node 9; there are 9 nodes.")]
    [InlineData(Nodes + 25, -1, "byte 174: node 0 has a link to node -1")]
    public void AFieldOutOfItsRangeIsNamedByByte(int at, int value, string reason)
    {
        byte[] bytes = [.. Sound];
        if (at is 40 or Nodes + 12)
            bytes[at] = (byte)value;
        else
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);

        Assert.Contains(reason, Refusal(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void LinksBeyondTheEndAreRefusedBeforeTheyAreRead()
    {
        byte[] bytes = [.. Sound];
        int last = Sound.Length - 12; // two links and their number
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(last), 9);

        Assert.Contains(
            $"byte {last}: node 8 has 9 links on level 0, which take 36 bytes; the file has 8 more.", Refusal(bytes),
            StringComparison.Ordinal);
    }

    private const int Nodes = 41 + (9 * 3 * 4);

    private static string Refusal(byte[] bytes)
    {
        AnnException e = Assert.Throws<AnnException>(() => Open(bytes));
        Assert.Equal(AnnError.InvalidArgument, e.Error);
        return e.Message;
    }

    private static HnswNetReader Open(byte[] bytes)
    {
        MemoryFileSystem files = new();
        files.Content[Path] = bytes;
        return HnswNetReader.Open(files, Path);
    }
}
