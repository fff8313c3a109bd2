using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Segments;

/// <summary>
/// Measures the recall of a segment by several trials with one kind of queries: so many that chance hardly shows, and no more than the
/// building of the segment allows. The result does not depend on the number of threads.
/// </summary>
/// <param name="searcher">Of the segment.</param>
/// <param name="segment">The segment.</param>
/// <param name="inDegrees">Links to each node on level 0.</param>
/// <param name="threads">Threads at most.</param>
/// <param name="cancellation">Ends it early.</param>
internal sealed unsafe class RecallMeasurement(
    SegmentSearcher searcher, SegmentView segment, int[] inDegrees, int threads, CancellationToken cancellation)
{
    /// <summary>Queries between two looks at the standard error; a multiple of what a few threads do at once.</summary>
    private const int Batch = 64;

    /// <summary>Queries of the walks that are cut: their curves are read coarsely.</summary>
    private const int CutQueries = 64;

    /// <summary>Standard error of the recall at <see cref="JudgedEf"/> and wider beams that is small enough.</summary>
    private const double WantedError = 0.005;

    private const int JudgedEf = 32;

    /// <summary>Queries where a segment is small.</summary>
    private const int FewQueries = 512;

    /// <summary>A larger segment is measured by one query for so many rows: measuring must not cost more than building.</summary>
    private const int RowsPerQuery = 128;

    /// <summary>Multiply-adds that the exact answers may cost: seconds on one core.</summary>
    private const double ExactBudget = 2e10;

    /// <summary>Fewest queries, whatever their exact answers cost.</summary>
    private const int LeastQueries = 32;

    /// <summary>Part of the rows between one that is asked and the next, so that the first few are spread as evenly as all.</summary>
    private const double GoldenShare = 0.6180339887498949;

    /// <summary>A norm that can be divided by.</summary>
    private const float LeastNorm = 1e-18f;

    private static readonly int[] Widths10 = [10, 16, 32, 64, 128, 256, 512];
    private static readonly int[] Widths100 = [100, 128, 192, 256, 512];

    /// <summary>Beam width of the walks that are cut. How far a walk has come depends little on how far it would go.</summary>
    private const int CutWidth = 1024;

    /// <summary>Expansions; walks look at their budget every 16.</summary>
    private static readonly int[] Cuts = [16, 32, 64, 128, 256, 512];

    /// <summary>Whole walks first; of those that are alike but for k the one with the larger k, whose results serve both.</summary>
    private static readonly RecallTrial[] AllTrials =
    [
        .. Widths10.Select(static ef => new RecallTrial(10, ef, 0)).Concat(Widths100.Select(static ef => new RecallTrial(100, ef, 0)))
            .OrderBy(static trial => trial.Ef).ThenByDescending(static trial => trial.K),
        .. Cuts.SelectMany(static cut => new[] { new RecallTrial(100, CutWidth, cut), new RecallTrial(10, CutWidth, cut) }),
    ];

    private static readonly int WholeTrials = AllTrials.Count(static trial => trial.Cut == 0);

    /// <summary>The trials, in the order of <see cref="MeasuredRecall"/>.</summary>
    public static ReadOnlySpan<RecallTrial> Trials => AllTrials;

    /// <summary>Rows spread over the segment are the queries; walks do not see them.</summary>
    public MeasuredRecall OfRows()
    {
        int[] rows = SpreadRows();
        return Measure(rows.Length, i => (new ReadOnlySpan<float>(segment.Row(rows[i]), segment.Dimension).ToArray(), rows[i]));
    }

    /// <summary>Sums of two rows each are the queries: like no row, and between two.</summary>
    public MeasuredRecall OfSums() => OfPairs(static (_, _) => (0.5f, 0.5f)); // halves, so that nothing overflows

    /// <summary>Differences of the directions of two rows each are the queries: like no row, and away from what all rows share.</summary>
    public MeasuredRecall OfDifferences() => OfPairs(static (first, second) => (1 / first, -1 / second));

    /// <summary>Queries that are really asked, spread over all that are given.</summary>
    public MeasuredRecall Of(IReadOnlyList<float[]> queries)
    {
        int count = queries.Count;
        int step = StepOf(count);
        return Measure(count, i => (queries[(int)((long)i * step % count)], -1));
    }

    /// <param name="weigh">Given the norms of two rows, above 0: what each is multiplied by.</param>
    private MeasuredRecall OfPairs(Func<float, float, (float First, float Second)> weigh)
    {
        int[] rows = SpreadRows();
        return Measure((rows.Length + 1) / 2, i => // a pair has two rows
        {
            float* first = segment.Row(rows[i]);
            float* second = segment.Row(rows[(i + rows.Length / 2) % rows.Length]);
            (float one, float other) = weigh(NormOf(first), NormOf(second));
            float[] query = new float[segment.Dimension];
            for (int component = 0; component < query.Length; component++)
                query[component] = one * first[component] + other * second[component];
            return (query, -1);
        });
    }

    /// <summary>Norm of a row; the least that can be divided by where it is 0.</summary>
    private float NormOf(float* row) => Math.Max(TemperedNorm.NormOf(row, segment.RowStride), LeastNorm);

    /// <summary>
    /// Rows in an order of which any first part is spread over the segment: those on level 0 only, as 15 of 16 are at the default M,
    /// because upper levels lead to the others; and not the entry point, from which every walk starts. Rows that are too long to be asked
    /// with are left out.
    /// </summary>
    private int[] SpreadRows()
    {
        int step = StepOf(segment.Count);
        int most = MostOf(segment.Count);
        List<int> rows = new(most);
        for (int i = 0; i < segment.Count && rows.Count < most; i++)
        {
            int row = (int)((long)i * step % segment.Count);
            if (segment.Graph.LevelOf(row) == 0 && row != segment.Graph.EntryPoint && IsQuery(row))
                rows.Add(row);
        }
        if (rows.Count == 0)
            rows.AddRange(Enumerable.Range(0, segment.Count).Where(IsQuery)); // too few rows to choose from
        return [.. rows];
    }

    private bool IsQuery(int row) =>
        RowPreparation.IsQuery(segment.Metric, new ReadOnlySpan<float>(segment.Row(row), segment.Dimension));

    /// <summary>A step that comes to every number below a count before it comes to one again.</summary>
    private static int StepOf(int count)
    {
        int step = Math.Max(1, (int)(count * GoldenShare));
        while (step > 1 && System.Numerics.BigInteger.GreatestCommonDivisor(step, count) > 1)
            step--;
        return step;
    }

    private int MostOf(int queries)
    {
        double paid = ExactBudget / ((double)segment.Count * segment.RowStride);
        int affordable = (int)Math.Clamp(paid, LeastQueries, SegmentBuildOptions.MostQueries);
        return Math.Min(Math.Min(queries, affordable), Math.Max(FewQueries, segment.Count / RowsPerQuery));
    }

    private MeasuredRecall Measure(int asked, Func<int, (float[] Query, int Row)> queryOf)
    {
        int most = MostOf(asked);
        MeasuredRecall measured = new(AllTrials.Length);
        for (int from = 0; from < most; from += Batch)
        {
            int first = from;
            int count = Math.Min(Batch, most - from);
            int trials = from < CutQueries ? AllTrials.Length : WholeTrials;
            TrialResult[] results = new TrialResult[count * trials];
            (float[] Query, int Row)[] queries = new (float[], int)[count];
            using VectorTable prepared = new(count, segment.Dimension);
            for (int i = 0; i < count; i++)
            {
                queries[i] = queryOf(first + i);
                RowPreparation.Prepare(segment.Metric, queries[i].Query, prepared.Values(i), "query", first + i);
            }
            ExactNeighbors exact = new(segment.Metric, prepared, RecallTrials.KnownOf(segment.Count));
            exact.Scan(segment.Rows, segment.Count, firstRow: 0, threads, cancellation);
            ParallelBuild.For(count, threads, grain: 1, (_, start, end) =>
            {
                RecallTrials search = new(searcher, segment, inDegrees);
                for (int i = start; i < end; i++)
                {
                    (float[] query, int row) = queries[i];
                    search.Run(query, exact.Sorted(i), row, AllTrials.AsSpan(0, trials), results.AsSpan(i * trials, trials));
                }
            }, cancellation);
            measured.Add(results, count);
            if (LargestError(measured) <= WantedError)
                break;
        }
        return measured;
    }

    private static double LargestError(MeasuredRecall measured)
    {
        double largest = 0;
        for (int trial = 0; trial < WholeTrials; trial++)
            if (AllTrials[trial].Ef >= JudgedEf)
                largest = Math.Max(largest, measured.ErrorOf(trial));
        return largest;
    }
}

