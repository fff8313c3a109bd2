using System.Globalization;
using Ann.Core;
using Ann.Core.Distances;
using Ann.Core.Segments;
using Ann.Tool;

namespace Ann.Bench.Truth;

/// <summary>
/// How fast exact neighbours are found, beside the matrix product of OpenBLAS on the same shapes. The rounds alternate, so that a busy
/// machine is busy for both; the ratio is the median of the rounds' ratios.
/// </summary>
/// <param name="tool">Clock and console.</param>
/// <param name="threads">Of both.</param>
/// <param name="k">Neighbours of a query.</param>
internal sealed class TruthRate(ToolContext tool, int threads, int k)
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Rows of the base.</summary>
    public required int Rows { get; init; }

    /// <summary>Queries.</summary>
    public required int Queries { get; init; }

    /// <summary>Rounds, of which the median is told.</summary>
    public required int Rounds { get; init; }

    /// <summary>Prints a line a dimension.</summary>
    /// <param name="dimensions">Components of the vectors.</param>
    /// <param name="least">Share of OpenBLAS's rate that is demanded.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>True when every share is reached, or there is no OpenBLAS to compare with.</returns>
    public bool Run(IReadOnlyList<int> dimensions, double least, CancellationToken cancellation)
    {
        using OpenBlas? blas = OpenBlas.Find(threads);
        tool.Out.WriteLine(
            $"{Rows:N0} rows, {Queries:N0} queries, k {k}, {threads} thread(s), registers of {SimdWidth.Name} bits; "
            + $"medians of {Rounds} rounds");
        tool.Out.WriteLine(blas is null ? "OpenBLAS: not on this machine (Debian: libopenblas-dev)" : $"OpenBLAS: {blas.Description}");
        tool.Out.WriteLine("metric     dimension   truth GFLOP/s   sgemm GFLOP/s   truth / sgemm");
        bool isReached = true;
        foreach (int dimension in dimensions)
            foreach (Metric metric in Enum.GetValues<Metric>())
                isReached &= Measure(metric, dimension, blas, least, cancellation);
        return isReached;
    }

    private bool Measure(Metric metric, int dimension, OpenBlas? blas, double least, CancellationToken cancellation)
    {
        int block = Math.Min(Rows, TrueNeighbors.BlockRowsOf(dimension));
        float[] rows = Draw(block, dimension, seed: 1);
        float[] queries = Draw(Queries, dimension, seed: 2);
        using VectorTable rowTable = TableOf(rows, dimension);
        using VectorTable queryTable = TableOf(queries, dimension);
        float[] products = blas is null ? [] : new float[(long)Queries * block];
        int blocks = Math.Max(1, Rows / block);
        double work = 2.0 * blocks * block * Queries * dimension / 1e9;
        List<double> ours = [], theirs = [], ratios = [];
        for (int round = -1; round < Rounds; round++) // the first one warms up
        {
            cancellation.ThrowIfCancellationRequested();
            double own = Seconds(() => Search(metric, rowTable, queryTable, blocks, cancellation));
            double other = blas is null ? double.NaN : Seconds(() =>
            {
                for (int i = 0; i < blocks; i++)
                    blas.Multiply(queries, rows, dimension, products);
            });
            if (round < 0)
                continue;
            ours.Add(work / own);
            theirs.Add(work / other);
            ratios.Add(other / own);
        }
        double ratio = Median(ratios);
        tool.Out.WriteLine(string.Create(
            Invariant,
            $"{metric.Traits().Name,-10}{dimension,10}{Median(ours),16:F1}{Median(theirs),16:F1}{ratio,16:F2}"));
        return !(ratio < least);
    }

    private void Search(Metric metric, VectorTable rows, VectorTable queries, int blocks, CancellationToken cancellation)
    {
        using TrueNeighbors neighbors = new(metric, queries, k, threads);
        int[] numbers = new int[rows.Count];
        for (int block = 0; block < blocks; block++)
        {
            for (int i = 0; i < numbers.Length; i++)
                numbers[i] = (block * rows.Count) + i;
            neighbors.Scan(rows, rows.Count, numbers, cancellation);
        }
    }

    private double Seconds(Action work)
    {
        long start = tool.Time.GetTimestamp();
        work();
        return tool.SecondsSince(start);
    }

    private static float[] Draw(int count, int dimension, int seed)
    {
        Random random = new(seed);
        float[] values = new float[(long)count * dimension];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f;
        return values;
    }

    private static VectorTable TableOf(float[] values, int dimension)
    {
        VectorTable table = new(values.Length / dimension, dimension);
        for (int row = 0; row < table.Count; row++)
            table.Set(row, values.AsSpan(row * dimension, dimension));
        return table;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
