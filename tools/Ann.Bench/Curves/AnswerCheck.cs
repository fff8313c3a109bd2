using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Bench.Curves;

/// <summary>
/// Recall of answers against exact truth. An answer is right when its distance, computed anew in double precision, is no farther than
/// the k-th true neighbour's but for a relative 10⁻⁶: items at equal distance are equally right. An item given twice is right once.
/// </summary>
internal sealed class AnswerCheck
{
    private const double Tolerance = 1e-6;

    private readonly Metric _metric;
    private readonly float[][] _base;
    private readonly float[][] _queries;
    private readonly int _k;
    private readonly double[] _farthest;
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
        _farthest = new double[queries.Length];
        for (int query = 0; query < queries.Length; query++)
        {
            _farthest[query] = double.NegativeInfinity;
            foreach (int row in truth.Rows.AsSpan(query * truth.K, k))
                _farthest[query] = Math.Max(_farthest[query], Distance(query, row));
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
        HashSet<int> seen = [];
        for (int i = 0; i < answers.Length; i++)
        {
            if (i % _k == 0)
                seen.Clear();
            int row = answers[i];
            if (row < -1 || row >= _base.Length)
                throw AnnException.Invalid("engines", $"an engine answered row {row}; the base has {_base.Length}.");
            if (row >= 0 && seen.Add(row) && IsRight(i / _k, row))
                right++;
        }
        double recall = (double)right / answers.Length;
        _known.Add(key, recall);
        return recall;
    }

    private bool IsRight(int query, int row) =>
        Distance(query, row) <= _farthest[query] + (Tolerance * Math.Max(Math.Abs(_farthest[query]), Tolerance));

    private double Distance(int query, int row)
    {
        float[] a = _queries[query];
        float[] b = _base[row];
        double sum = 0, squaresA = 0, squaresB = 0;
        if (_metric == Metric.L2)
        {
            for (int i = 0; i < a.Length; i++)
                sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            return sum;
        }
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
            squaresA += (double)a[i] * a[i];
            squaresB += (double)b[i] * b[i];
        }
        return _metric == Metric.Cosine ? -sum / Math.Sqrt(squaresA * squaresB) : -sum;
    }
}
