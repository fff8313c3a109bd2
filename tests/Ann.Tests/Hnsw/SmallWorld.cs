using Ann.Core.Distances;
using Ann.Core.Hnsw;
using Ann.Core.Searching;

namespace Ann.Tests.Hnsw;

/// <summary>A graph over generated rows, small enough for brute force.</summary>
internal sealed unsafe class SmallWorld : IDisposable
{
    private SmallWorld(VectorTable rows, GraphStorage storage)
    {
        Rows = rows;
        Storage = storage;
    }

    public VectorTable Rows { get; }

    public GraphStorage Storage { get; }

    public HnswGraph Graph => Storage.Graph;

    /// <summary>Builds under L2.</summary>
    public static SmallWorld Build(VectorTable rows, HnswParameters parameters, int threads = 1)
    {
        GraphStorage storage = new(rows.Count, parameters);
        RowBuildDistance<SquaredL2> distance = new(rows.Start, rows.Stride);
        using GraphBuilder<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>> builder = new(storage, parameters, distance, threads);
        builder.Build(progress: null, CancellationToken.None);
        HnswGraph graph = storage.Graph;
        Reachability.Repair<RowBuildDistance<SquaredL2>, RowScorer<SquaredL2>>(in graph, in distance, CancellationToken.None);
        return new SmallWorld(rows, storage);
    }

    public static SmallWorld Build(int count, int dimension, int seed, int m = 8, int threads = 1) =>
        Build(RandomRows(count, dimension, seed), new HnswParameters(m, 100, (ulong)seed), threads);

    public static VectorTable RandomRows(int count, int dimension, int seed)
    {
        Random random = new(seed);
        VectorTable rows = new(count, dimension);
        for (int row = 0; row < count; row++)
            for (int i = 0; i < dimension; i++)
                rows.Values(row)[i] = random.NextSingle();
        return rows;
    }

    /// <summary>Points of an integer grid: distances are exact on every machine, and many are equal.</summary>
    public static VectorTable Grid(int side, int dimension)
    {
        int count = (int)Math.Pow(side, dimension);
        VectorTable rows = new(count, dimension);
        for (int row = 0; row < count; row++)
            for (int i = 0, rest = row; i < dimension; i++, rest /= side)
                rows.Values(row)[i] = rest % side;
        return rows;
    }

    public RowScorer<SquaredL2> ScorerOf(float* query) => new(Rows.Start, Rows.Stride, query);

    public int[] ExactNearest(float* query, int k)
    {
        RowScorer<SquaredL2> scorer = ScorerOf(query);
        return [.. Enumerable.Range(0, Rows.Count)
            .Select(node => new Neighbor(node, scorer.Score(node))).Order().Take(k).Select(n => n.Node)];
    }

    public void Dispose()
    {
        Rows.Dispose();
        Storage.Dispose();
    }
}
