using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Ann.Bench.Reports;
using Ann.Bench.Sets.Hard;
using Ann.Core;
using Ann.Tests.Files.Formats;
using Ann.Tests.Tool;

namespace Ann.Tests.Bench;

/// <summary>
/// Goal: a hard set is the same bytes everywhere, its truth is the truth, and the verb tells a kept promise from a broken one.
/// </summary>
public sealed class HardSetTests
{
    /// <summary>The first 64 bits of SHA-256 of base and queries, seed 1.</summary>
    private const string Pinned =
        """
        variants-0.1-cosine 475646c621c8e582
        variants-0.1-l2 475646c621c8e582
        variants-0.03-cosine a56bfb6f729708e3
        variants-0.03-l2 a56bfb6f729708e3
        variants-0.003-cosine 85305c469dd241a6
        variants-0.003-l2 85305c469dd241a6
        variants-0.03-ip a56bfb6f729708e3
        far-clusters-l2 d95268fdab7a7d63
        d1536-cosine 717fd5fe92992ad4
        outlier-1e9-l2 7b19a01678254da4
        outlier-1e9-ip 7b19a01678254da4
        outlier-1e9-cosine 7b19a01678254da4
        outlier-1e6x-l2 a24b3dcaa5dfd680
        outlier-1e6x-ip a24b3dcaa5dfd680
        flag-l2 c02824b05844ea27
        flag-ip c02824b05844ea27
        offset-l2 bdb86d83ec8524f7
        offset-cosine bdb86d83ec8524f7
        offset-late-l2 adcffcb2d0bf7fa3
        copies-4x400-cosine 07fae5824a1ef095
        copies-4x400-l2 07fae5824a1ef095
        copies-4x400-ip 07fae5824a1ef095
        copies-6x900-cosine 6583fb41e2483cf8
        copies-6x900-l2 6583fb41e2483cf8
        copies-6x900-ip 6583fb41e2483cf8
        copies-1x3000-cosine e9ba8a161ba1becb
        copies-1x3000-l2 e9ba8a161ba1becb
        copies-1x3000-ip e9ba8a161ba1becb
        copies-2to50-cosine 30e31dd4ab961a2e
        copies-2to50-l2 30e31dd4ab961a2e
        copies-2to50-ip 30e31dd4ab961a2e
        zeros-l2 18f0d21f4ecf2061
        zeros-ip 18f0d21f4ecf2061
        onehot-l2 63dad9611d418273
        onehot-ip 63dad9611d418273
        onehot-cosine 63dad9611d418273
        lognormal-1-ip aa9e61fe183e5f5a
        lognormal-2-ip 25542d97fe16ef44
        lognormal-4-ip 582c685f70a3d2fc
        pareto-l2 fae5ac2d5f33d9d4
        pareto-ip fae5ac2d5f33d9d4
        pareto-norms-l2 59a866d5f6001514
        pareto-norms-ip 59a866d5f6001514
        line-l2 ce9ab00d1465b293
        line-cosine ce9ab00d1465b293
        d1-l2 43dbb22d989ee791
        d2-l2 9835b3f66004698d
        d3-l2 a4f8bef73043494e
        d2-cosine 9835b3f66004698d
        d3-cosine a4f8bef73043494e
        """;

    [Fact]
    public void EverySetIsTheSameBytesAlways()
    {
        string[] lines = [.. HardSet.All.Select(static set => $"{set.Name} {Hash(set)}")];

        Assert.Equal(Pinned.ReplaceLineEndings("\n"), string.Join('\n', lines));

        static string Hash(HardSet set)
        {
            HardRows rows = Draw(set);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (float[] row in (float[][])[.. rows.Base, .. rows.Queries])
                hash.AppendData(MemoryMarshal.AsBytes<float>(row));
            return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
        }
    }

    [Fact]
    public void QueriesAreNoRows()
    {
        foreach (HardSet set in HardSet.All)
        {
            HardRows rows = Draw(set);
            HashSet<ulong> known = [.. rows.Base.Select(HashOf)];
            Assert.False(rows.Queries.Any(query => known.Contains(HashOf(query))), set.Name);
        }
    }

    [Fact]
    public void CopiesAreAsManyAsTheNameSays()
    {
        int[] sizes = [.. Draw(HardSet.Find("--set", "hard-copies-4x400-l2")).Base
            .GroupBy(HashOf).Select(static group => group.Count()).Where(static count => count > 1)];

        Assert.Equal([400, 400, 400, 400], sizes);
        Assert.Equal(1200, Draw(HardSet.Find("--set", "zeros-ip")).Base.Count(static row => row.All(static value => value == 0)));
    }

