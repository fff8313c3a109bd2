using System.Buffers.Binary;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Segments;
using Ann.Tests.Tool;
using Cloud.Unum.USearch;

namespace Ann.Tests.Files.Formats;

/// <summary>
/// Goal: index files of hnswlib and USearch give their vectors, keys and deletions, and whatever else a file holds is an error that names
/// the byte. Method: files of USearch's own library, files of hnswlib's layout written here; cut at every byte, damaged by chance.
/// </summary>
public sealed class ForeignIndexTests : IDisposable
{
    private const int Seed = 20261201;
    private const int Dimension = 3;

    private static readonly float[][] Rows = HnswNetBytes.Vectors(23, Dimension, Seed);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AFileOfHnswlibBecomesASegment()
    {
        int[] deleted = [0, 4, 5, 22];
        _folder.Write("old.bin", new HnswlibBytes { Vectors = Rows, Deleted = deleted }.ToArray());

        ToolRun run = await ToolRun.RunAsync(
            "convert", "--from", "hnswlib", _folder["old.bin"], "--dim", "3", "--metric", "l2", "--output", _folder["new.ann"], "--json");

        var report = run.Expect(0).Json;
        Assert.Equal((23, 4, 4, 60), (
            report.GetProperty("nodes").GetInt32(), report.GetProperty("deleted_skipped").GetInt32(),
            report.GetProperty("source_m").GetInt32(), report.GetProperty("source_ef_construction").GetInt32()));
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["new.ann"]);
        Assert.Equal((4, 60), (segment.BuildRecord.M, segment.BuildRecord.EfConstruction));
        int[] living = [.. Enumerable.Range(0, Rows.Length).Except(deleted)];
        Assert.Equal(living.Select(static node => 100ul + (ulong)node), Enumerable.Range(0, segment.Count).Select(segment.Keys.Number));
        for (int row = 0; row < living.Length; row++)
            Assert.Equal(Rows[living[row]], segment.Row(row).ToArray());
    }

    [Theory]
    [InlineData(ScalarKind.Float32, MetricKind.L2sq, "l2")]
    [InlineData(ScalarKind.Float16, MetricKind.Cos, "cosine")]
    [InlineData(ScalarKind.Float64, MetricKind.Ip, "ip")]
    [InlineData(ScalarKind.Int8, MetricKind.Cos, "cosine")]
    public async Task AFileOfUsearchBecomesASegment(ScalarKind scalar, MetricKind kind, string metric)
    {
        Usearch("old.usearch", scalar, kind, 300, removed: [107, 111, 399]);

        ToolRun run = await ToolRun.RunAsync(
            "convert", "--from", "usearch", _folder["old.usearch"], "--output", _folder["new.ann"], "--ef-construction", "77", "--json");

        var report = run.Expect(0).Json;
        Assert.Equal((300, 3, 5, 2), (
            report.GetProperty("nodes").GetInt32(), report.GetProperty("deleted_skipped").GetInt32(),
            report.GetProperty("source_m").GetInt32(), report.GetProperty("format_version").GetInt32()));
        Assert.Equal(metric, report.GetProperty("build").GetProperty("metric").GetString());
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["new.ann"]);
        Assert.Equal((5, 77), (segment.BuildRecord.M, segment.BuildRecord.EfConstruction));
        ulong[] keys = [.. Enumerable.Range(0, segment.Count).Select(segment.Keys.Number)];
        Assert.Equal(Enumerable.Range(100, 300).Select(static key => (ulong)key).Except((ulong[])[107, 111, 399]), keys.Order());
        float[][] vectors = HnswNetBytes.Vectors(300, Dimension, Seed);
        for (int row = 0; row < segment.Count; row++)
        {
            float[] expected = vectors[keys[row] - 100];
            float[] found = segment.Row(row).ToArray();
            Assert.True(Cosine(expected, found) > 0.999, $"row {row}");
            if (scalar is ScalarKind.Float32 or ScalarKind.Float64)
                Assert.Equal(expected, found);
        }
    }

    [Theory]
    [InlineData("hnswlib")]
    [InlineData("usearch")]
    public void FilesCutAnywhereAreRefusedByByte(string engine)
    {
        byte[] sound = Sound(engine);
        for (int length = 0; length < sound.Length; length++)
        {
            string path = _folder.Write("cut", sound[..length]);
            string message = Assert.Throws<AnnException>(() => Open(engine, path)).Message;
            Assert.True(message.StartsWith($"{path}: byte ", StringComparison.Ordinal), message);
        }
        Assert.Contains("2 bytes follow", Assert.Throws<AnnException>(() => Open(engine, _folder.Write("cut", [.. sound, 0, 0]))).Message);
    }

    [Theory]
    [InlineData("hnswlib")]
    [InlineData("usearch")]
    public void DamagedFilesAreRefusedOrReadToTheirEnd(string engine)
    {
        byte[] sound = Sound(engine);
        Random random = new(Seed);
        int refused = 0;
        for (int round = 0; round < 4_000; round++)
        {
            byte[] bytes = [.. sound];
            int first = round < bytes.Length ? round : random.Next(bytes.Length);
            for (int i = 0; i < 1 + round % 4; i++)
                bytes[(first + i) % bytes.Length] = (byte)random.Next(256);
            string path = _folder.Write("damaged", bytes);
            try
            {
                using ForeignIndex index = Open(engine, path);
                Assert.Equal(index.Reader.Count * Dimension, TemporaryFolder.ReadAll(index.Reader).Length);
                Assert.Equal(index.Nodes - index.Deleted, index.Reader.Keys!.Count);
            }
            catch (AnnException e)
            {
                Assert.True(e.Message.StartsWith(path + ": byte ", StringComparison.Ordinal), $"round {round}, seed {Seed}: {e}");
                refused++;
            }
        }
        Assert.InRange(refused, 500, 3_900);
    }

    /// <summary>The number of nodes is what a file claims; nothing is allocated for those that it has no bytes for.</summary>
    [Theory]
    [InlineData("hnswlib")]
    [InlineData("usearch")]
    public void AClaimOfManyNodesAllocatesLittle(string engine)
    {
        byte[] bytes = Sound(engine);
        if (engine == "hnswlib")
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), 1L << 40);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), int.MaxValue);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, int.MaxValue);
        }
        string path = _folder.Write("claims", bytes);
        Assert.Throws<AnnException>(() => Open(engine, path));

        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<AnnException>(() => Open(engine, path)).Message;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.StartsWith($"{path}: byte ", message, StringComparison.Ordinal);
        Assert.True(allocated < 1 << 20, $"{allocated} bytes");
    }

    [Fact]
    public async Task UsageIsRefused()
    {
        _folder.Write("old.bin", new HnswlibBytes { Vectors = Rows }.ToArray());
        string[] line = ["convert", "--from", "hnswlib", _folder["old.bin"], "--output", _folder["new.ann"]];
        (await ToolRun.RunAsync(line)).ExpectRefusal("--from hnswlib takes --dim N and --metric M too");
        (await ToolRun.RunAsync([.. line, "--dim", "4", "--metric", "l2"]))
            .ExpectRefusal("old.bin: byte 40: a node has 12 bytes of vector", "--dim 4 takes 16");
        (await ToolRun.RunAsync("convert", "--from", "usearch", _folder["old.bin"], "--output", _folder["new.ann"], "--dim", "3"))
            .ExpectRefusal("--dim and --metric are of --from hnswlib");
        (await ToolRun.RunAsync("convert", "--from", "usearch", _folder["old.bin"], _folder["new.npy"])).ExpectRefusal("--output FILE.ann");
        Assert.Equal(["old.bin"], _folder.Names());
    }

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b, static (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(static x => (double)x * x) * b.Sum(static x => (double)x * x));

    private static ForeignIndex Open(string engine, string path) => engine == "hnswlib"
        ? HnswlibFile.Open(PhysicalFileSystem.Instance, path, Dimension, Metric.L2)
        : UsearchFile.Open(PhysicalFileSystem.Instance, path);

    private byte[] Sound(string engine) => engine == "hnswlib"
        ? new HnswlibBytes { Vectors = Rows, Deleted = [2] }.ToArray()
        : File.ReadAllBytes(Usearch("sound.usearch", ScalarKind.Float32, MetricKind.L2sq, 23, removed: [102]));

    /// <summary>A file that USearch's own library writes.</summary>
    private string Usearch(string name, ScalarKind scalar, MetricKind metric, int count, ulong[] removed)
    {
        float[][] vectors = HnswNetBytes.Vectors(count, Dimension, Seed);
        using USearchIndex index = new(metric, scalar, Dimension, connectivity: 5, expansionAdd: 40);
        for (int i = 0; i < count; i++)
            index.Add(100 + (ulong)i, vectors[i]);
        foreach (ulong key in removed)
            index.Remove(key);
        index.Save(_folder[name]);
        return _folder[name];
    }
}
