using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Segments;
using Ann.Tests.Files.Formats;

namespace Ann.Tests.Bench;

/// <summary>Goal: a seed names a set, everywhere and always; each set has the statistics that it is used for.</summary>
public sealed class SyntheticSetTests
{
    [Theory]
    [InlineData("clustered")]
    [InlineData("skewed")]
    [InlineData("uniform")]
    public void ARowFollowsFromSeedStreamAndNumber(string name)
    {
        float[] a = Row(name, 7, VectorLaw.BaseStream, 123);

        Assert.Equal(a, Row(name, 7, VectorLaw.BaseStream, 123));
        Assert.NotEqual(a, Row(name, 8, VectorLaw.BaseStream, 123));
        Assert.NotEqual(a, Row(name, 7, VectorLaw.QueryStream, 123));
        Assert.NotEqual(a, Row(name, 7, VectorLaw.BaseStream, 124));
    }

    [Fact]
    public void NormalNumbersHaveMeanZeroAndVarianceOne()
    {
        RowRandom random = new(1, 0, 0);
        double sum = 0, squares = 0;
        const int Count = 100_000;
        for (int i = 0; i < Count; i++)
        {
            float value = random.NextNormal();
            sum += value;
            squares += value * value;
        }

        Assert.Equal(0, sum / Count, tolerance: 0.02);
        Assert.Equal(1, squares / Count, tolerance: 0.02);
    }

    [Fact]
    public void SkewedNormsAreLogNormal()
    {
        SkewedLaw law = new(1, 16);
        double[] logs = [.. Enumerable.Range(0, 20_000).Select(row => Math.Log(Norm(law, row)))];

        double mean = logs.Average();
        Assert.Equal(0, mean, tolerance: 0.03);
        Assert.Equal(1, Math.Sqrt(logs.Average(value => (value - mean) * (value - mean))), tolerance: 0.03);

        static double Norm(VectorLaw law, int row)
        {
            float[] values = new float[law.Dimension];
            law.Draw(VectorLaw.BaseStream, row, values);
            return Math.Sqrt(values.Sum(value => (double)value * value));
        }
    }

    [Theory]
    [InlineData(-6)]
    [InlineData(-0.3)]
    [InlineData(0)]
    [InlineData(5.5)]
    public void TheOwnExponentialIsTheExponential(double x) =>
        Assert.Equal(1, SkewedLaw.Exponential(x) / Math.Exp(x), tolerance: 1e-12);

    [Fact]
    public void UniformComponentsFillTheUnitInterval()
    {
        float[] values = Row("uniform", 1, VectorLaw.BaseStream, 0, dimension: 20_000);

        Assert.All(values, value => Assert.InRange(value, 0f, 0.9999999f));
        Assert.Equal(0.5, values.Average(), tolerance: 0.01);
    }

    /// <summary>Against independent directions of the latent dimension, which a set without clusters would have.</summary>
    [Fact]
    public void ClustersMakeNearNeighbours()
    {
        int clustered = NearPairs("clustered", 64);
        int independent = NearPairs("skewed", ClusteredLaw.Latent);

        Assert.True(clustered > 5 * independent && clustered > 50, $"{clustered} near pairs, {independent} without clusters");

        static int NearPairs(string name, int dimension)
        {
            float[][] rows = [.. Enumerable.Range(0, 1_500).Select(row => Row(name, 1, VectorLaw.BaseStream, row, dimension))];
            double[] norms = [.. rows.Select(row => Math.Sqrt(row.Sum(value => (double)value * value)))];
            int near = 0;
            for (int i = 0; i < 300; i++)
            {
                for (int j = i + 1; j < rows.Length; j++)
                {
                    double product = 0;
                    for (int c = 0; c < dimension; c++)
                        product += (double)rows[i][c] * rows[j][c];
                    near += product / norms[i] / norms[j] > 0.75 ? 1 : 0;
                }
            }
            return near;
        }
    }

    [Fact]
    public async Task FilesOfOneSeedAreTheSameBytes()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["a", "b"])
        {
            (await BenchRun.RunAsync(
                "gen", "--set", "skewed", "--rows", "700", "--dim", "9", "--queries", "5", "--seed", "3", "--truth", "12",
                "--output", folder[name])).Expect(0);
        }

        string[] files = ["base.fbin", "query.fbin", "query.gt12.dist.fbin", "query.gt12.ibin"];
        Assert.Equal(files, Directory.GetFiles(folder["a"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder["a"], file)), File.ReadAllBytes(Path.Combine(folder["b"], file))));
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.InnerProduct)]
    [InlineData(Metric.Cosine)]
    public void ExactNeighborsEqualTheNaiveOnes(Metric metric)
    {
        const int Rows = 900, Queries = 7, Dimension = 20, K = 15;
        using VectorTable rows = Table(metric, Rows, Dimension, VectorLaw.BaseStream);
        using VectorTable queries = Table(metric, Queries, Dimension, VectorLaw.QueryStream);

        ExactNeighbors neighbors = new(metric, queries, K);
        neighbors.Scan(rows, Rows, firstRow: 0, threads: 2, CancellationToken.None);

        int[] found = new int[K];
        float[] distances = new float[K];
        for (int query = 0; query < Queries; query++)
        {
            Assert.Equal(K, neighbors.Result(query, found, distances));
            float[] target = queries.Values(query).ToArray();
            int[] expected =
                [.. Enumerable.Range(0, Rows).OrderBy(row => Distance(metric, target, rows.Values(row).ToArray())).Take(K)];
            Assert.Equal(expected, found);
            Assert.Equal(Distance(metric, target, rows.Values(found[0]).ToArray()), distances[0], tolerance: 1e-4);
        }
    }

    [Fact]
    public async Task WhatCannotBeMadeIsRefused()
    {
        using TemporaryFolder folder = new();
        (await BenchRun.RunAsync("gen", "--rows", "50", "--truth", "100", "--output", folder["x"]))
            .ExpectRefusal("--truth is 100", "only 50 rows");
        (await BenchRun.RunAsync("gen", "--set", "round", "--output", folder["x"])).ExpectRefusal("--set is 'round'");
        Assert.Empty(folder.Names());
    }

    private static float[] Row(string name, ulong seed, int stream, long row, int dimension = 32)
    {
        float[] values = new float[dimension];
        VectorLaw.Create(name, seed, dimension).Draw(stream, row, values);
        return values;
    }

    private static VectorTable Table(Metric metric, int rows, int dimension, int stream)
    {
        VectorTable table = new(rows, dimension);
        for (int row = 0; row < rows; row++)
            RowPreparation.Prepare(metric, Row("skewed", 5, stream, row, dimension), table.Values(row), "rows", row);
        return table;
    }

    private static double Distance(Metric metric, float[] a, float[] b) => metric == Metric.L2
        ? a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum()
        : -a.Zip(b, (x, y) => (double)x * y).Sum();
}
