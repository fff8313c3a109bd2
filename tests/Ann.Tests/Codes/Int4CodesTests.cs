using System.Globalization;
using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;

namespace Ann.Tests.Codes;

/// <summary>
/// Goal: codes of 4 bits stand for the rows they were made of, their errors are at right angles to these, and they are the same on every
/// machine. Method: distances by codes against distances in double precision; hashes at every instruction set.
/// </summary>
public sealed unsafe class Int4CodesTests
{
    private const int Seed = 20261130;

    /// <summary>Rounding to 4 bits loses about a tenth of a row's length, in a direction that has nothing to do with the query.</summary>
    [Theory]
    [InlineData(Metric.L2, 24)]
    [InlineData(Metric.Cosine, 128)]
    [InlineData(Metric.InnerProduct, 100)]
    [InlineData(Metric.L2, 784)]
    public void DistancesAreThoseOfTheRowsButForATenth(Metric metric, int dimension)
    {
        using World world = new(metric, dimension, threads: 2);
        Int4Scorer scorer = world.Scorer(out CodedQuery coded);
        for (int row = 0; row < world.Rows.Count; row++)
        {
            double error = Math.Abs(scorer.Score(row) + coded.Shift - world.Exact(row));
            double apart = metric == Metric.InnerProduct ? Math.Sqrt(coded.Square) : world.Apart(row);
            double most = 5 * 0.12 * apart * world.FromMean(row) / Math.Sqrt(world.Codes.Stride * 2); // five standard errors
            Assert.True(
                error <= (metric == Metric.L2 ? 2 : 1) * most + 1e-4, $"row {row}: off by {error}, {most} were allowed; seed {Seed}");
        }
    }

    /// <summary>A query that is a row is told its own distance exactly: what a code leaves out is at right angles to the row.</summary>
    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public void ARowIsAtDistanceZeroFromItsCode(Metric metric)
    {
        using World world = new(metric, 96, threads: 1);
        for (int row = 0; row < world.Rows.Count; row += 7)
        {
            world.Rows.Values(row).CopyTo(world.Query);
            Int4Scorer scorer = world.Scorer(out CodedQuery coded);
            Assert.Equal(world.Exact(row), scorer.Score(row) + coded.Shift, tolerance: 2e-3 * Math.Max(1, coded.Square));
        }
    }

    [Fact]
    public void FourAtOnceScoreAsOneByOne()
    {
        using World world = new(Metric.L2, 130, threads: 1);
        Int4Scorer scorer = world.Scorer(out _);
        for (int count = 0; count <= 9; count++)
        {
            int[] nodes = [.. Enumerable.Range(0, count).Select(i => (i * 37 + 11) % world.Rows.Count)];
            float[] distances = new float[count];
            scorer.Score(nodes, distances);
            Assert.Equal(nodes.Select(node => scorer.Score(node)), distances);
        }
    }

    [Theory]
    [InlineData(Metric.L2, 100, "b32b5a320e77352f")]
    [InlineData(Metric.Cosine, 200, "a1a553eabcd2f13b")]
    [InlineData(Metric.InnerProduct, 64, "8296a3f748080797")]
    public void CodesAreTheSameOnEveryMachineAndNumberOfThreads(Metric metric, int dimension, string hash)
    {
        foreach (int threads in new[] { 1, 3 })
        {
            using World world = new(metric, dimension, threads);
            XxHash3 hasher = new();
            hasher.Append(world.Codes.Codes.Slice(0));
            hasher.Append(world.Codes.Factors.Slice(0));
            Assert.Equal(hash, hasher.GetCurrentHashAsUInt64().ToString("x16", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void RowsThatAreAllTheMeanCostNothing()
    {
        using VectorTable rows = new(3, 5);
        for (int row = 0; row < 3; row++)
            rows.Values(row).Fill(2);

        using Int4Codes codes = Int4Codes.Encode(rows, rows.Row(0), Metric.L2, threads: 1, CancellationToken.None);

        Assert.Equal([0f, 0f, 0f, 0f, 0f, 0f], new ReadOnlySpan<float>(codes.Factors.Start, 6).ToArray());
    }

    /// <summary>Rows of very different lengths, their mean, a query, and the codes.</summary>
    private sealed class World : IDisposable
    {
        private readonly Metric _metric;
        private readonly VectorTable _queries;
        private readonly Rotation _rotation;
        private readonly NativeBlock _scratch;
        private readonly NativeBlock _quantised;

        public World(Metric metric, int dimension, int threads)
        {
            Random random = new(Seed);
            _metric = metric;
            Rows = new VectorTable(1100, dimension);
            float[] raw = new float[dimension];
            for (int row = 0; row < Rows.Count; row++)
            {
                for (int i = 0; i < dimension; i++)
                    raw[i] = 1 + (random.NextSingle() - 0.5f) * (i % 5 == 0 ? 8 : 1) * (1 + row % 10);
                RowPreparation.Prepare(metric, raw, Rows.Values(row), "rows", row);
            }
            _queries = new VectorTable(2, dimension); // the query, and the mean
            for (int i = 0; i < dimension; i++)
                raw[i] = 1 + (random.NextSingle() - 0.5f) * 4;
            RowPreparation.Prepare(metric, raw, Query, "query", 0);
            RobustMean.Compute(Rows.Start, Rows.Stride, dimension, Rows.Count, null, _queries.Values(1));
            Codes = Int4Codes.Encode(Rows, _queries.Row(1), metric, threads, CancellationToken.None);
            _rotation = Rotation.ForCodes(Int4Codes.ComponentsOf(dimension));
            _scratch = new NativeBlock(_rotation.Size * sizeof(float));
            _quantised = new NativeBlock(_rotation.Size * sizeof(short));
        }

        public VectorTable Rows { get; }

        public Int4Codes Codes { get; }

        public Span<float> Query => _queries.Values(0);

        public Int4Scorer Scorer(out CodedQuery coded)
        {
            short* quantised = (short*)_quantised.Start;
            coded = CodedQuery.Quantise(
                _queries.Row(0), _queries.Row(1), (float*)_scratch.Start, Rows.Stride, new Span<short>(quantised, _rotation.Size),
                _metric.Traits().IsSquared, _rotation);
            return new Int4Scorer(Codes.Codes.Start, Codes.Stride, (float*)Codes.Factors.Start, quantised, in coded);
        }

        public double Exact(int row)
        {
            double sum = 0;
            for (int i = 0; i < Query.Length; i++)
            {
                double other = Rows.Values(row)[i];
                sum += _metric == Metric.L2 ? (Query[i] - other) * (Query[i] - other) : -Query[i] * other;
            }
            return sum;
        }

        public double Apart(int row) => Length(Query, Rows.Values(row));

        public double FromMean(int row) => Length(Rows.Values(row), _queries.Values(1));

        public void Dispose()
        {
            Rows.Dispose();
            Codes.Dispose();
            _queries.Dispose();
            _rotation.Dispose();
            _scratch.Dispose();
            _quantised.Dispose();
        }

        private static double Length(Span<float> a, Span<float> b)
        {
            double sum = 0;
            for (int i = 0; i < a.Length; i++)
                sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            return Math.Sqrt(sum);
        }
    }
}
