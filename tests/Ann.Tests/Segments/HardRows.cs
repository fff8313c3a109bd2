using Ann.Core.Searching;

namespace Ann.Tests.Segments;

/// <summary>Sets as catalogues hold them, and as they break indexes: each small, with queries that are no rows.</summary>
internal static class HardRows
{
    private const int Queries = 60;
    private const int Dimension = 64;

    /// <summary>Rows and queries of one law.</summary>
    /// <param name="set">Its name, as the cases below have it.</param>
    /// <param name="seed">Of all chance.</param>
    public static (float[][] Rows, float[][] Queries) Of(string set, int seed)
    {
        Random random = new(seed);
        float[][] all = set switch
        {
            "variants 0.1" => Variants(random, 0.1),
            "variants 0.03" => Variants(random, 0.03),
            "variants 0.003" => Variants(random, 0.003),
            "variants on the sphere 0.03" => Unit(Variants(random, 0.03)),
            "variants on the sphere 0.003" => Unit(Variants(random, 0.003)),
            "outlier" => Outlier(random),
            "long row" => LongRow(random),
            "flag" => Alternating(random, static row => row[5] = 1000),
            "halves" => Alternating(random, static row =>
            {
                for (int i = 0; i < row.Length; i++)
                    row[i] += 100;
            }),
            "far and tight" => Variants(random, 0.0001),
            "line" => Line(random),
            "norms of sigma 4" => Stretched(random, 4),
            _ => throw new ArgumentException(set, nameof(set)),
        };
        return (all[..^Queries], all[^Queries..]);
    }

    /// <summary>
    /// The share of the exact answer that was found: of items as far as the last any will do, but no nearer one may be missing.
    /// </summary>
    public static double Share(ReadOnlySpan<Neighbor> exact, ReadOnlySpan<Neighbor> found)
    {
        float last = exact[^1].Distance;
        float near = last - MathF.Abs(last) * 1e-6f;
        float far = last + MathF.Abs(last) * 1e-6f;
        int nearer = 0, foundNearer = 0, foundTied = 0;
        foreach (Neighbor neighbor in exact)
            nearer += neighbor.Distance < near ? 1 : 0;
        foreach (Neighbor neighbor in found)
        {
            foundNearer += neighbor.Distance < near ? 1 : 0;
            foundTied += neighbor.Distance >= near && neighbor.Distance <= far ? 1 : 0;
        }
        return (Math.Min(foundNearer, nearer) + Math.Min(foundTied, exact.Length - nearer)) / (double)exact.Length;
    }

    private static float[][] Plain(Random random, int rows) =>
        [.. Enumerable.Range(0, rows + Queries).Select(_ => SegmentFixture.Gaussian(random, Dimension, 1))];

    private static float[][] Variants(Random random, double noise)
    {
        const int Families = 8, Members = 375;
        float[][] centres = [.. Enumerable.Range(0, Families).Select(_ => SegmentFixture.Gaussian(random, Dimension, 1))];
        return [.. Enumerable.Range(0, Families * Members + Queries).Select(i =>
        {
            float[] row = SegmentFixture.Gaussian(random, Dimension, noise);
            for (int j = 0; j < row.Length; j++)
                row[j] += centres[i % Families][j];
            return row;
        })];
    }

    private static float[][] Unit(float[][] rows) => Array.ConvertAll(rows, static row =>
    {
        double length = Math.Sqrt(row.Sum(x => (double)x * x));
        return Array.ConvertAll(row, x => (float)(x / length));
    });

    private static float[][] Outlier(Random random)
    {
        float[][] rows = [.. Enumerable.Range(0, 1000 + Queries).Select(_ =>
            Enumerable.Range(0, 16).Select(_ => random.NextSingle() - 0.5f).ToArray())];
        Array.Fill(rows[321], 1e9f);
        return rows;
    }

    private static float[][] LongRow(Random random)
    {
        float[][] rows = Plain(random, 2000);
        rows[1234] = Array.ConvertAll(rows[1234], static x => 1e6f * x);
        return rows;
    }

    private static float[][] Alternating(Random random, Action<float[]> change)
    {
        float[][] rows = Plain(random, 2000);
        for (int i = 0; i < rows.Length; i += 2)
            change(rows[i]);
        return rows;
    }

    private static float[][] Line(Random random)
    {
        float[] direction = SegmentFixture.Gaussian(random, Dimension, 1);
        return Array.ConvertAll(Plain(random, 2000), row =>
        {
            float place = 100 * random.NextSingle();
            return row.Zip(direction, (noise, along) => 0.01f * noise + place * along).ToArray();
        });
    }

    private static float[][] Stretched(Random random, double sigma) => Array.ConvertAll(Plain(random, 2000), row =>
    {
        double factor = Math.Exp(sigma * SegmentFixture.Gaussian(random, 1, 1)[0]);
        return Array.ConvertAll(row, x => (float)(factor * x));
    });
}
