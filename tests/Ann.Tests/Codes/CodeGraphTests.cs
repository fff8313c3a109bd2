using System.IO.Hashing;
using Ann.Core;
using Ann.Core.Codes;
using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;
using Ann.Tests.Hnsw;

namespace Ann.Tests.Codes;

/// <summary>Goal: a graph built on codes is as good as one built on rows, and the same on every machine.</summary>
public sealed unsafe class CodeGraphTests
{
    private static readonly HnswParameters Parameters = new(8, 100, Seed: 3);

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.InnerProduct)]
    public void DistancesAreThoseOfTheRows(Metric metric)
    {
        using VectorTable rows = SmallWorld.RandomRows(50, 40, seed: 6);
        using NativeBlock norms = TemperedNorm.Compute(rows);
        bool tempers = metric == Metric.InnerProduct;
        using Int8Codes codes = tempers
            ? Int8Codes.EncodeTempered(rows, (TemperedNorm*)norms.Start, threads: 1, CancellationToken.None)
            : Int8Codes.Encode(rows, metric, threads: 1, progress: null, CancellationToken.None);
        using NativeBlock block = CodeDistance.ComputePoints(codes, tempers ? Metric.L2 : metric, rows.Count);
        CodePoints points = new((sbyte*)codes.Codes.Start, codes.Stride, (CodePoint*)block.Start);
        int[] all = [.. Enumerable.Range(0, rows.Count)];
        float[] distances = new float[rows.Count];

        for (int a = 0; a < rows.Count; a++)
        {
            points.OneToMany(a, all, distances);
            Assert.Equal(0, distances[a]);
            for (int b = 0; b < rows.Count; b++)
            {
                float scaleA = tempers ? ((TemperedNorm*)norms.Start)[a].Scale : 1;
                float scaleB = tempers ? ((TemperedNorm*)norms.Start)[b].Scale : 1;
                double exact = 0;
                for (int i = 0; i < rows.Dimension; i++)
                    exact += Math.Pow(scaleA * rows.Values(a)[i] - scaleB * rows.Values(b)[i], 2);
                Assert.Equal(exact, distances[b], tolerance: 0.01 * Math.Max(exact, 1));
                Assert.Equal(distances[b], points.Between(b, a));
            }
        }
    }

    [Fact]
    public void AnyNearerLooksAtAll()
    {
        using CodeWorld world = new(60, 40);
        for (int count = 0; count < 10; count++)
        {
            int[] others = [.. Enumerable.Range(1, count)];
            float nearest = others.Select(other => world.Points.Between(0, other)).DefaultIfEmpty(float.MaxValue).Min();

            Assert.False(world.Points.AnyNearer(0, others, nearest));
            Assert.Equal(count > 0, world.Points.AnyNearer(0, others, MathF.BitIncrement(nearest)));
        }
    }

    /// <summary>The hash is that of every instruction set: <c>InstructionSetMatrixTests</c> runs this class at each.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void TheGraphIsTheSameOnAnyMachineAndNumberOfThreads(int threads)
    {
        using CodeWorld world = new(3000, 40);
        using GraphStorage graph = world.BuildGraph(threads);

        ulong hash = XxHash3.HashToUInt64(graph.UpperLinks.Slice(0), (long)XxHash3.HashToUInt64(graph.Level0.Slice(0)));
        Assert.Equal("50b8920b104d03ce", hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void AGraphOnCodesFindsWhatOneOnRowsFinds()
    {
        using CodeWorld world = new(3000, 40);
        using GraphStorage onCodes = world.BuildGraph(threads: 1);
        using SmallWorld onRows = SmallWorld.Build(SmallWorld.RandomRows(3000, 40, seed: 6), Parameters);
        using VectorTable queries = SmallWorld.RandomRows(200, 40, seed: 7);

        int codesFound = Found(onCodes.Graph, onRows, queries);
        int rowsFound = Found(onRows.Graph, onRows, queries);

        Assert.InRange(codesFound, rowsFound - 40, 2000); // of 2,000: two in a hundred are the noise of another graph
        HnswGraph graph = onCodes.Graph;
        Assert.Equal(3000, Reachability.Count(in graph));
    }

    private static int Found(HnswGraph graph, SmallWorld world, VectorTable queries)
    {
        using SearchContext context = new(graph.Count, graph.M0);
        int found = 0;
        for (int query = 0; query < queries.Count; query++)
        {
            RowScorer<SquaredL2> scorer = world.ScorerOf(queries.Row(query));
            context.Begin(SearchBudget.Unlimited);
            Walks.Run(in graph, in scorer, ef: 40, context);
            int[] exact = world.ExactNearest(queries.Row(query), 10);
            found += context.Beam.Entries[..10].ToArray().Count(entry => exact.Contains(Beam.NodeOf(entry)));
        }
        return found;
    }

    /// <summary>Random rows with their codes.</summary>
    private sealed class CodeWorld : IDisposable
    {
        private readonly VectorTable _rows;
        private readonly Int8Codes _codes;
        private readonly NativeBlock _points;

        public CodeWorld(int count, int dimension)
        {
            _rows = SmallWorld.RandomRows(count, dimension, seed: 6);
            _codes = Int8Codes.Encode(_rows, Metric.L2, threads: 1, progress: null, CancellationToken.None);
            _points = CodeDistance.ComputePoints(_codes, Metric.L2, count);
        }

        public CodePoints Points => new((sbyte*)_codes.Codes.Start, _codes.Stride, (CodePoint*)_points.Start);

        public GraphStorage BuildGraph(int threads)
        {
            GraphStorage storage = new(_rows.Count, Parameters);
            CodeDistance distance = new(Points, norms: null);
            using GraphBuilder<CodeDistance, CodeScorer> builder = new(storage, Parameters, distance, threads);
            builder.Build(progress: null, CancellationToken.None);
            HnswGraph graph = storage.Graph;
            Reachability.Repair<CodeDistance, CodeScorer>(in graph, in distance, CancellationToken.None);
            LinkFill.Run<CodeDistance, CodeScorer>(graph, distance, threads, CancellationToken.None);
            return storage;
        }

        public void Dispose()
        {
            _rows.Dispose();
            _codes.Dispose();
            _points.Dispose();
        }
    }
}
