using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Tool;

/// <summary>
/// Goal: <c>ann convert</c> makes of another engine's index one of ours, of the same items, metric and parameters, or names what is
/// wrong.
/// </summary>
public sealed class ConvertVerbTests : IDisposable
{
    private const int Seed = 3;
    private const int Count = 120;

    private static readonly float[][] Rows = HnswNetBytes.Vectors(Count, 12, Seed);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Each item that is not deleted is there under its id, with its vector; under cosine that has length 1.</summary>
    [Theory]
    [InlineData(0, "cosine")]
    [InlineData(1, "l2")]
    [InlineData(2, "ip")]
    public async Task ItemsMetricAndParametersAreTakenOver(int number, string metric)
    {
        int[] deleted = [0, 17, 18, Count - 1];
        Write(new HnswNetBytes { Metric = number, M = 7, EfConstruction = 33, Ef = 44, Nodes = HnswNetBytes.Ring(Rows, deleted) });

        JsonElement report = (await Run("--json")).Expect(0).Json;

        Assert.Equal("hnsw.net", report.GetProperty("from").GetString());
        Assert.Equal(4, report.GetProperty("format_version").GetInt32());
        Assert.Equal(Count, report.GetProperty("nodes").GetInt32());
        Assert.Equal(deleted.Length, report.GetProperty("deleted_skipped").GetInt32());
        Assert.Equal(44, report.GetProperty("source_ef").GetInt32());
        JsonElement build = report.GetProperty("build");
        Assert.Equal((metric, Count - deleted.Length), (build.GetProperty("metric").GetString(), build.GetProperty("rows").GetInt32()));
        Assert.Equal(Count - deleted.Length, build.GetProperty("certificate").GetProperty("reachable").GetInt32());

        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["new.ann"]);
        Assert.Equal((7, 33, "old.hnsw"), (segment.BuildRecord.M, segment.BuildRecord.EfConstruction, segment.BuildRecord.Source));
        int[] living = [.. Enumerable.Range(0, Count).Except(deleted)];
        Assert.Equal(living.Select(static node => 100ul + (ulong)node), Enumerable.Range(0, segment.Count).Select(segment.Keys.Number));
        for (int node = 0; node < living.Length; node++)
        {
            float[] expected = Rows[living[node]];
            double norm = metric == "cosine" ? Math.Sqrt(expected.Sum(static x => (double)x * x)) : 1;
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i] / norm, segment.Row(node)[i], tolerance: 1e-6);
        }
    }

    [Fact]
    public async Task APersonIsToldWhatBecameOfTheFile()
    {
        Write(new HnswNetBytes { M = 7, EfConstruction = 33, Ef = 44, Nodes = HnswNetBytes.Ring(Rows, 3) });

        ToolRun run = (await Run()).Expect(0);

        Assert.Contains("old.hnsw: hnsw.net, format 4, 120 nodes, 1 deleted left out; M 7, efConstruction 33, ef 44", run.Out);
        Assert.Contains("new.ann: 119 items of dimension 12, l2, codes", run.Out);
        Assert.Contains("reachable 119 of 119", run.Out);
    }

    /// <summary>What is given counts; a width of the file that an M which is given does not allow becomes that.</summary>
    [Fact]
    public async Task TheOptionsOfABuildAreThoseOfBuild()
    {
        Write(new HnswNetBytes { M = 300, EfConstruction = 5000, Nodes = HnswNetBytes.Ring(Rows) });
        Assert.Contains("M is 300 and efConstruction 5000; 128 and 4096 are taken", (await Run()).Expect(0).Error);

        Write(new HnswNetBytes { M = 7, EfConstruction = 33, Nodes = HnswNetBytes.Ring(Rows) });
        (await Run("--m", "40", "--codes", "f32", "--name", "moved", "--threads", "1")).Expect(0);
        using (SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["new.ann"]))
        {
            Assert.Equal((40, 40), (segment.BuildRecord.M, segment.BuildRecord.EfConstruction));
            Assert.Equal(("f32", "moved"), (segment.BuildRecord.Codes, segment.BuildRecord.Name));
        }
        (await Run("--m", "40", "--ef-construction", "39")).ExpectRefusal("efConstruction is 39");
        (await Run("--m", "1")).ExpectRefusal("--m is 1; it must be 2 to 128");
    }

    /// <summary>The graph is that of <c>ann build</c> of the same rows, on any number of threads.</summary>
    [Fact]
    public async Task TheGraphIsThatOfABuild()
    {
        Write(new HnswNetBytes { Nodes = HnswNetBytes.Ring(Rows) });
        float[] all = [.. Rows.SelectMany(static row => row)];
        string input = _folder.Write("x.fbin", TemporaryFolder.Bytes((uint)Count, 12u), TemporaryFolder.Bytes(all));
        (await ToolRun.RunAsync("build", "--input", input, "--metric", "l2", "--output", _folder["built.ann"])).Expect(0);

        string one = (await Run("--threads", "1", "--json")).Expect(0).Json.GetProperty("build").GetProperty("generation").GetString()!;
        string four = (await Run("--threads", "4", "--json")).Expect(0).Json.GetProperty("build").GetProperty("generation").GetString()!;

        Assert.Equal(one, four);
        using SealedSegment moved = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["new.ann"]);
        using SealedSegment built = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["built.ann"]);
        foreach (float[] query in HnswNetBytes.Vectors(20, 12, Seed + 1))
            Assert.Equal(Answers(built, query), Answers(moved, query));
    }

    [Fact]
    public async Task NegativeIdsAreNamedOrWrapped()
    {
        HnswNetNode[] nodes = HnswNetBytes.Ring(Rows, 2);
        nodes[2] = nodes[2] with { Id = -5 }; // deleted: it does not count
        nodes[3] = nodes[3] with { Id = -1 };
        nodes[9] = nodes[9] with { Id = long.MinValue };
        Write(new HnswNetBytes { Nodes = nodes });

        (await Run()).ExpectRefusal(
            "old.hnsw: 2 of 119 ids are negative, and keys are 0 to 2^64 - 1: -1 (node 3), -9223372036854775808 (node 9). ",
            "--negative-ids wrap");
        Assert.False(File.Exists(_folder["new.ann"]));
        ToolRun run = (await Run("--negative-ids", "wrap")).Expect(0);

        Assert.Contains("2 negative ids have become keys", run.Out);
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["new.ann"]);
        Assert.Equal([ulong.MaxValue, 1ul << 63], [segment.Keys.Number(2), segment.Keys.Number(8)]);
    }

    [Fact]
    public async Task BadItemsAreRefusedByNode()
    {
        HnswNetNode[] nodes = HnswNetBytes.Ring(Rows, 1, 2);
        Write(new HnswNetBytes { Nodes = With(nodes, 5, nodes[5] with { Id = 107 }) });
        (await Run()).ExpectRefusal("old.hnsw: node 7: the key '107' is already the key of node 5");

        Write(new HnswNetBytes { Nodes = With(nodes, 2, nodes[2] with { Id = 107 }) });
        (await Run()).Expect(0); // of a deleted one nothing is taken

        Write(new HnswNetBytes { Nodes = With(nodes, 6, nodes[6] with { Vector = [float.NaN, .. Rows[6][1..]] }) });
        (await Run()).ExpectRefusal("old.hnsw: node 6: row 4, component 0 is NaN");

        Write(new HnswNetBytes { Metric = 0, Nodes = With(nodes, 6, nodes[6] with { Vector = new float[12] }) });
        (await Run()).ExpectRefusal("old.hnsw: 1 of 118 rows are the zero vector", "node 6 (key 106)", "--zero-rows skip");
        Assert.Equal(117, (await Run("--zero-rows", "skip", "--json")).Expect(0).Json.GetProperty("build").GetProperty("rows").GetInt32());
    }

    [Fact]
    public async Task BadFilesAndUsageLeaveTheOldFile()
    {
        _folder.Write("new.ann", "the old content");
        _folder.Write("old.hnsw", "HSW1"u8.ToArray(), TemporaryFolder.Bytes(3));
        (await Run()).ExpectRefusal("old.hnsw: byte 4: the format has version 3");
        Write(new HnswNetBytes { Nodes = HnswNetBytes.Ring(Rows) });
        (await ToolRun.RunAsync("convert", _folder["old.hnsw"], "--output", _folder["new.ann"])).ExpectRefusal("ann convert:", "--from");
        (await ToolRun.RunAsync("convert", "--from", "faiss", _folder["old.hnsw"], "--output", _folder["new.ann"]))
            .ExpectRefusal("--from is 'faiss'; it must be one of hnsw.net");
        (await ToolRun.RunAsync("convert", "--from", "hnsw.net", _folder["none.hnsw"], "--output", _folder["new.ann"]))
            .ExpectRefusal("none.hnsw: no such file");
        (await ToolRun.RunAsync("convert", "--from", "hnsw.net", _folder["old.hnsw"], "--output", _folder["new.npy"]))
            .ExpectRefusal("new.npy: expected the extension .ann");

        Assert.Equal("the old content", File.ReadAllText(_folder["new.ann"]));
        Assert.Equal(["new.ann", "old.hnsw"], _folder.Names());
    }

    private static HnswNetNode[] With(HnswNetNode[] nodes, int node, HnswNetNode other) =>
        [.. nodes[..node], other, .. nodes[(node + 1)..]];

    private static int[] Answers(SealedSegment segment, float[] query)
    {
        Neighbor[] found = new Neighbor[10];
        int count = segment.Search(query, new SearchParameters(10, 20), SearchBudget.Unlimited, found, out _);
        return [.. found[..count].Select(static one => one.Node)];
    }

    private void Write(HnswNetBytes content) => _folder.Write("old.hnsw", content.ToArray());

    private Task<ToolRun> Run(params string[] more) =>
        ToolRun.RunAsync(["convert", "--from", "hnsw.net", _folder["old.hnsw"], "--output", _folder["new.ann"], .. more]);
}
