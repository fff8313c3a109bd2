using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tests.Files.Formats;
using Ann.Tests.House;
using Ann.Tool.Formats;
using PureHDF;

namespace Ann.Tests.Tool.Formats;

/// <summary>Goal: there is one list of formats, which help, errors and documents have; and each is read as others write it.</summary>
public sealed class VectorFormatsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task HelpErrorsAndDocumentTellTheSameFormats()
    {
        Assert.Contains(VectorFormats.Table(), File.ReadAllText(Path.Combine(TidyTests.Root, "engine/docs/tools/formats.md")));
        foreach (string verb in (string[])["convert", "build", "import"])
        {
            string help = string.Concat((await ToolRun.RunAsync(verb, "--help")).Expect(0).Out.Where(static c => !char.IsWhiteSpace(c)));
            Assert.Contains(VectorFormats.Extensions.Replace(" ", "", StringComparison.Ordinal), help);
        }
        (await ToolRun.RunAsync("convert", _folder["a.xyz"], _folder["b.npy"]))
            .ExpectRefusal("'.xyz' names no format", VectorFormats.Extensions);
        (await ToolRun.RunAsync("convert", _folder["a.npy.gz"], _folder["b.npy"])).ExpectRefusal("'.gz' names no format"); // no text
        Assert.All(VectorFile.ReadExtensions, static extension => Assert.NotNull(VectorFormats.Find("x" + extension)));
    }

    [Theory]
    [InlineData("id,vector\n1,\"[1, 2.5]\"\n2,3;4\n3,5 -6\n", "1 2 3 | 1 2.5 3 4 5 -6")]
    [InlineData("v0,id,v1,other9\n1,a,2.5,x\n3,2,4,y\n", "a 2 | 1 2.5 3 4")]
    [InlineData("c2,c1\n2.5,1\n4,3\n", " | 1 2.5 3 4")]
    public void TablesHaveComponentsInAListOrInColumns(string table, string expected)
    {
        using VectorReader reader = VectorInput.Open(PhysicalFileSystem.Instance, _folder.Write("x.csv", table));
        float[] rows = TemporaryFolder.ReadAll(reader);
        string keys = reader.Keys is null ? "" : string.Join(' ', Enumerable.Range(0, reader.Keys.Count).Select(reader.Keys.Format));
        Assert.Equal(expected, keys + " | " + string.Join(' ', rows));
    }

    [Theory]
    [InlineData("id,vector\n1,\"[1,2]\"\n2,\"[1]\"\n", "line 3: expected a vector of 2 components, as in the first row; found 1.")]
    [InlineData("id,vector\n1,\"[1,x]\"\n", "line 2: component 1 is 'x'; expected a number.")]
    [InlineData("id,text\n1,a\n", "line 1: expected a column 'vector' (or columns v0, v1, … of components); found 'id', 'text'.")]
    [InlineData("id,vector\n", "it holds no rows.")]
    [InlineData("id,vector\n1,\"[1,2]\"\n2,\"[1,2]\n", "line 3: a quote is where none may be")]
    [InlineData("id,id\n", "line 1: column 'id' is there twice.")]
    public void TablesThatAreNoneAreRefused(string table, string expected)
    {
        string path = _folder.Write("x.csv", table);
        AnnException error = Assert.Throws<AnnException>(() =>
        {
            using VectorReader reader = VectorInput.Open(PhysicalFileSystem.Instance, path);
            TemporaryFolder.ReadAll(reader);
        });
        Assert.StartsWith($"{path}: {expected}", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The datasets of a file that another writer made, chunks and all.</summary>
    [Fact]
    public async Task DatasetsOfHdf5AreNamed()
    {
        float[,] train = { { 1, 0 }, { 0, 1 }, { 0.6f, 0.8f } };
        float[,] test = { { 1, 0.1f } };
        new H5File
        {
            ["train"] = new H5Dataset(train, chunks: [2, 2]),
            ["test"] = test,
            ["neighbors"] = new int[,] { { 0, 2 } },
            ["flat"] = new float[] { 1, 2 },
        }.Write(_folder["set.hdf5"]);

        Assert.Equal([1, 0, 0, 1, 0.6f, 0.8f], Read("set.hdf5"));
        Assert.Equal([1, 0.1f], Read("set.hdf5#test"));
        (await ToolRun.RunAsync("convert", _folder["set.hdf5#none"], _folder["b.npy"]))
            .ExpectRefusal("set.hdf5#none: dataset 'none': there is no such dataset; found 'train', 'test', 'neighbors', 'flat'");
        (await ToolRun.RunAsync("convert", _folder["set.hdf5#flat"], _folder["b.npy"])).ExpectRefusal("found 1 dimensions");
        (await ToolRun.RunAsync("convert", _folder["set.hdf5#neighbors"], _folder["b.npy"])).ExpectRefusal("dataset 'neighbors': expected");
        (await ToolRun.RunAsync("build", "--input", _folder["set.hdf5"], "--metric", "cosine", "--output", _folder["set.ann"])).Expect(0);
        ToolRun eval = await ToolRun.RunAsync(
            "eval", "--index", _folder["set.ann"], "--queries", _folder["set.hdf5#test"], "--truth", _folder["set.hdf5"], "--k", "2",
            "--json");
        Assert.Equal(1, eval.Expect(0).Json.GetProperty("runs")[0].GetProperty("recall").GetDouble());
    }

    [Fact]
    public async Task StandardInputNeedsAFormat()
    {
        string lines = "{\"id\":\"a\",\"vector\":[1,2]}\n{\"id\":\"b\",\"vector\":[3,4]}\n";
        Func<Stream> input = () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(lines));
        Ann.Tool.ToolContext tool = FormatRows.Tool with { OpenInput = input, TemporaryDirectory = _folder.Root };

        (await ToolRun.RunAsync(tool, default, "convert", "-", _folder["x.fbin"])).ExpectRefusal("--input-format names it");
        (await ToolRun.RunAsync(tool, default, "convert", "-", _folder["x.fbin"], "--input-format", "jsonl")).Expect(0);
        (await ToolRun.RunAsync(tool, default, "build", "--input", "-", "--input-format", "jsonl", "--metric", "l2",
            "--output", _folder["x.ann"])).Expect(0);

        Assert.Equal(["x.ann", "x.fbin", "x.fbin.keys.jsonl"], _folder.Names());
        Assert.Empty(Directory.GetDirectories(_folder.Root));
        Assert.Equal([1, 2, 3, 4], Read("x.fbin"));
    }

    [Theory]
    [InlineData("u8bin", "0.6", true)]
    [InlineData("i8bin", "-128.4", true)]
    [InlineData("i8bin", "-129", false)]
    [InlineData("u8bin", "-1", false)]
    [InlineData("f16bin", "0.1", true)]
    [InlineData("f16bin", "70000", false)]
    [InlineData("bvecs", "255.5", false)]
    public async Task TypesThatDoNotHoldAValueAreRefusedOrRound(string format, string value, bool rounds)
    {
        string input = _folder.Write("x.csv", $"id,vector\n7,\"[1,2]\"\n8,\"[3,{value}]\"\n");
        string output = _folder["x." + format];

        (await ToolRun.RunAsync("convert", input, output))
            .ExpectRefusal($"x.csv: line 3: component 1 is {value}, which {format}, ", "does not hold");
        Assert.False(File.Exists(output));
        ToolRun rounded = await ToolRun.RunAsync("convert", input, output, "--round", "--json");
        if (rounds)
            Assert.Equal(1, rounded.Expect(0).Json.GetProperty("rounded").GetInt32());
        else
            rounded.ExpectRefusal($"component 1 is {value}");
    }

    private float[] Read(string name)
    {
        using VectorReader reader = VectorInput.Open(PhysicalFileSystem.Instance, _folder[name]);
        return TemporaryFolder.ReadAll(reader);
    }
}
