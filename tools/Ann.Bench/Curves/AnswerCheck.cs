using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Bench.Sets;
using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Bench.Curves;

/// <summary>
/// Recall of answers against exact truth, with distances computed anew in double precision: the items strictly nearer than the k-th true
/// neighbour that were found, and of those as far as it at most as many as belong into the answer, as a share of k. So items at equal
/// distance are equally right, and do not make up for nearer ones. An item given twice is right once.
/// </summary>
internal sealed class AnswerCheck
{
    /// <summary>
    /// Distances that differ by less, in units of what float32 rounds, are equal: of the distance under L2, of both norms' product under
    /// inner product, of 1 under cosine.
    /// </summary>
    private const double Tolerance = 1.0 / (1 << 22);

    private readonly Metric _metric;
    private readonly float[][] _base;
    private readonly float[][] _queries;
    private readonly int _k;
    private readonly double[] _nearer;
    private readonly double[] _farthest;
    private readonly int[] _countNearer;
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
        _nearer = new double[queries.Length];
        _farthest = new double[queries.Length];
        _countNearer = new int[queries.Length];
        for (int query = 0; query < queries.Length; query++)
        {
            ReadOnlySpan<int> nearest = truth.Rows.AsSpan(query * truth.K, k);
            int last = nearest[0];
            foreach (int row in nearest)
                last = Distance(query, row) > Distance(query, last) ? row : last;
            double distance = Distance(query, last);
            double equal = Tolerance * metric switch
            {
                Metric.L2 => distance,
                Metric.Cosine => 1,
                _ => Norm(queries[query]) * Norm(rows[last]),
            };
            _nearer[query] = distance - equal;
            _farthest[query] = distance + equal;
            foreach (int row in nearest)
                _countNearer[query] += Distance(query, row) < _nearer[query] ? 1 : 0;
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
        for (int query = 0; query < answers.Length / _k; query++)
        {
            int nearer = 0, equal = 0;
            seen.Clear();
            foreach (int row in answers.Slice(query * _k, _k))
            {
                if (row < -1 || row >= _base.Length)
                    throw AnnException.Invalid("engines", $"an engine answered row {row}; the base has {_base.Length}.");
                if (row < 0 || !seen.Add(row))
                    continue;
                double distance = Distance(query, row);
                nearer += distance < _nearer[query] ? 1 : 0;
                equal += distance >= _nearer[query] && distance <= _farthest[query] ? 1 : 0;
            }
            right += nearer + Math.Min(equal, _k - _countNearer[query]);
        }
        double recall = (double)right / answers.Length;
        _known.Add(key, recall);
        return recall;
    }

    private double Distance(int query, int row) => DoubleTruth.Distance(_metric, _queries[query], _base[row]);

    private static double Norm(float[] row) => Math.Sqrt(-DoubleTruth.Distance(Metric.InnerProduct, row, row));
}
