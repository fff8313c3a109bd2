using Ann.Bench.Sets;
using Ann.Core.Files;
using Ann.Core.Keys;
using Ann.Core.Searching;
using Ann.Core.Segments;

namespace Ann.Bench.Micro;

/// <summary>How large the sets of the micro-benchmarks are. One value a process.</summary>
/// <param name="Rows">Rows of the index.</param>
/// <param name="Dimension">Components of a row.</param>
/// <param name="Queries">Distinct queries.</param>
internal sealed record MicroScale(int Rows, int Dimension, int Queries)
{
    /// <summary>What a measurement takes.</summary>
    public static MicroScale Full { get; } = new(100_000, 128, 256);

    /// <summary>Enough to run every line once.</summary>
    public static MicroScale Smoke { get; } = new(1_500, 24, 4);

    /// <summary>The one in use.</summary>
    public static MicroScale Current { get; set; } = Full;
}

/// <summary>A clustered set as an <c>.ann</c> file in a temporary directory, with queries.</summary>
internal sealed class MicroSet : IDisposable
{
    private readonly ClusteredLaw _law = new(1, MicroScale.Current.Dimension);
    private readonly string _directory = Directory.CreateTempSubdirectory("ann-bench-").FullName;

    /// <param name="layout">Of the segment.</param>
    public MicroSet(SegmentLayout layout)
    {
        MicroScale scale = MicroScale.Current;
        Path = System.IO.Path.Combine(_directory, "micro.ann");
        using SegmentBuilder builder = new(scale.Rows, scale.Dimension, new SegmentBuildOptions { Metric = _law.Metric, Layout = layout });
        float[] row = new float[scale.Dimension];
        for (int i = 0; i < scale.Rows; i++)
        {
            _law.Draw(VectorLaw.BaseStream, i, row);
            builder.Add(row);
        }
        builder.Build(KeyColumn.Ordinals(scale.Rows));
        builder.Write(PhysicalFileSystem.Instance, Path);
        Segment = SealedSegment.Open(PhysicalFileSystem.Instance, Path);
        Queries = new float[scale.Queries][];
        for (int i = 0; i < scale.Queries; i++)
            _law.Draw(VectorLaw.QueryStream, i, Queries[i] = new float[scale.Dimension]);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The file, open.</summary>
    public SealedSegment Segment { get; }

    /// <summary>Queries of the same law.</summary>
    public float[][] Queries { get; }

    /// <summary>Mean recall, and distances computed for a query.</summary>
    public (double Recall, double Visited) Figures(SearchParameters parameters)
    {
        Neighbor[] exact = new Neighbor[parameters.K];
        Neighbor[] found = new Neighbor[parameters.K];
        long right = 0;
        long visited = 0;
        foreach (float[] query in Queries)
        {
            int count = Segment.Search(query, new SearchParameters(parameters.K, Exact: true), SearchBudget.Unlimited, exact, out _);
            int results = Segment.Search(query, in parameters, SearchBudget.Unlimited, found, out SearchStatistics statistics);
            right += TieAwareRecall.Of(exact.AsSpan(0, count)).CountRight(found.AsSpan(0, results));
            visited += statistics.Visited;
        }
        return ((double)right / Queries.Length / parameters.K, (double)visited / Queries.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Segment.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