/// <summary>Recall over several queries, by trial.</summary>
/// <param name="trials">Trials there are.</param>
internal sealed class MeasuredRecall(int trials)
{
    private readonly long[] _right = new long[trials];
    private readonly long[] _wanted = new long[trials];
    private readonly double[] _squares = new double[trials];
    private readonly int[] _queries = new int[trials];

    /// <summary>Queries measured.</summary>
    public int Queries => _queries[0];

    /// <summary>Adds the results of some queries: the first trials of each, one query after another.</summary>
    public void Add(ReadOnlySpan<TrialResult> results, int queries)
    {
        int each = results.Length / queries;
        for (int i = 0; i < results.Length; i++)
        {
            int trial = i % each;
            TrialResult result = results[i];
            double recall = result.Wanted == 0 ? 1 : (double)result.Right / result.Wanted;
            _right[trial] += result.Right;
            _wanted[trial] += result.Wanted;
            _squares[trial] += recall * recall;
            _queries[trial]++;
        }
    }

    /// <summary>Recall of a trial, 0 to 1.</summary>
    public double RecallOf(int trial) => _wanted[trial] == 0 ? 1 : (double)_right[trial] / _wanted[trial];

    /// <summary>Standard error of that, never quite 0: where hardly anything is missed a sample does not show how much it may be.</summary>
    public double ErrorOf(int trial)
    {
        int queries = _queries[trial];
        double recall = RecallOf(trial);
        double variance = Math.Max(0, _squares[trial] / queries - recall * recall);
        return Math.Sqrt(variance / queries) + 0.25 / queries;
    }
}
