using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>Measures the certificate of a segment that was just built. The result does not depend on the number of threads.</summary>
internal static unsafe class CertificateMeasurement
{
    /// <summary>Norms that differ by less than this share are equal: inner product is cosine then, whose rows are no easier.</summary>
    private const float EqualNorms = 0.01f;

    /// <summary>Measures what a certificate tells.</summary>
    /// <param name="segment">What was built.</param>
    /// <param name="repaired">Links added or exchanged to make every node reachable.</param>
    /// <param name="queries">What recall is measured with; null for rows.</param>
    /// <param name="threads">Threads at most.</param>
    /// <param name="progress">Told the number of nodes in the end.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static Certificate Measure(
        in SegmentView segment, int repaired, CertificateQueries? queries, int threads, Action<int>? progress,
        CancellationToken cancellation)
    {
        HnswGraph graph = segment.Graph;
        int[] inDegrees = new int[graph.Count];
        long[] degrees = new long[graph.M0 + 1];
        long links = 0;
        int nodes = 0;
        int minDegree = int.MaxValue;
        for (int node = 0; node < graph.Count; node++)
        {
            if (graph.Copies.IsCopy(node))
                continue;
            nodes++;
            ReadOnlySpan<int> neighbors = graph.Neighbors(0, node);
            links += neighbors.Length;
            degrees[neighbors.Length]++;
            minDegree = Math.Min(minDegree, neighbors.Length);
            foreach (int neighbor in neighbors)
                inDegrees[neighbor]++;
        }

        (NormSummary norms, Histogram normCounts) = MeasureNorms(in segment);
        Certificate certificate = new()
        {
            Reachable = Reachability.Count(in graph),
            Repaired = repaired,
            Copies = graph.Count - nodes,
            MaxLevel = graph.MaxLevel,
            MeanDegree = Math.Round((double)links / nodes, 3),
            MinDegree = minDegree,
            MinInDegree = inDegrees.Where((_, node) => !graph.Copies.IsCopy(node)).Min(),
            MaxInDegree = inDegrees.Max(),
            Degrees = Histogram.OfFrequencies(degrees),
            InDegrees = Histogram.OfNumbers(inDegrees, idleZeros: graph.Count - nodes),
            Norms = norms,
            NormCounts = normCounts,
        };
        using SegmentSearcher searcher = new(segment, keys: null);
        RecallMeasurement measurement = new(searcher, segment, inDegrees, threads, cancellation);
        certificate = queries is null
            ? MeasureByRows(certificate, segment, measurement)
            : MeasureByQueries(certificate, queries, measurement);
        progress?.Invoke(graph.Count);
        return certificate;
    }

    private static (NormSummary Norms, Histogram Counts) MeasureNorms(in SegmentView segment)
    {
        float[] norms = new float[segment.Count];
        for (int node = 0; node < norms.Length; node++)
            norms[node] = MathF.Sqrt(-NegativeDot.Between(segment.Row(node), segment.Row(node), (nuint)segment.RowStride));
        Array.Sort(norms);
        NormSummary summary = new()
        {
            Min = norms[0],
            Median = norms[norms.Length / 2],
            P99 = norms[(int)((norms.Length - 1) * 0.99)],
            Max = norms[^1],
        };
        return (summary, Histogram.OfSizes(norms));
    }

    private static Certificate MeasureByQueries(Certificate certificate, CertificateQueries queries, RecallMeasurement measurement)
    {
        MeasuredRecall measured = measurement.Of(queries.Vectors);
        return WithRecall(certificate, measured.RecallOf) with
        {
            QuerySource = queries.Source,
            Queries = measured.Queries,
            QueryFile = queries.File,
        };
    }

    /// <summary>
    /// Rows stand in for queries. Under inner product what is asked is seldom like what is stored, and then harder: sums and differences of
    /// rows show by how much, and no point promises more than they found. ADR 0022 has the figures.
    /// </summary>
    private static Certificate MeasureByRows(Certificate certificate, SegmentView segment, RecallMeasurement measurement)
    {
        if (segment.Count == 1)
            return certificate; // it has no other rows
        MeasuredRecall rows = measurement.OfRows();
        if (rows.Queries == 0)
            return certificate; // files of before there was a limit may hold nothing but rows that are too long to be asked with
        certificate = certificate with { QuerySource = CertificateQueries.Rows, Queries = rows.Queries };
        if (!segment.Metric.Traits().TempersNorms || certificate.Norms.Max <= certificate.Norms.Min * (1 + EqualNorms))
            return WithRecall(certificate, rows.RecallOf);

        MeasuredRecall[] harder = [measurement.OfSums(), measurement.OfDifferences()];
        double discount = 0;
        for (int trial = 0; trial < RecallMeasurement.Trials.Length; trial++)
            if (RecallMeasurement.Trials[trial].Cut == 0)
                discount = Math.Max(discount, rows.RecallOf(trial) - Promised(trial));
        return WithRecall(certificate, Promised) with { Discount = Math.Round(discount, 4) };

        double Promised(int trial) => Math.Min(rows.RecallOf(trial), harder.Min(measured => measured.RecallOf(trial)));
    }

    private static Certificate WithRecall(Certificate certificate, Func<int, double> recallOf)
    {
        List<EfRecall> ten = [];
        List<EfRecall> hundred = [];
        List<CutRecall> cut = [];
        for (int i = 0; i < RecallMeasurement.Trials.Length; i++)
        {
            RecallTrial trial = RecallMeasurement.Trials[i];
            double recall = Math.Round(recallOf(i), 4);
            if (trial.Cut > 0)
                cut.Add(new CutRecall(trial.K, trial.Cut, recall));
            else
                (trial.K == 10 ? ten : hundred).Add(new EfRecall(trial.Ef, recall));
        }
        return certificate with { EfRecall = ten, EfRecall100 = hundred, CutRecall = [.. cut.OrderBy(static point => point.K)] };
    }
}
