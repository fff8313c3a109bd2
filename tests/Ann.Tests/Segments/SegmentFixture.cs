using Ann.Core;
using Ann.Core.Keys;
using Ann.Core.Segments;
using Ann.Tests.Files;

namespace Ann.Tests.Segments;

/// <summary>Rows and segments for tests.</summary>
internal static class SegmentFixture
{
    /// <summary>Rows around a few centres, as embeddings lie.</summary>
    public static float[][] Clustered(int count, int dimension, int seed, int clusters = 30)
    {
        Random random = new(seed);
        float[][] centres = [.. Enumerable.Range(0, clusters).Select(_ => Gaussian(random, dimension, 1))];
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float[] row = Gaussian(random, dimension, 0.5);
            float[] centre = centres[random.Next(clusters)];
            for (int i = 0; i < dimension; i++)
                row[i] += centre[i];
            return row;
        })];
    }

    /// <summary>
    /// The same rows with every component rounded to 1/64. Squared distances and products of twenty components below 4 are then multiples
    /// of 1/4096 that a float holds exactly: each order of summing gives the same, at every vector width.
    /// </summary>
    public static float[][] OnGrid(float[][] rows) =>
        [.. rows.Select(static row => Array.ConvertAll(row, static x => MathF.Round(x * 64) / 64))];

    /// <summary>
    /// Requires what an exact search found, told as distances that the test computed, to be the nearest, nearest first. Rows whose
    /// distances differ by rounding alone may come in either order.
    /// </summary>
    /// <param name="found">The test's own distance of each row found, in the order of the answer.</param>
    /// <param name="all">The test's own distances of all rows.</param>
    public static void RequireNearest(double[] found, IEnumerable<double> all)
    {
        double[] expected = [.. all.Order().Take(found.Length)];
        Assert.Equal(expected.Length, found.Length);
        Assert.All(
            expected.Zip(found),
            static pair => Assert.Equal(pair.First, pair.Second, tolerance: 1e-5 * Math.Max(1, Math.Abs(pair.First))));
    }

    /// <summary>Directions without structure, norms by a log-normal law.</summary>
    public static float[][] NormSkewed(int count, int dimension, double sigma, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float[] row = Gaussian(random, dimension, 1);
            double norm = Math.Sqrt(row.Sum(x => (double)x * x));
            double wanted = Math.Exp(sigma * NextGaussian(random));
            return Array.ConvertAll(row, x => (float)(x * wanted / norm));
        })];
    }

    public static float[] Gaussian(Random random, int dimension, double scale) =>
        [.. Enumerable.Range(0, dimension).Select(_ => (float)(scale * NextGaussian(random)))];

    public static SegmentBuilder Build(float[][] rows, SegmentBuildOptions options, KeyColumn? keys = null)
    {
        SegmentBuilder builder = new(rows.Length, rows[0].Length, options);
        foreach (float[] row in rows)
            builder.Add(row);
        builder.Build(keys ?? KeyColumn.Ordinals(rows.Length));
        return builder;
    }

    /// <summary>A segment in memory.</summary>
    public static SealedSegment Seal(float[][] rows, SegmentBuildOptions options, KeyColumn? keys = null)
    {
        MemoryFileSystem files = new();
        using SegmentBuilder builder = Build(rows, options, keys);
        builder.Write(files, "x.ann");
        return SealedSegment.Open(files, "x.ann");
    }

    public static KeyColumn Texts(IEnumerable<string> texts)
    {
        KeyColumn keys = new(KeyKind.String);
        foreach (string text in texts)
            keys.Add(text);
        return keys;
    }

    public static SegmentBuildOptions Options(Metric metric, CodesKind codes = CodesKind.Int8, int threads = 1) =>
        new() { Metric = metric, Codes = codes, Threads = threads };

    private static double NextGaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