    /// <summary>Rows that are equal to float32's rounding of their distances, and rows that are equal: ties go by row.</summary>
    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.InnerProduct)]
    [InlineData(Metric.Cosine)]
    public void TruthIsThatOfADoubleLoop(Metric metric)
    {
        const int K = 7;
        HardSet set = new("tiny", 60, seed => new CopiesLaw(seed, 5, metric, 30, [20, 10])) { Queries = 9 };
        HardRows rows = HardRows.Make(set, 3, K, threads: 2, TestContext.Current.CancellationToken);

        for (int query = 0; query < rows.Queries.Length; query++)
        {
            float[] target = rows.Queries[query];
            int[] expected = [.. Enumerable.Range(0, rows.Base.Length).OrderBy(row => Distance(target, rows.Base[row])).Take(K)];
            Assert.Equal(expected, rows.Truth.Rows.AsSpan(query * K, K).ToArray());
            for (int i = 0; i < K; i++)
                Assert.Equal(Distance(target, rows.Base[expected[i]]), rows.Truth.Distances[(query * K) + i], tolerance: 1e-5);
        }

        double Distance(float[] a, float[] b)
        {
            double product = a.Zip(b).Sum(static pair => (double)pair.First * pair.Second);
            return metric switch
            {
                Metric.L2 => a.Zip(b).Sum(static pair => ((double)pair.First - pair.Second) * ((double)pair.First - pair.Second)),
                Metric.InnerProduct => -product,
                _ => -product / Math.Sqrt(
                    a.Sum(static value => (double)value * value) * b.Sum(static value => (double)value * value)),
            };
        }
    }

    [Fact]
    public async Task ASetIsWrittenByItsName()
    {
        using TemporaryFolder folder = new();
        (await BenchRun.RunAsync("gen", "--set", "hard-outlier-1e9-l2", "--truth", "12", "--output", folder["a"])).Expect(0);

        string[] files = ["base.fbin", "query.fbin", "query.gt12.dist.fbin", "query.gt12.ibin"];
        Assert.Equal(files, Directory.GetFiles(folder["a"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(8 + (1001 * 16 * 4), new FileInfo(Path.Combine(folder["a"], "base.fbin")).Length);
        (await BenchRun.RunAsync("gen", "--set", "hard-nothing", "--output", folder["b"]))
            .ExpectRefusal("--set is 'hard-nothing'", "copies-4x400-cosine");
        (await BenchRun.RunAsync("gen", "--set", "hard", "--rows", "5", "--output", folder["b"])).ExpectRefusal("--rows");
        (await BenchRun.RunAsync("gen", "--set", "soft", "--output", folder["b"])).ExpectRefusal("--set is 'soft'");
    }

    [Fact]
    public async Task TheVerbMeasuresEveryColumn()
    {
        using TemporaryFolder folder = new();
        ToolRun run = await BenchRun.RunAsync(
            "hard", "--set", "outlier-1e9-cosine", "--k", "10,100", "--ef", "64,256", "--peer", "none", "--json", folder["hard.json"]);

        Assert.True(run.Code == 0, run.Out + run.Error);
        JsonElement set = JsonDocument.Parse(File.ReadAllText(folder["hard.json"])).RootElement.GetProperty("sets")[0];
        JsonElement[] cells = [.. set.GetProperty("cells").EnumerateArray()];
        Assert.Equal(10 * 3, cells.Length); // 64 is no beam width of k 100
        Assert.All(cells, cell => Assert.InRange(cell.GetProperty("recall").GetDouble(), 0.97, 1));
        Assert.Equal(8 * 3, cells.Count(static cell => cell.TryGetProperty("certified", out _)));
        Assert.Contains("30 of 30 cells keep the promise", run.Out);
    }

    [Theory]
    [InlineData(0.99, 0.99, 1.0, 256, 0, "")]
    [InlineData(0.98, 0.98, 0.985, 256, 0, "")] // nobody reaches it
    [InlineData(0.985, 0.985, 1.0, 256, 0, "low")]
    [InlineData(0.985, 0.985, 1.0, 64, 0, "")]
    [InlineData(0.6, 0.6, 0.6, 128, 128, "low")] // wanted whatever others do
    [InlineData(0.6, 0.6, 0.6, 64, 128, "")]
    [InlineData(0.9, 0.9, 0.93, 64, 0, "behind")]
    [InlineData(0.9, 0.93, 0.9, 64, 0, "certificate")]
    [InlineData(0.9, 0.87, 0.9, 64, 0, "certificate")]
    [InlineData(0.9, 0.92, 0.92, 64, 0, "")]
    public void ACellIsHeldAgainstTheBetterOfBoth(
        double recall, double certified, double best, int ef, int floorEf, string expected)
    {
        HardCell cell = new()
        {
            Column = "x",
            K = 10,
            Ef = ef,
            Recall = recall,
            Certified = certified,
            Peer = best,
            Reference = 0.5,
            FloorEf = floorEf,
        };
        HardCell other = cell with { Peer = null, Reference = best };

        foreach (HardCell each in (HardCell[])[cell, other])
        {
            Assert.Equal(expected == "low", each.IsLow);
            Assert.Equal(expected == "behind", each.IsBehind);
            Assert.Equal(expected == "certificate", each.IsMiscertified);
            Assert.Equal(expected.Length == 0, each.IsKept);
        }
    }

    private static ulong HashOf(float[] row) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes<float>(row));

    private static HardRows Draw(HardSet set) => HardRows.Make(set, 1, 0, 1, TestContext.Current.CancellationToken);
}
