using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Measures the certificate of a segment that was just built. The result does not depend on the number of threads.</summary>
internal static unsafe class CertificateMeasurement
{
    private const int K = 10;
    private const int MinQueries = 32;
    private const int MaxQueries = 256;

    /// <summary>Multiply-adds that the exact answers may cost: seconds on one core.</summary>
    private const double ExactBudget = 2e10;

    private static readonly int[] BeamWidths = [16, 32, 64, 128, 256];

    public static Certificate Measure(
        in SegmentView segment, int repaired, int threads, Action<int>? progress, CancellationToken cancellation)
    {
        HnswGraph graph = segment.Graph;
        int[] inDegrees = new int[graph.Count];
        long links = 0;
        int minDegree = int.MaxValue;
        for (int node = 0; node < graph.Count; node++)
        {
            ReadOnlySpan<int> neighbors = graph.Neighbors(0, node);
            links += neighbors.Length;
            minDegree = Math.Min(minDegree, neighbors.Length);
            foreach (int neighbor in neighbors)
                inDegrees[neighbor]++;
        }

        Certificate certificate = new()
        {
            Reachable = Reachability.Count(in graph),
            Repaired = repaired,
            MaxLevel = graph.MaxLevel,
            MeanDegree = Math.Round((double)links / graph.Count, 3),
            MinDegree = minDegree,
            MinInDegree = inDegrees.Min(),
            MaxInDegree = inDegrees.Max(),
            Norms = MeasureNorms(in segment),
            EfRecall = MeasureRecall(segment, threads, cancellation),
        };
        progress?.Invoke(graph.Count);
        return certificate;
    }

    private static NormSummary MeasureNorms(in SegmentView segment)
    {
        float[] norms = new float[segment.Count];
        for (int node = 0; node < norms.Length; node++)
            norms[node] = MathF.Sqrt(-NegativeDot.Between(segment.Row(node), segment.Row(node), (nuint)segment.RowStride));
        Array.Sort(norms);
        return new NormSummary
        {
            Min = norms[0],
            Median = norms[norms.Length / 2],
            P99 = norms[(int)((norms.Length - 1) * 0.99)],
            Max = norms[^1],
        };
    }

    /// <summary>Rows evenly spaced over the segment are the queries; each counts itself among its nearest, as its user would.</summary>
    private static List<EfRecall> MeasureRecall(SegmentView segment, int threads, CancellationToken cancellation)
    {
        int k = Math.Min(K, segment.Count);
        int queries = (int)Math.Clamp(ExactBudget / ((double)segment.Count * segment.RowStride), MinQueries, MaxQueries);
        queries = Math.Min(queries, segment.Count);
        int[] found = new int[queries * BeamWidths.Length];

        using SegmentSearcher searcher = new(segment, keys: null);
        ParallelBuild.For(queries, threads, grain: 1, (_, from, to) =>
        {
            Neighbor[] results = new Neighbor[k];
            for (int i = from; i < to; i++)
            {
                int row = (int)((long)i * segment.Count / queries);
                ReadOnlySpan<float> query = new(segment.Row(row), segment.Dimension);
                Count(searcher, query, results, found.AsSpan(i * BeamWidths.Length, BeamWidths.Length));
            }
        }, cancellation);

        List<EfRecall> curve = [];
        for (int width = 0; width < BeamWidths.Length; width++)
        {
            long hits = 0;
            for (int i = 0; i < queries; i++)
                hits += found[i * BeamWidths.Length + width];
            curve.Add(new EfRecall(BeamWidths[width], Math.Round((double)hits / ((long)queries * k), 4)));
        }
        return curve;
    }

    /// <summary>Results at least as near as the k-th exact one, per beam width: equal distances are equally right.</summary>
    private static void Count(SegmentSearcher searcher, ReadOnlySpan<float> query, Neighbor[] results, Span<int> hits)
    {
        int k = searcher.Search(query, new SearchParameters(results.Length, Exact: true), SearchBudget.Unlimited, results, out _);
        float farthest = results[k - 1].Distance;
        for (int width = 0; width < hits.Length; width++)
        {
            int ef = Math.Max(BeamWidths[width], results.Length);
            int count = searcher.Search(query, new SearchParameters(results.Length, ef), SearchBudget.Unlimited, results, out _);
            foreach (Neighbor result in results.AsSpan(0, count))
                hits[width] += result.Distance <= farthest ? 1 : 0;
        }
    }
}
