using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Searching;

namespace Ann.Bench.Curves;

/// <summary>
/// Recall of answers against exact truth, by <see cref="TieAwareRecall"/> over distances that are computed anew in double precision. What
/// float32 cannot tell apart is tied: engines rank by it. An item given twice is right once.
/// </summary>
internal sealed class AnswerCheck
{
    private readonly Metric _metric;
    private readonly float[][] _base;
    private readonly float[][] _queries;
    private readonly int _k;
    private readonly TieAwareRecall[] _truth;
    private readonly Dictionary<(ulong Hash, int Length), double> _known = [];

    /// <param name="metric">How nearness is measured.</param>
    /// <param name="rows">Base rows as they are in the file.</param>
    /// <param name="queries">Queries as they are in the file.</param>
    /// <param name="truth">Of at least k neighbours a query.</param>
    /// <param name="k">Results of a query.</param>
    public AnswerCheck(Metric metric, float[][] rows, float[][] queries, ExactTruth truth, int k)
    {
        _metric = metric;
        _base = rows;
        _queries = queries;
        _k = k;
        _truth = new TieAwareRecall[queries.Length];
        double[] exact = new double[k];
        for (int query = 0; query < queries.Length; query++)
        {
            int last = truth.Rows[query * truth.K];
            for (int i = 0; i < k; i++)
            {
                int row = truth.Rows[query * truth.K + i];
                exact[i] = Distance(query, row);
                last = exact[i] > Distance(query, last) ? row : last;
            }
            _truth[query] = TieAwareRecall.Of(exact, ScaleOf(metric.Traits(), queries[query], rows[last]));
        }
    }

    /// <summary>Rows of a file, in memory.</summary>
    public static float[][] Load(IFileSystem files, string path)
    {
        using VectorReader reader = VectorFile.OpenReader(files, path);
        float[][] rows = new float[checked((int)reader.Count)][];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = new float[reader.Dimension];
            reader.ReadRows(rows[row]);
        }
        return rows;
    }

    /// <summary>Mean recall of answers to the first queries.</summary>
    /// <param name="answers">k rows a query, −1 where an engine found fewer.</param>
    /// <exception cref="AnnException">InvalidArgument: an answer that is no row of the base.</exception>
    public double Recall(ReadOnlySpan<int> answers)
    {
        // Rounds repeat each other's answers; the check need not.
        (ulong, int) key = (XxHash3.HashToUInt64(MemoryMarshal.AsBytes(answers)), answers.Length);
        if (_known.TryGetValue(key, out double known))
            return known;

        long right = 0;
        for (int query = 0; query < answers.Length / _k; query++)
            right += CountRight(query, answers.Slice(query * _k, _k));
        double recall = (double)right / answers.Length;
        _known.Add(key, recall);
        return recall;
    }

    private int CountRight(int query, ReadOnlySpan<int> answer)
    {
        TieAwareRecall truth = _truth[query];
        (int nearer, int tied) = (0, 0);
        HashSet<int> seen = [];
        foreach (int row in answer)
        {
            if (row < -1 || row >= _base.Length)
                throw AnnException.Invalid("engines", $"an engine answered row {row}; the base has {_base.Length}.");
            if (row < 0 || !seen.Add(row))
                continue;
            double distance = Distance(query, row);
            nearer += truth.IsNearer(distance) ? 1 : 0;
            tied += truth.IsTied(distance) ? 1 : 0;
        }
        return truth.CountRight(nearer, tied);
    }

    /// <summary>Size of the numbers that a distance is summed from: engines round to it.</summary>
    private static double ScaleOf(MetricTraits metric, float[] query, float[] row) =>
        metric.IsSquared ? 0 : metric.HasUnitRows ? 1 : Norm(query) * Norm(row);

    private static double Norm(float[] row) => Math.Sqrt(row.Sum(static value => (double)value * value));

    private double Distance(int query, int row) => DoubleTruth.Distance(_metric, _queries[query], _base[row]);
}
