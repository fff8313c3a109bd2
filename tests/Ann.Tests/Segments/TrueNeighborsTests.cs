using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Segments;

namespace Ann.Tests.Segments;

/// <summary>Goal: the blocked search finds what brute force in double finds, on data that float32 cannot tell apart.</summary>
public class TrueNeighborsTests
{
    public enum Hardness
    {
        Plain,
        Copies,
        FarFromTheOrigin,
        Outliers,
        Tiny,
        Huge,
    }

    public static TheoryData<Metric, int, Hardness> Cases
    {
        get
        {
            TheoryData<Metric, int, Hardness> cases = [];
            foreach (Metric metric in Enum.GetValues<Metric>())
                foreach (int dimension in (int[])[1, 2, 3, 7, 8, 16, 17, 31, 64, 100, 129, 130])
                    foreach (Hardness hardness in Enum.GetValues<Hardness>())
                        cases.Add(metric, dimension, hardness);
            return cases;
        }
    }

    public static MatrixTheoryData<Metric, int, int, bool> PassingRows { get; } =
        new(Enum.GetValues<Metric>(), [7, 330, 700], [1, 30], [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void ItFindsWhatBruteForceFinds(Metric metric, int dimension, Hardness hardness)
    {
        Random random = new(dimension * 31 + (int)hardness);
        const int Rows = 317, Queries = 29, K = 12;
        using VectorTable rows = Draw(random, Rows, dimension, hardness);
        using VectorTable queries = Draw(random, Queries, dimension, hardness);
        for (int query = 0; query < 3; query++)
            queries.Set(query, rows.Values(query * 50)); // a row itself is asked for
        int[] numbers = [.. Enumerable.Range(0, Rows)];

        foreach ((int threads, int block) in (ReadOnlySpan<(int, int)>)[(1, Rows), (3, 100)])
        {
            using TrueNeighbors neighbors = new(metric, queries, K, threads);
            using VectorTable part = new(block, dimension);
            for (int first = 0; first < Rows; first += block)
            {
                int count = Math.Min(block, Rows - first);
                for (int i = 0; i < count; i++)
                    part.Set(i, rows.Values(first + i));
                neighbors.Scan(part, count, numbers[first..(first + count)], CancellationToken.None);
            }
            int[] found = new int[K];
            double[] distances = new double[K];
            for (int query = 0; query < Queries; query++)
            {
                Assert.Equal(K, neighbors.Result(query, found, distances));
                int[] expected = [.. numbers
                    .OrderBy(row => DoubleDistances.Between(metric, queries.Values(query), rows.Values(row))).ThenBy(static row => row)
                    .Take(K)];
                Assert.Equal(expected, found);
            }
        }
    }

    /// <summary>Rows that come nearer and nearer, or are all alike, pass the screen one after the other: none may be lost.</summary>
    [Theory]
    [MemberData(nameof(PassingRows))]
    public void RowsThatAllPassTheScreenAreDecidedBeforeThereIsNoRoom(Metric metric, int dimension, int k, bool isAlike)
    {
        const int Rows = 1500;
        Random random = new(dimension);
        using VectorTable queries = Draw(random, 30, dimension, Hardness.Plain);
        using VectorTable rows = new(Rows, dimension);
        for (int row = 0; row < Rows; row++)
            for (int i = 0; i < dimension; i++)
                rows.Values(row)[i] = queries.Values(0)[i] + (isAlike ? 0 : (random.NextSingle() - 0.5f) * (Rows - row) / 200);
        using TrueNeighbors neighbors = new(metric, queries, k, 2);
        neighbors.Scan(rows, Rows, [.. Enumerable.Range(0, Rows)], CancellationToken.None);

        int[] found = new int[k];
        for (int query = 0; query < queries.Count; query++)
        {
            Assert.Equal(k, neighbors.Result(query, found, new double[k]));
            Assert.Equal(
                Enumerable.Range(0, Rows)
                    .OrderBy(row => DoubleDistances.Between(metric, queries.Values(query), rows.Values(row))).ThenBy(static row => row)
                    .Take(k),
                found);
        }
    }

    [Fact]
    public void RowsThatAreLeftOutAreNotFoundAndTheOthersKeepTheirNumbers()
    {
        Random random = new(5);
        using VectorTable rows = Draw(random, 100, 10, Hardness.Plain);
        using TrueNeighbors neighbors = new(Metric.L2, rows, 40, 2);
        using VectorTable part = new(100, 10);
        int[] odd = [.. Enumerable.Range(0, 50).Select(static i => 2 * i + 1)];
        for (int i = 0; i < odd.Length; i++)
            part.Set(i, rows.Values(odd[i]));
        neighbors.Scan(part, 30, odd, CancellationToken.None);

        int[] found = new int[40];
        Assert.Equal(30, neighbors.Result(1, found, new double[40]));
        Assert.Equal(1, found[0]);
        Assert.All(found[..30], static row => Assert.True(row % 2 == 1 && row < 60));
    }

    [Fact]
    public void DoubleDistancesAreThoseOfTheirDefinition()
    {
        Random random = new(9);
        using VectorTable rows = Draw(random, 2, 130, Hardness.Plain);
        (double dot, double squares, double a, double b) = (0, 0, 0, 0);
        for (int i = 0; i < 130; i++)
        {
            (double x, double y) = (rows.Values(0)[i], rows.Values(1)[i]);
            dot += x * y;
            squares += (x - y) * (x - y);
            a += x * x;
            b += y * y;
        }
        Assert.Equal(squares, DoubleDistances.Between(Metric.L2, rows.Values(0), rows.Values(1)), 1e-12 * squares);
        Assert.Equal(-dot, DoubleDistances.Between(Metric.InnerProduct, rows.Values(0), rows.Values(1)), 1e-12 * Math.Sqrt(a * b));
        Assert.Equal(-dot / Math.Sqrt(a * b), DoubleDistances.Between(Metric.Cosine, rows.Values(0), rows.Values(1)), 1e-12);
    }

    internal static VectorTable Draw(Random random, int count, int dimension, Hardness hardness)
    {
        VectorTable table = new(count, dimension);
        for (int row = 0; row < count; row++)
        {
            Span<float> values = table.Values(row);
            for (int i = 0; i < dimension; i++)
            {
                float plain = random.NextSingle() - 0.5f;
                values[i] = hardness switch
                {
                    Hardness.Copies => (row * 7 % 20) + i % 3 + 1,
                    Hardness.FarFromTheOrigin => 1e6f + plain,
                    Hardness.Outliers => row % 40 == 3 ? plain * 1e9f : plain,
                    Hardness.Tiny => plain * 1e-30f,
                    Hardness.Huge => plain * 1e16f,
                    _ => plain,
                };
            }
        }
        return table;
    }
}
