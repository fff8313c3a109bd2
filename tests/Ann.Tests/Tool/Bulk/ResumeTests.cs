using System.Diagnostics;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Tests.Tool.Items;
using Ann.Tool;
using Ann.Tool.Bulk;
using Ann.Tool.Items;
using Ann.Tool.Verbs;
using TemporaryFolder = Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool.Bulk;

/// <summary>Goal: an encoding that ended anywhere goes on, and its files are those of one that did not end, byte by byte.</summary>
public sealed class ResumeTests : IDisposable
{
    private const int Items = 83;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Ended by Ctrl-C, and as a killed process leaves things: what was on the disk at some write, and again.</summary>
    [Theory]
    [InlineData("x.npy")]
    [InlineData("x.jsonl")]
    [InlineData("x.parquet")]
    public void AnyEndLeavesWhatGoesOn(string output)
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        string input = WriteItems("in.csv");
        EncodeRequest request = Request(input, output) with { EmptyTexts = EmptyTextPolicy.Skip };
        Dictionary<string, byte[]> whole = EncodeWhole(request);
        int writes = 0;
        Encode(request with { Output = _folder["count/" + output] }, new FaultyFileSystem(long.MaxValue) { Writing = () => writes++ });

        for (int round = 0; round < 6; round++)
        {
            bool isKilled = round % 2 == 0;
            string folder = _folder[$"round{round}"];
            Directory.CreateDirectory(folder);
            EncodeRequest ended = request with { Output = Path.Combine(folder, output) };
            int ends = 0;
            for (bool isDone = false; !isDone; ends++)
            {
                int left = random.Next(1, Math.Max(2, writes / 2));
                using CancellationTokenSource stop = new();
                FaultyFileSystem files = new(long.MaxValue)
                {
                    Writing = () =>
                    {
                        if (--left != 0)
                            return;
                        if (isKilled)
                            CopyTo(folder, folder + "-killed");
                        stop.Cancel();
                    },
                };
                try
                {
                    Encode(ended with { Resumes = true }, files, stop.Token);
                    isDone = left > 0; // what a kill left behind is gone on with, though this run came to its end
                }
                catch (OperationCanceledException)
                {
                    // as wanted
                }
                if (isKilled && left <= 0)
                {
                    Directory.Delete(folder, recursive: true);
                    Directory.Move(folder + "-killed", folder);
                }
                else if (left <= 0)
                {
                    isDone = File.Exists(ended.Output);
                }
                Assert.True(ends < 300, $"seed {seed}, round {round}: it does not come to its end");
            }
            Dictionary<string, byte[]> found = FilesOf(folder);
            Assert.True(
                whole.Keys.Order().SequenceEqual(found.Keys.Order()),
                $"seed {seed}, round {round}: {string.Join(", ", found.Keys.Order())}");
            foreach ((string name, byte[] content) in whole)
                Assert.True(content.AsSpan().SequenceEqual(found[name]), $"seed {seed}, round {round} after {ends} ends: {name} differs");
        }
    }

    [Fact]
    public async Task WhatDiffersIsRefused()
    {
        string input = WriteItems("in.csv");
        EncodeRequest request = Request(input, "x.npy") with { EmptyTexts = EmptyTextPolicy.Skip };
        EndEarly(request);
        string[] left = ["in.csv", "x.npy.part", "x.npy.part.attributes", "x.npy.part.json", "x.npy.part.keys"];
        Assert.Equal(left, _folder.Names());

        using (PhysicalFileSystem.Instance.Lock(_folder["x.npy.part.lock"]))
            Assert.Contains("x.npy: cannot be written: another process has taken", Refusal(request with { Resumes = true }));
        Assert.Contains("rows of an encoding that did not end. --resume goes on with it; remove", Refusal(request));
        Assert.Contains(
            "x.npy.part: it was begun otherwise: --empty was 'skip' and is 'keep'. --resume goes on with the same alone",
            Refusal(request with { Resumes = true, EmptyTexts = EmptyTextPolicy.Keep }));
        Assert.Contains("block was '5 rows", Refusal(request with { Resumes = true, Block = new BlockLimits(6, 1000) }));
        string minor = WriteItems("other.csv", first: "another text");
        Assert.Contains(
            "items are not those that were encoded before; found others.",
            Refusal(request with { Resumes = true, Input = minor }));
        Assert.Contains(
            "items are not those that were encoded before; found 3 items.",
            Refusal(request with { Resumes = true, Input = WriteItems("short.csv", count: 3) }));
        File.WriteAllText(_folder["x.npy.part.keys"], "short");
        Assert.Contains("x.npy.part.keys: it holds 5 bytes; expected", Refusal(request with { Resumes = true }));
        File.WriteAllText(_folder["x.npy.part.json"], "{}");
        Assert.Contains("x.npy.part.json: it is no journal", Refusal(request with { Resumes = true }));

        File.Delete(_folder["x.npy.part.json"]);
        (await ToolRun.RunAsync("encode", "--input", input, "--output", _folder["x.npy"], "--empty", "skip", "--resume")).Expect(0);
        Assert.Equal(["in.csv", "other.csv", "short.csv", "x.npy", "x.npy.keys.jsonl", "x.npy.part.attributes"], _folder.Names());
    }

    [Fact]
    public void ARowThatIsWrongLaterMayBeMended()
    {
        byte[] Input(string last) => System.Text.Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Range(0, 9).Select(static i => $"{{\"id\":{i},\"text\":\"item {i}\"}}\n")) + last);
        EncodeRequest request = Request("-", "x.npy") with { Format = ItemFormat.Jsonl, Attributes = null };
        ToolContext World(string last) => ItemReaderTests.World(Input(last));

        Assert.Contains("standard input: line 10: not JSON", Assert.Throws<AnnException>(
            () => EncodeVerb.RunTexts(World("{oops"), request with { Block = new BlockLimits(1, 100) }, default)).Message);
        int kept = _folder.Names().Length;
        EncodeVerb.RunTexts(
            World("{\"id\":9,\"text\":\"mended\"}"), request with { Block = new BlockLimits(1, 100), Resumes = true }, default);

        Assert.InRange(kept, 0, 3); // nothing where no block was durable before the wrong line was seen
        Assert.Equal(11, File.ReadAllLines(_folder["x.npy.keys.jsonl"]).Length);
    }

    [Fact]
    public async Task AKilledProcessIsGoneOnWith()
    {
        string[] line =
        [
            "encode", "--input", "-", "--format", "jsonl", "--output", _folder["x.fbin"], "--checkpoint", "0", "--providers", "cpu",
        ];
        // A block is full at 8,388,608 characters of texts: few items of many make one quickly.
        string filler = string.Concat(Enumerable.Repeat("- ", 500_000));
        string[] lines = [.. Enumerable.Range(0, 12).Select(i => $"{{\"id\":{i},\"text\":\"item {i} {filler}\"}}\n")];
        ProcessStartInfo start = new("dotnet") { RedirectStandardInput = true, RedirectStandardError = true };
        foreach (string word in (string[])[Path.Combine(AppContext.BaseDirectory, "ann.dll"), .. line])
            start.ArgumentList.Add(word);
        start.Environment["ANN_CACHE_DIR"] = ToolRun.CacheDirectory;
        using (Process process = Process.Start(start)!)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            foreach (string text in lines)
                await process.StandardInput.WriteAsync(text);
            await process.StandardInput.FlushAsync();
            while (!File.Exists(_folder["x.fbin.part.json"]) && !process.HasExited)
                await Task.Yield();
            Assert.False(process.HasExited, process.HasExited ? await errors : "");
            process.Kill();
            await process.WaitForExitAsync();
        }

        ToolContext world = ItemReaderTests.World(System.Text.Encoding.UTF8.GetBytes(string.Concat(lines)));
        ToolRun resumed = (await ToolRun.RunAsync(world, default, [.. line, "--resume", "--json"])).Expect(0);
        byte[] found = File.ReadAllBytes(_folder["x.fbin"]);
        File.Delete(_folder["x.fbin"]);
        (await ToolRun.RunAsync(world, default, line)).Expect(0);

        Assert.InRange(resumed.Json.GetProperty("resumed_rows").GetInt32(), 1, 11);
        Assert.Equal(12, resumed.Json.GetProperty("rows").GetInt32());
        Assert.Equal(File.ReadAllBytes(_folder["x.fbin"]), found);
    }

    private static void Encode(EncodeRequest request, FaultyFileSystem? files = null, CancellationToken cancellation = default)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(request.Output)!);
        ToolContext tool = ItemReaderTests.World();
        EncodeVerb.RunTexts(files is null ? tool : tool with { Files = files }, request, cancellation);
    }

    private static string Refusal(EncodeRequest request) => Assert.Throws<AnnException>(() => Encode(request)).Message;

    private static Dictionary<string, byte[]> FilesOf(string folder) =>
        Directory.GetFiles(folder).ToDictionary(static file => Path.GetFileName(file), File.ReadAllBytes);

    private static void CopyTo(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from).Where(static file => !file.EndsWith(".lock", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }

    private Dictionary<string, byte[]> EncodeWhole(EncodeRequest request)
    {
        string folder = _folder["whole"];
        Encode(request with { Output = Path.Combine(folder, Path.GetFileName(request.Output)) });
        return FilesOf(folder);
    }

    /// <summary>Ends after the first block.</summary>
    private static void EndEarly(EncodeRequest request)
    {
        using CancellationTokenSource stop = new();
        FaultyFileSystem files = new(long.MaxValue)
        {
            Writing = () =>
            {
                if (File.Exists(request.Output + ".part.json"))
                    stop.Cancel();
            },
        };
        Assert.ThrowsAny<OperationCanceledException>(() => Encode(request, files, stop.Token));
    }

    private EncodeRequest Request(string input, string output) => new()
    {
        Input = input,
        Output = _folder[output],
        Options = BulkEncodingTests.Cpu,
        Attributes = new AttributeSchema([new("price", AttributeType.Double), new("tags", AttributeType.KeywordSet)]),
        Block = new BlockLimits(5, 1_000),
        Checkpoint = TimeSpan.Zero,
    };

    private string WriteItems(string name, int count = Items, string first = "item 0") => _folder.Write(name,
        "id,text,price,tags\n" + string.Concat(Enumerable.Range(0, count).Select(i =>
            $"k{i},{(i == 0 ? first : i % 11 == 10 ? "!" : $"item {i} of {i * i}")},"
            + $"{(i % 3 == 0 ? "" : $"{i}.5")},{(i % 4 == 0 ? "" : $"t{i % 5}|u")}\n")));
}
