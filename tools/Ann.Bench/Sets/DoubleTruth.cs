using Ann.Core;

namespace Ann.Bench.Sets;

/// <summary>
/// True neighbours in double precision, by looking at every row for every query: for small sets whose rows float32 cannot tell apart.
/// </summary>
internal static class DoubleTruth
{
    /// <summary>The k nearest rows of every query, nearest first, ties by row.</summary>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="rows">Base rows, at least k.</param>
    /// <param name="queries">Queries.</param>
    /// <param name="k">Neighbours of a query.</param>
    /// <param name="threads">How many; the result is the same.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static ExactTruth Compute(
        Metric metric, float[][] rows, float[][] queries, int k, int threads, CancellationToken cancellation)
    {
        ExactTruth truth = new(k, new int[queries.Length * k], new float[queries.Length * k]);
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, queries.Length, options, query =>
        {
            double[] distances = new double[rows.Length];
            int[] order = new int[rows.Length];
            for (int row = 0; row < rows.Length; row++)
            {
                distances[row] = Distance(metric, queries[query], rows[row]);
                order[row] = row;
            }
            Array.Sort(order, (a, b) => distances[a] != distances[b] ? distances[a].CompareTo(distances[b]) : a.CompareTo(b));
            for (int i = 0; i < k; i++)
            {
                truth.Rows[(query * k) + i] = order[i];
                truth.Distances[(query * k) + i] = (float)distances[order[i]];
            }
        });
        return truth;
    }

    /// <summary>Squared Euclidean distance, or the negated (cosine) product. Cosine of a zero row is not defined.</summary>
    public static double Distance(Metric metric, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0, squaresA = 0, squaresB = 0;
        if (metric.Traits().IsSquared)
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
        return metric.Traits().HasUnitRows ? -sum / Math.Sqrt(squaresA * squaresB) : -sum;
    }
}
