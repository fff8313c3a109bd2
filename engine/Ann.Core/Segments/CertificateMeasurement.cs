using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Measures the certificate of a segment that was just built. The result does not depend on the number of threads.</summary>
internal static unsafe class CertificateMeasurement
{
    private const int MinQueries = 32;
    private const int MaxQueries = 256;

    /// <summary>A segment of fewer rows is measured by fewer queries: measuring must not cost more than building.</summary>
    private const int RowsPerQuery = 64;

    /// <summary>Beam width of the walks that are cut. How far a walk has come depends little on how far it would go.</summary>
    private const int CutWidth = 1024;

    /// <summary>Multiply-adds that the exact answers may cost: seconds on one core.</summary>
    private const double ExactBudget = 2e10;

    private static readonly int[] Widths10 = [10, 16, 32, 64, 128, 256, 512];
    private static readonly int[] Widths100 = [100, 128, 192, 256, 512];

    /// <summary>Expansions; walks look at their budget every 16.</summary>
    private static readonly int[] Cuts = [16, 32, 64, 128, 256, 512];

    private static readonly RecallTrial[] Trials = MakeTrials();

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
        };
        certificate = MeasureRecall(certificate, segment, threads, cancellation);
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

    /// <summary>
    /// Rows evenly spaced over the segment are the queries. A row is not counted among its own nearest, and walks do not see it: a real
    /// query has no such neighbour.
    /// </summary>
    private static Certificate MeasureRecall(Certificate certificate, SegmentView segment, int threads, CancellationToken cancellation)
    {
        if (segment.Count == 1)
            return certificate; // it has no other rows
        int queries = (int)Math.Clamp(ExactBudget / ((double)segment.Count * segment.RowStride), MinQueries, MaxQueries);
        queries = Math.Min(queries, Math.Max(MinQueries, segment.Count / RowsPerQuery));
        queries = Math.Min(queries, segment.Count);
        if (!IsQuery(in segment, RowNear(in segment, 0)))
            return certificate;
        int[] found = new int[queries * Trials.Length];

        using SegmentSearcher searcher = new(segment, keys: null);
        ParallelBuild.For(queries, threads, grain: 1, (_, from, to) =>
        {
            RecallTrials trials = new(searcher, segment.Count);
            for (int i = from; i < to; i++)
            {
                int row = RowNear(in segment, (int)((long)i * segment.Count / queries));
                ReadOnlySpan<float> query = new(segment.Row(row), segment.Dimension);
                trials.Run(query, row, Trials, found.AsSpan(i * Trials.Length, Trials.Length));
            }
        }, cancellation);

        double[] recall = new double[Trials.Length];
        for (int trial = 0; trial < recall.Length; trial++)
        {
            long hits = 0;
            for (int i = 0; i < queries; i++)
                hits += found[i * Trials.Length + trial];
            recall[trial] = Math.Round((double)hits / ((long)queries * Math.Min(Trials[trial].K, segment.Count - 1)), 4);
        }
        return certificate with
        {
            EfRecall = Curve(10, recall),
            EfRecall100 = Curve(100, recall),
            CutRecall = [.. Trials.Index().Where(static trial => trial.Item.Cut > 0)
                .Select(trial => new CutRecall(trial.Item.K, trial.Item.Cut, recall[trial.Index]))],
        };
    }

    /// <summary>
    /// A row at a place or after it that may be a query and is on no upper level, as 15 of 16 are: upper levels lead to the others.
    /// </summary>
    private static int RowNear(in SegmentView segment, int row)
    {
        HnswGraph graph = segment.Graph;
        for (int i = 0; i < graph.Count; i++)
        {
            int other = (row + i) % graph.Count;
            if (graph.LevelOf(other) == 0 && IsQuery(in segment, other))
                return other;
        }
        return row;
    }

    private static bool IsQuery(in SegmentView segment, int row) =>
        RowPreparation.IsQuery(segment.Metric, new ReadOnlySpan<float>(segment.Row(row), segment.Dimension));

    private static List<EfRecall> Curve(int k, double[] recall) =>
        [.. Trials.Index().Where(trial => trial.Item.Cut == 0 && trial.Item.K == k)
            .Select(trial => new EfRecall(trial.Item.Ef, recall[trial.Index]))];

    private static RecallTrial[] MakeTrials()
    {
        List<RecallTrial> trials = [];
        trials.AddRange(Widths10.Select(static ef => new RecallTrial(10, ef, 0)));
        trials.AddRange(Widths100.Select(static ef => new RecallTrial(100, ef, 0)));
        trials.AddRange(Cuts.Select(static cut => new RecallTrial(10, CutWidth, cut)));
        trials.AddRange(Cuts.Select(static cut => new RecallTrial(100, CutWidth, cut)));
        return [.. trials];
    }
}
