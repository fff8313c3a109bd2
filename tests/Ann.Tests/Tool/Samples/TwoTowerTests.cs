using System.Text.Json;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Encoding;
using Ann.Protocol.V1;
using Ann.Tests.Encoding;
using Ann.Tests.Files;
using Ann.Tests.Tool.Pages;
using Ann.Tool;
using Ann.Tool.Samples;
using Grpc.Net.Client;
using TemporaryFolder = Ann.Tests.Files.Formats.TemporaryFolder;

namespace Ann.Tests.Tool.Samples;

/// <summary>
/// Goal: <c>ann sample two-tower</c> goes from ratings to towers that other verbs take, and beats popularity; or it leaves nothing.
/// </summary>
public sealed class TwoTowerTests(TwoTowerTests.Made made) : IClassFixture<TwoTowerTests.Made>
{
    private const int Factors = 8;
    private const double Regularization = 0.5, Confidence = 6;

    private static readonly string[] Settings =
        ["--factors", "8", "--iterations", "8", "--regularization", "0.5", "--confidence", "6", "--k", "5", "--ef", "8,32", "--seed", "3"];

    [Fact]
    public async Task ItBeatsPopularityAndSaysSoInFigures()
    {
        JsonElement json = made.Run.Json;
        JsonElement[] answers = [.. json.GetProperty("evaluation").GetProperty("answers").EnumerateArray()];

        Assert.Equal(
            ["exact", "ann ef 8", "ann ef 32", "popularity"], answers.Select(static one => one.GetProperty("answers").GetString()));
        foreach (string figure in (string[])["hit_rate", "ndcg", "mrr", "coverage"])
            Assert.True(answers[0].GetProperty(figure).GetDouble() > 1.5 * answers[3].GetProperty(figure).GetDouble(), figure);
        Assert.True(json.GetProperty("beats_popularity").GetBoolean());
        Assert.True(json.GetProperty("over_popularity").GetProperty("low").GetDouble() > 0);
        Assert.Contains("A sample", json.GetProperty("note").GetString(), StringComparison.Ordinal);
        Assert.Equal(BlockRatings.Users, json.GetProperty("held_out_events").GetInt32());
        string page = File.ReadAllText(made.Folder["page.html"]);
        foreach (string series in (string[])["exact", "ann ef 32", "popularity"])
            Assert.Contains($"data-series='{series}'", page, StringComparison.Ordinal);
        Assert.DoesNotContain(".partial", made.Run.Out, StringComparison.Ordinal);
        await PageInBrowser.RequireSoundAsync("sample two-tower", made.Folder["page.html"], 12);
    }

    [Fact]
    public async Task EvalFindsTheSameInWhatItLeft()
    {
        ToolRun eval = (await ToolRun.RunAsync(
            "eval", "--index", made[TwoTowerBuild.Index], "--queries", made[TwoTowerBuild.Users], "--interactions",
            made[TwoTowerBuild.HeldOut], "--seen", made[TwoTowerBuild.Training], "--k", "5", "--ef", "8,32", "--seed", "3", "--json"))
            .Expect(0);

        Assert.True(JsonElement.DeepEquals(made.Run.Json.GetProperty("evaluation"), eval.Json), eval.Out);
    }

