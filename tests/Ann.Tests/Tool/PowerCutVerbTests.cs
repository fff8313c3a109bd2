using Ann.Tests.Files;
using Ann.Tests.Files.Formats;
using Ann.Tool;

namespace Ann.Tests.Tool;

/// <summary>
/// Goal: a verb that is killed at any moment leaves the old output or the new one. A power cut is more than that: what was not flushed is
/// lost too. What `ann encode` keeps of its parts is told by <c>ResumeTests</c>.
/// </summary>
public sealed class PowerCutVerbTests
{
    private const int MostCuts = 60;
    private const string Folder = "/w";

    /// <summary>Verbs that write, what they write, and their arguments.</summary>
    public static TheoryData<string, string> Writers => new()
    {
        { "/w/out.ann", "build --input /w/base.fbin --metric l2 --output /w/out.ann" },
        { "/w/truth.ibin", "eval --index /w/base.ann --queries /w/base.fbin --ef 16 --k 3 --write-truth /w/truth.ibin" },
        { "/w/true.ibin", "truth --base /w/base.fbin --queries /w/base.fbin --metric l2 --k 3 --output /w/true.ibin" },
        { "/w/out.npy", "convert /w/base.fbin /w/out.npy" },
        { "/w/out.arrow", "convert /w/base.fbin /w/out.arrow" },
        { "/w/keys.json", "keys create --api-keys /w/keys.json --name other --grant read:a" },
    };

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task ACutLeavesTheOldOrTheNew(string output, string line)
    {
        string[] args = line.Split(' ');
        Dictionary<string, byte[]> inputs = await InputsAsync();
        inputs.TryAdd(output, System.Text.Encoding.UTF8.GetBytes("what was there before"));
        byte[] old = inputs[output];
        SimulatedFileSystem whole = DiskOf(inputs);
        long before = whole.Operations;
        (await RunAsync(whole, args)).Expect(0);
        long operations = whole.Operations - before;
        Assert.NotEqual(old, whole.ReadAllBytes(output));

        long step = Math.Max(1, operations / MostCuts);
        int kept = 0;
        for (long cut = 1; cut <= operations; cut += step)
        {
            SimulatedFileSystem files = DiskOf(inputs);
            files.CrashAt(files.Operations + cut);
            ToolRun run = await RunAsync(files, args);
            Assert.True(files.HasCrashed && run.Code != 0, $"cut {cut} of {operations} was not noticed: {run.Error}");

            foreach (int seed in (int[])[0, 1, (int)cut + 1]) // all is lost, all is kept, or some
            {
                SimulatedFileSystem after = files.Recover(seed);
                if (after.ReadAllBytes(output).AsSpan().SequenceEqual(old))
                    kept++;
                else
                    (await RunAsync(after, CheckOf(output))).Expect(0);
            }
        }
        Assert.True(kept > 0, $"no cut of {operations} kept what was there");
    }

    /// <summary>Ctrl-C is that, or comes too late: there is an exit code for each, and nothing else is left behind.</summary>
    [Theory]
    [MemberData(nameof(Writers))]
    public async Task AnInterruptLeavesTheOldOrTheNew(string output, string line)
    {
        Dictionary<string, byte[]> inputs = await InputsAsync();
        inputs.TryAdd(output, System.Text.Encoding.UTF8.GetBytes("what was there before"));
        SimulatedFileSystem whole = DiskOf(inputs);
        long before = whole.Operations;
        (await RunAsync(whole, line.Split(' '))).Expect(0);
        long operations = whole.Operations - before;

        long step = Math.Max(1, operations / MostCuts);
        for (long at = 0; at <= operations; at += step)
        {
            using CancellationTokenSource interrupt = new();
            SimulatedFileSystem files = DiskOf(inputs);
            long left = at;
            files.Turn = () =>
            {
                if (left-- == 0)
                    interrupt.Cancel();
            };
            if (at == 0)
                await interrupt.CancelAsync();
            ToolRun run = await ToolRun.RunAsync(files, interrupt.Token, line.Split(' '));

            Assert.True(run.Code is ExitCodes.Done or ExitCodes.Cancelled, $"interrupted at {at} of {operations}: {run.Code}, {run.Error}");
            Assert.Equal(inputs.Keys.Order(StringComparer.Ordinal), files.AllFiles);
            if (run.Code == ExitCodes.Done || !files.ReadAllBytes(output).AsSpan().SequenceEqual(inputs[output]))
                (await RunAsync(files, CheckOf(output))).Expect(0);
        }
    }

    /// <summary>What finds an output whole.</summary>
    private static string[] CheckOf(string output) => Path.GetExtension(output) switch
    {
        ".ann" => ["verify", output],
        ".json" => ["keys", "list", "--api-keys", output],
        ".npy" or ".arrow" => ["convert", output, "/w/again.fbin"],
        _ => ["eval", "--index", "/w/base.ann", "--queries", "/w/base.fbin", "--ef", "16", "--k", "3", "--truth", output],
    };

    /// <summary>A disk on which these files are safe.</summary>
    private static SimulatedFileSystem DiskOf(IReadOnlyDictionary<string, byte[]> content)
    {
        SimulatedFileSystem files = new();
        files.CreateDirectory(Folder);
        foreach ((string path, byte[] bytes) in content)
            files.Put(path, bytes);
        files.FlushDirectory("/");
        return files;
    }

    private static async Task<Dictionary<string, byte[]>> InputsAsync()
    {
        using TemporaryFolder folder = new();
        SimulatedFileSystem files = new();
        files.CreateDirectory(Folder);
        files.Put("/w/base.fbin", await File.ReadAllBytesAsync(SampleVectors.Write(folder, "base.fbin", 40)));
        (await RunAsync(files, ["build", "--input", "/w/base.fbin", "--metric", "l2", "--output", "/w/base.ann"])).Expect(0);
        (await RunAsync(files, ["keys", "create", "--api-keys", "/w/keys.json", "--name", "first", "--grant", "read:a"])).Expect(0);
        return files.AllFiles.ToDictionary(static path => path, files.ReadAllBytes, StringComparer.Ordinal);
    }

    private static Task<ToolRun> RunAsync(SimulatedFileSystem files, string[] args) =>
        ToolRun.RunAsync(files, CancellationToken.None, args);
}
