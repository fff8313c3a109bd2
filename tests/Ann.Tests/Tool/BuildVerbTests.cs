using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;
using static Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool;

/// <summary>Goal: <c>ann build</c> makes the file that was asked for or names what is wrong, and never leaves half of one.</summary>
public sealed class BuildVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task QueriesThatAreGivenMeasureTheCertificate()
    {
        string input = SampleVectors.Write(_folder, "x.fbin", 400);
        string queries = SampleVectors.Write(_folder, "q.npy", 70, seed: 2);
        string[] build = ["build", "--input", input, "--metric", "l2", "--output", _folder["x.ann"], "--json"];

        ToolRun given = (await ToolRun.RunAsync([.. build, "--queries", queries])).Expect(0);
        ToolRun none = (await ToolRun.RunAsync(build)).Expect(0);

        JsonElement certificate = given.Json.GetProperty("certificate");
        Assert.Equal("queries", certificate.GetProperty("query_source").GetString());
        Assert.Equal("q.npy", certificate.GetProperty("query_file").GetString());
        Assert.InRange(certificate.GetProperty("queries").GetInt32(), 64, 70);
        Assert.Equal("rows", none.Json.GetProperty("certificate").GetProperty("query_source").GetString());
        Assert.False(none.Json.GetProperty("certificate").TryGetProperty("query_file", out _));
        string narrow = _folder.Write("narrow.fbin", TemporaryFolder.Bytes(1u, 2u), TemporaryFolder.Bytes(1f, 2f));
        (await ToolRun.RunAsync([.. build, "--queries", narrow])).ExpectRefusal("narrow.fbin: the queries have dimension 2");
    }

    [Fact]
    public async Task AnIndexIsBuiltAndDescribed()
    {
        string input = SampleVectors.Write(_folder, "x.fbin", 500);

        ToolRun run = (await Build(input, "--json", "--name", "things", "--codes", "f32", "--m", "8")).Expect(0);

        Assert.Equal(500, run.Json.GetProperty("rows").GetInt32());
        Assert.Equal("row numbers", run.Json.GetProperty("keys").GetString());
        Assert.Equal(new FileInfo(_folder["y.ann"]).Length, run.Json.GetProperty("bytes").GetInt64());
        Assert.Equal(500, run.Json.GetProperty("certificate").GetProperty("reachable").GetInt32());
        Assert.Equal(["x.fbin", "y.ann"], _folder.Names());

        JsonElement info = (await ToolRun.RunAsync("info", _folder["y.ann"], "--json")).Expect(0).Json;
        Assert.Equal("things", info.GetProperty("build").GetProperty("name").GetString());
        Assert.Equal("f32", info.GetProperty("build").GetProperty("codes").GetString());
        Assert.Equal(8, info.GetProperty("build").GetProperty("m").GetInt32());
        Assert.Equal(run.Json.GetProperty("generation").GetString(), info.GetProperty("generation").GetString());
        Assert.Contains("500 of 500", (await ToolRun.RunAsync("info", _folder["y.ann"])).Expect(0).Out);
    }

    /// <summary>One row a piece of noise: no walk of 256 finds all of the nearest of 3,000 in 200 dimensions.</summary>
    [Fact]
    public async Task AFileThatMissesTheFloorIsNotWritten()
    {
        Random random = new(7);
        float[] values = [.. Enumerable.Range(0, 3000 * 200).Select(_ => random.NextSingle() - 0.5f)];
        string input = _folder.Write("x.fbin", [.. Bytes(3000u, 200u), .. Bytes(values)]);

        ToolRun refused = (await Build(input, "--m", "4", "--ef-construction", "10", "--min-recall", "1")).Expect(1);
        Assert.Contains("at ef 256, below 1. ", refused.Error);
        Assert.Contains("y.ann is not written.", refused.Error);
        Assert.Equal(["x.fbin"], _folder.Names());

        ToolRun warned = (await Build(input, "--m", "4", "--ef-construction", "10")).Expect(0);
        Assert.Contains("ann: warning: recall@10 is 0.", warned.Error);
        Assert.Contains("Of the 10 nearest of sampled rows a walk finds 0.", warned.Out);
        ToolRun verified = (await ToolRun.RunAsync("verify", _folder["y.ann"])).Expect(0);
        Assert.Contains("ann: warning: recall@10 is 0.", verified.Error);
        Assert.Contains("Of the 10 nearest of sampled rows a walk finds 0.", verified.Out);
        Assert.Contains("  warning       recall@10 is 0.", (await ToolRun.RunAsync("info", _folder["y.ann"])).Expect(0).Out);
    }

    [Fact]
    public async Task KeysOfAJsonlFileAreKept()
    {
        string input = _folder.Write("x.jsonl", """
            {"id": "b", "vector": [1, 0]}
            {"id": "a", "vector": [0, 1]}
            """);

        (await Build(input)).Expect(0);

        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["y.ann"]);
        Assert.Equal(["b", "a"], [segment.Keys.Of(0).ToString(), segment.Keys.Of(1).ToString()]);
    }

    [Fact]
    public async Task KeysOfASidecarAreKept()
    {
        string input = _folder.Write("x.fbin", Bytes(2u, 1u), Bytes(1f, 2f));
        _folder.Write("x.fbin.keys.jsonl",
            "{\"key_type\":\"uint64\",\"rows\":2,\"dimension\":1,"
            + "\"encoder_fingerprint\":\"0011223344556677\",\"encoder_name\":\"mine\"}\n70\n71\n");

        ToolRun run = (await Build(input)).Expect(0);

        Assert.Contains("x.fbin.keys.jsonl", run.Error);
        using SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["y.ann"]);
        Assert.Equal([70ul, 71ul], [segment.Keys.Number(0), segment.Keys.Number(1)]);
        Assert.Equal("0011223344556677", segment.BuildRecord.EncoderFingerprint);
        Assert.Equal("mine", segment.BuildRecord.EncoderName);
    }

    /// <summary>Every third row of forty is zero: all are counted, ten named, and the others keep the numbers that they have.</summary>
    [Fact]
    public async Task AllZeroRowsAreToldOfAndCanBeLeftOut()
    {
        float[] rows = [.. Enumerable.Range(0, 40).SelectMany(static row => row % 3 == 0 ? [0f, -0f] : new[] { row, 1f })];
        string input = _folder.Write("x.fbin", Bytes(40u, 2u), Bytes(rows));
        const string Told = "14 of 40 rows are the zero vector, and cosine needs a direction: "
            + "row 0, row 3, row 6, row 9, row 12, row 15, row 18, row 21, row 24, row 27, ….";

        (await BuildWith(input, "cosine")).ExpectRefusal("x.fbin: " + Told, "--zero-rows skip");
        Assert.False(File.Exists(_folder["y.ann"]));
        ToolRun run = (await BuildWith(input, "cosine", "--zero-rows", "skip", "--json")).Expect(0);

        Assert.Contains(Told, run.Error);
        Assert.Equal((26, 14), (run.Json.GetProperty("rows").GetInt32(), run.Json.GetProperty("zero_rows_skipped").GetInt32()));
        using (SealedSegment segment = SealedSegment.Open(PhysicalFileSystem.Instance, _folder["y.ann"]))
        {
            ulong[] keys = [.. Enumerable.Range(0, 26).Select(segment.Keys.Number)];
            Assert.Equal(Enumerable.Range(0, 40).Where(static row => row % 3 != 0).Select(static row => (ulong)row), keys);
            Assert.All(
                Enumerable.Range(0, 26),
                node => Assert.Equal(keys[node], segment.Row(node)[0] / (double)segment.Row(node)[1], tolerance: 1e-4 * keys[node]));
        }

        ToolRun plain = await Build(input, "--json");
        Assert.Equal(40, plain.Expect(0).Json.GetProperty("rows").GetInt32()); // zero is a point like others
        (await BuildWith(_folder.Write("z.fbin", Bytes(1u, 2u), Bytes(0f, 0f)), "cosine", "--zero-rows", "skip"))
            .ExpectRefusal("z.fbin: 1 of 1 rows", "Nothing would be left");
    }

    [Theory]
    [InlineData("{\"key_type\":\"uint64\",\"rows\":3,\"dimension\":1}\n1\n2\n3\n", "describes 3 rows of dimension 1")]
    [InlineData("{\"key_type\":\"uint64\",\"rows\":2,\"dimension\":1,\"rows_hash\":\"00\"}\n1\n2\n", "belongs to other rows")]
    [InlineData("{\"key_type\":\"uint64\",\"rows\":2,\"dimension\":1,\"keys_inline\":true}\n", "keys are inline")]
    public async Task ASidecarOfOtherRowsIsRefused(string sidecar, string reason)
    {
        string input = _folder.Write("x.fbin", Bytes(2u, 1u), Bytes(1f, 2f));
        _folder.Write("x.fbin.keys.jsonl", sidecar);

        (await Build(input)).ExpectRefusal("x.fbin.keys.jsonl", reason);
        Assert.False(File.Exists(_folder["y.ann"]));
    }

    [Fact]
    public async Task BadInputNamesFilePlaceAndReason()
    {
        (await Build(_folder.Write("cut.fbin", Bytes(10u, 4u), Bytes(new float[14])))).ExpectRefusal("cut.fbin: row 3: the file ends");
        (await Build(Npy("<f4", fortran: true, Bytes(1f, 2f, 3f, 4f)))).ExpectRefusal("x.npy: header:", "np.ascontiguousarray");
        (await Build(_folder.Write("items.jsonl", "{\"id\": 1, \"vector\": [1]}\nnope\n"))).ExpectRefusal("items.jsonl: line 2: not JSON");
        (await Build(_folder.Write("d.jsonl", "{\"id\": 1, \"vector\": [1]}\n\n{\"id\": 1, \"vector\": [2]}\n")))
            .ExpectRefusal("d.jsonl: line 3: the key '1' is already the key of line 1");
        (await Build(_folder.Write("nan.fbin", Bytes(2u, 2u), Bytes(1f, 2f, float.NaN, 1f)))).ExpectRefusal("nan.fbin: row 1", "NaN");
        (await Build(_folder.Write("zero.fbin", Bytes(2u, 2u), Bytes(1f, 2f, 0f, 0f)), "--metric", "cosine")).ExpectRefusal("--metric");
        (await Build(_folder["absent.fbin"])).ExpectRefusal("absent.fbin: no such file");
        (await Build(_folder.Root)).ExpectRefusal("no extension");
        Assert.DoesNotContain(_folder.Names(), name => name.Contains("y.ann", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AZeroRowUnderCosineNamesItsLine()
    {
        string input = _folder.Write("x.jsonl", "{\"id\": 1, \"vector\": [1]}\n\n{\"id\": 2, \"vector\": [0]}\n");

        (await ToolRun.RunAsync("build", "--input", input, "--metric", "cosine", "--output", _folder["y.ann"]))
            .ExpectRefusal("x.jsonl: 1 of 2 rows are the zero vector", "line 3 (key 2)");
    }

    [Fact]
    public async Task Float64IsConvertedWithANotice()
    {
        ToolRun run = (await Build(Npy("<f8", fortran: false, Bytes(1.0, 2, 3, 4)))).Expect(0);

        Assert.Contains("float64 is converted to float32", run.Error);
    }

    [Fact]
    public async Task BadUsageIsRefusedBeforeAnythingIsRead()
    {
        string input = SampleVectors.Write(_folder, "x.fbin", 10);

        (await ToolRun.RunAsync("build", "--input", input, "--output", _folder["y.ann"])).ExpectRefusal("ann build:", "--metric");
        (await ToolRun.RunAsync("build", "--input", input, "--metric", "l3", "--output", _folder["y.ann"])).ExpectRefusal("cosine, l2, ip");
        (await Build(input, "--m", "1")).ExpectRefusal("--m is 1; it must be 2 to 128");
        (await Build(input, "--m", "many")).ExpectRefusal("--m is many");
        (await Build(input, "--codes", "int3")).ExpectRefusal("int8, f32");
        (await Build(input, "--nonsense")).ExpectRefusal("--nonsense");
        (await ToolRun.RunAsync("build", "--input", input, "--metric", "l2", "--output", _folder["y.index"]))
            .ExpectRefusal("extension .ann");
        (await ToolRun.RunAsync("build", "--input", input, "--metric", "l2", "--output", _folder["no/such/y.ann"]))
            .ExpectRefusal("y.ann: cannot be written: there is no directory");
        (await ToolRun.RunAsync("frobnicate")).ExpectRefusal("frobnicate");
        (await ToolRun.RunAsync()).ExpectRefusal("--help");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5_000)]
    [InlineData(60_000)]
    public async Task AFullDiskLeavesTheOldFileAsItWas(int freeBytes)
    {
        string input = SampleVectors.Write(_folder, "x.fbin", 500);
        _folder.Write("y.ann", "the old content");

        ToolRun run = await ToolRun.RunAsync(
            new FaultyFileSystem(freeBytes), CancellationToken.None,
            "build", "--input", input, "--metric", "l2", "--output", _folder["y.ann"]);

        run.ExpectRefusal($"{_folder["y.ann"]}: cannot be written: No space left on device");
        Assert.Equal("the old content", File.ReadAllText(_folder["y.ann"]));
        Assert.Equal(["x.fbin", "y.ann"], _folder.Names());
    }

    [Fact]
    public async Task AFullDeviceIsNamed()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full on this system");
        string input = SampleVectors.Write(_folder, "x.fbin", 500);

        (await ToolRun.RunAsync("build", "--input", input, "--metric", "l2", "--output", "/dev/full"))
            .ExpectRefusal("/dev/full: cannot be written: No space left on device");
    }

    [Fact]
    public async Task ACancelledBuildLeavesNothing()
    {
        string input = SampleVectors.Write(_folder, "x.fbin", 500);
        using CancellationTokenSource stop = new();
        FaultyFileSystem files = new(long.MaxValue) { Writing = stop.Cancel };

        ToolRun run = await ToolRun.RunAsync(files, stop.Token, "build", "--input", input, "--metric", "l2", "--output", _folder["y.ann"]);

        run.Expect(130);
        Assert.Equal("", run.Out);
        Assert.Equal(["x.fbin"], _folder.Names());
    }

    [Fact]
    public async Task ABuildCancelledBeforeItBeginsLeavesNothing()
    {
        string input = SampleVectors.Write(_folder, "x.fbin", 500);

        ToolRun run = await ToolRun.RunAsync(
            PhysicalFileSystem.Instance, new CancellationToken(canceled: true),
            "build", "--input", input, "--metric", "l2", "--output", _folder["y.ann"]);

        run.Expect(130);
        Assert.Equal(["x.fbin"], _folder.Names());
    }

    private Task<ToolRun> Build(string input, params string[] more) => BuildWith(input, "l2", more);

    private Task<ToolRun> BuildWith(string input, string metric, params string[] more) =>
        ToolRun.RunAsync(["build", "--input", input, "--metric", metric, "--output", _folder["y.ann"], .. more]);

    private string Npy(string descr, bool fortran, byte[] data)
    {
        string header = $"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 2), }}\n";
        byte[] text = System.Text.Encoding.ASCII.GetBytes(header);
        return _folder.Write("x.npy", [0x93, .. "NUMPY"u8, 1, 0], Bytes((ushort)text.Length), text, data);
    }
}