    /// <summary>The factors of a user by elimination, in the test's own words, from the items' vectors and his history alone.</summary>
    [Fact]
    public void TheTowersGiveTheFactors()
    {
        float[][] items = Rows(made[TwoTowerBuild.Items]);
        float[][] users = Rows(made[TwoTowerBuild.Users]);
        using IntegerReader numbers = VectorFile.OpenIntegers(PhysicalFileSystem.Instance, made[TwoTowerBuild.Histories]);
        long[] histories = new long[numbers.Count * numbers.Columns];
        numbers.ReadRows(histories);
        using FeatureEncoder itemTower = FeatureEncoder.Open(made[TwoTowerBuild.ItemTower], DefaultEncoderTests.Cpu);
        using FeatureEncoder userTower = FeatureEncoder.Open(made[TwoTowerBuild.UserTower], DefaultEncoderTests.Cpu);

        long[] all = [.. Enumerable.Range(1, items.Length).Select(static i => (long)i)];
        Assert.Equal(items.SelectMany(static row => row), Encode(itemTower, 1, all));
        for (int user = 0; user < users.Length; user++)
        {
            long[] history = histories[(user * numbers.Columns)..((user + 1) * numbers.Columns)];
            int[] taken = [.. history.Where(static item => item > 0).Select(static item => (int)item - 1)];
            double[] expected = Solve(items, taken);
            double length = Math.Sqrt(expected.Sum(static x => x * x));
            Assert.All(expected.Zip(users[user]), pair => Assert.Equal(pair.First, pair.Second, 1e-4 * length));
        }
        Assert.True(made.Run.Json.GetProperty("tower_difference").GetDouble() < 1e-4);

        // Padding, wherever it is and however it is written, is nothing; neither is a history without items.
        float[] one = Encode(userTower, 3, [7, 2, 9]);
        float[] padded = Encode(userTower, 6, [0, 9, 0, 7, -1, 2]);
        Assert.All(one.Zip(padded), static pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(Encode(userTower, 2, [0, 0]), static x => Assert.Equal(0f, x));
    }

    [Fact]
    public async Task ASeedIsAResultWhateverTheThreads()
    {
        using TemporaryFolder folder = new();
        string ratings = folder.Write("ratings.csv", BlockRatings.Text("ratings.csv", BlockRatings.Make(seed: 7)));
        string output = folder["out"];
        Dictionary<string, byte[]>? first = null;
        foreach (string threads in (string[])["1", "3"])
        {
            (await ToolRun.RunAsync(["sample", "two-tower", ratings, "--output", output, .. Settings, "--threads", threads])).Expect(0);
            Dictionary<string, byte[]> files = DirectoryTree.Files(PhysicalFileSystem.Instance, output)
                .ToDictionary(static name => name, name => File.ReadAllBytes(Path.Combine(output, name)));
            Directory.Delete(output, recursive: true);
            if (first is not null)
                Assert.All(files, file => Assert.True(file.Value.AsSpan().SequenceEqual(first[file.Key]), file.Key));
            first = files;
        }
        Assert.Equal(17, first!.Count);
    }

    [Fact]
    public async Task AReleaseAndAServerTakeTheTowersAsTheyAre()
    {
        string release = made.Folder["shop.release"];
        (await ToolRun.RunAsync(
            "release", "build", made[TwoTowerBuild.ItemNumbers], "--encoder", made[TwoTowerBuild.ItemTower], "--query-encoder",
            made[TwoTowerBuild.UserTower], "--queries", made[TwoTowerBuild.Histories], "--metric", "ip", "--providers", "cpu", "--output",
            release)).Expect(0);
        (await ToolRun.RunAsync("release", "verify", release, "--providers", "cpu")).Expect(0);
        await using Serving server = await Serving.StartAsync(release);
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address);

        // Two people whom nobody trained on: items of the first block, and of the second.
        SearchResponse found = await new Retrieval.RetrievalClient(channel).SearchAsync(new SearchRequest
        {
            Index = "shop",
            K = 5,
            Features = new FeatureBatch { Columns = 3, Ids = { ((string[])["1", "5", "9", "2", "6", "10"]).Select(Number) } },
        }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(10, found.Keys.Numbers.Count);
        Assert.True(found.Keys.Numbers.Take(5).Count(static key => key % 4 == 1) >= 4);
        Assert.True(found.Keys.Numbers.Skip(5).Count(static key => key % 4 == 2) >= 4);

        long Number(string key) => Array.IndexOf(made.ItemKeys, key) + 1;
    }

    [Fact]
    public async Task WhatFailsLeavesNothing()
    {
        using TemporaryFolder folder = new();
        string ratings = folder.Write("u.data", BlockRatings.Text("u.data", BlockRatings.Make(seed: 7)));
        string[] line = ["sample", "two-tower", ratings, "--output", folder["out"], .. Settings];
        foreach (long room in (long[])[0, 3_000, 9_000, 30_000])
        {
            Assert.Equal(2, (await ToolRun.RunAsync(new FaultyFileSystem(room), CancellationToken.None, line)).Code);
            Assert.Empty(Directory.GetDirectories(folder.Root));
        }
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        Assert.Equal(130, (await ToolRun.RunAsync(PhysicalFileSystem.Instance, cancelled.Token, line)).Code);
        Assert.Empty(Directory.GetDirectories(folder.Root));

        Directory.CreateDirectory(folder["out"]);
        folder.Write("out/mine.txt", "mine");
        (await ToolRun.RunAsync(line)).ExpectRefusal("out", "not empty");
        Assert.Equal("mine", File.ReadAllText(folder["out/mine.txt"]));
        string single = folder.Write("single.data", "a\tx\t1\t1\nb\ty\t1\t2\n");
        (await ToolRun.RunAsync("sample", "two-tower", single, "--output", folder["single"])).ExpectRefusal("single.data", "two items");
        Assert.False(Directory.Exists(folder["single"]));
    }

    /// <summary>A power cut at any moment leaves the whole directory under its name, or none.</summary>
    [Fact]
    public async Task ACutLeavesAllOrNothing()
    {
        byte[] ratings = BlockRatings.Text("u.data", BlockRatings.Make(seed: 7, users: 12, items: 16));
        string[] line =
            ["sample", "two-tower", "/w/u.data", "--output", "/w/out", "--factors", "2", "--iterations", "1", "--k", "2", "--ef", "2"];
        SimulatedFileSystem whole = Disk();
        long before = whole.Operations;
        Assert.True((await ToolRun.RunAsync(whole, CancellationToken.None, line)).Code is ExitCodes.Done or ExitCodes.CheckFailed);
        long operations = whole.Operations - before;
        string[] all = [.. DirectoryTree.Files(whole, "/w/out")];
        Assert.Equal(17, all.Length);

        int complete = 0;
        foreach (long cut in (long[])[1, operations / 2, operations - 3, operations - 2, operations - 1, operations])
        {
            SimulatedFileSystem files = Disk();
            files.CrashAt(files.Operations + cut);
            await ToolRun.RunAsync(files, CancellationToken.None, line);
            Assert.True(files.HasCrashed);
            foreach (int seed in (int[])[0, 1, (int)cut + 1])
            {
                SimulatedFileSystem after = files.Recover(seed);
                if (!after.DirectoryExists("/w/out"))
                    continue;
                complete++;
                Assert.Equal(all, DirectoryTree.Files(after, "/w/out"));
                (await ToolRun.RunAsync(after, CancellationToken.None, "verify", "/w/out/items.ann")).Expect(0);
            }
        }
        Assert.True(complete > 0, "no cut came after the directory had its name");

        SimulatedFileSystem Disk()
        {
            SimulatedFileSystem files = new();
            files.CreateDirectory("/w");
            files.Put("/w/u.data", ratings);
            files.FlushDirectory("/");
            return files;
        }
    }

    private static float[] Encode(FeatureEncoder encoder, int columns, long[] ids)
    {
        float[] rows = new float[ids.Length / columns * encoder.Info.Dimension];
        encoder.Encode(ids, ids.Length / columns, rows);
        return rows;
    }

    /// <summary>(YᵀY + λ + α Σ y yᵀ) x = (1 + α) Σ y, by elimination.</summary>
    private static double[] Solve(float[][] items, int[] taken)
    {
        double[,] a = new double[Factors, Factors + 1];
        for (int i = 0; i < Factors; i++)
        {
            for (int j = 0; j < Factors; j++)
                a[i, j] = items.Sum(row => (double)row[i] * row[j]) + taken.Sum(item => Confidence * items[item][i] * items[item][j]);
            a[i, i] += Regularization;
            a[i, Factors] = taken.Sum(item => (1 + Confidence) * items[item][i]);
        }
        for (int pivot = 0; pivot < Factors; pivot++)
            for (int row = 0; row < Factors; row++)
            {
                double times = row == pivot ? 0 : a[row, pivot] / a[pivot, pivot];
                for (int j = pivot; j <= Factors; j++)
                    a[row, j] -= times * a[pivot, j];
            }
        return [.. Enumerable.Range(0, Factors).Select(i => a[i, Factors] / a[i, i])];
    }

    private static float[][] Rows(string path)
    {
        using VectorReader reader = VectorFile.OpenReader(PhysicalFileSystem.Instance, path);
        float[] all = new float[reader.Count * reader.Dimension];
        reader.ReadRows(all);
        return [.. all.Chunk(reader.Dimension)];
    }

    /// <summary>One run, which several tests look at.</summary>
    public sealed class Made : IAsyncLifetime
    {
        internal TemporaryFolder Folder { get; } = new();

        internal ToolRun Run { get; private set; } = null!;

        internal string[] ItemKeys { get; private set; } = [];

        internal string this[string name] => Path.Combine(Folder["out"], name);

        public async ValueTask InitializeAsync()
        {
            string ratings = Folder.Write("ratings.dat", BlockRatings.Text("ratings.dat", BlockRatings.Make(seed: 7)));
            string[] line = ["sample", "two-tower", ratings, "--output", Folder["out"], .. Settings];
            Run = (await ToolRun.RunAsync([.. line, "--report", Folder["page.html"], "--json"])).Expect(0);
            ItemKeys = File.ReadAllLines(this[TwoTowerBuild.ItemNumbers] + ".keys.jsonl")[1..];
        }

        public ValueTask DisposeAsync()
        {
            Folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
