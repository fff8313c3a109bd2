using Ann.Core;
using Ann.Core.Searching;
using Ann.Core.Segments;
using Ann.Tests.Segments;

namespace Ann.Tests.Recall;

/// <summary>Segments whose recall is measured, built once, and queries that are none of their rows.</summary>
public sealed class MeasuredSegments : IDisposable
{
    public const int Seed = 20261101;
    private const int Count = 8000;
    private const int Dimension = 48;
    private const int QueryCount = 120;
    private static readonly float[][] Vectors = SegmentFixture.Clustered(Count + QueryCount, Dimension, Seed, clusters: 60);

    private readonly SealedSegment[] _all =
    [
        Build(Metric.L2, CodesKind.F32, SegmentLayout.Lean), Build(Metric.Cosine, CodesKind.Int8, SegmentLayout.Fast),
    ];

    internal delegate double Estimate(int rows, in SearchStatistics statistics);

    internal IReadOnlyList<SealedSegment> All => _all;

    public static float[][] Queries => Vectors[Count..];

    /// <summary>Mean recall over the queries, and mean estimate.</summary>
    internal (double Recall, double Estimate) Compare(SealedSegment segment, int k, int ef, int looks, Estimate estimate)
    {
        Neighbor[] exact = new Neighbor[k];
        Neighbor[] found = new Neighbor[k];
        double recall = 0;
        double estimates = 0;
        foreach (float[] query in Queries)
        {
            segment.Search(query, new SearchParameters(k, Exact: true), SearchBudget.Unlimited, exact, out _);
            SearchBudget budget = SearchBudget.Unlimited with { Limit = new CheckLimit(looks) };
            int count = segment.Search(query, new SearchParameters(k, Math.Max(ef, k)), budget, found, out SearchStatistics statistics);
            recall += TieAwareRecall.Of(exact).RecallOf(found.AsSpan(0, count));
            estimates += estimate(segment.Count, in statistics);
        }
        return (recall / QueryCount, estimates / QueryCount);
    }

    public void Dispose()
    {
        foreach (SealedSegment segment in _all)
            segment.Dispose();
    }

    private static SealedSegment Build(Metric metric, CodesKind codes, SegmentLayout layout) => SegmentFixture.Seal(
        Vectors[..Count], SegmentFixture.Options(metric, codes, threads: 2) with { M = 8, EfConstruction = 60, Layout = layout });
}
