using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// The point that codes are taken around: the mean of the rows, but for those so far from the others that a few of them would move it.
/// One row of 1e9 among a thousand of 1 makes every other row the same code.
/// </summary>
/// <remarks>
/// Far is measured from the median of each component over a sample, which no minority moves. Without such rows the result is the plain
/// mean to the bit. All sums are scalar doubles in the order of the rows: the same on every machine.
/// </remarks>
internal static unsafe class RobustMean
{
    /// <summary>Rows that the median is taken of, evenly spaced.</summary>
    private const int SampleSize = 255;

    /// <summary>
    /// A row is left out when it is this many times as far from the median as the row in the middle. Ordinary rows are within 5 times;
    /// one of 16 times among 1,000 moves the mean by less than a sixtieth of what rows differ by.
    /// </summary>
    private const double FarRatio = 16;

    /// <summary>Computes it.</summary>
    /// <param name="rows">First component of the first row.</param>
    /// <param name="stride">Floats from one row to the next.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <param name="count">Rows, 1 or more.</param>
    /// <param name="norms">What tempering does to each row; null for rows as they are.</param>
    /// <param name="mean">Room for <paramref name="dimension"/> components.</param>
    public static void Compute(float* rows, int stride, int dimension, int count, TemperedNorm* norms, Span<float> mean)
    {
        Debug.Assert(count > 0 && mean.Length == dimension);
        double[] sums = new double[dimension];
        Sum(rows, stride, count, norms, sums, center: [], double.PositiveInfinity);
        for (int i = 0; i < sums.Length; i++)
            mean[i] = (float)(sums[i] / count);

        float[] median = Median(rows, stride, dimension, count, norms);
        double limit = FarRatio * FarRatio * TypicalSquare(rows, stride, count, norms, median);
        if (limit == 0)
            return; // more than half of the sample, and all that is seen of the rest, is one row
        Array.Clear(sums);
        int near = Sum(rows, stride, count, norms, sums, median, limit);
        if (near == count || near <= count / 2)
            return;
        for (int i = 0; i < sums.Length; i++)
            mean[i] = (float)(sums[i] / near);
    }

    /// <summary>Adds up the rows that are no farther from a point than a limit, and counts them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Sum(
        float* rows, int stride, int count, TemperedNorm* norms, double[] sums, ReadOnlySpan<float> center, double limit)
    {
        int near = 0;
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> values = new(rows + (long)row * stride, sums.Length);
            float temper = norms is null ? 1 : norms[row].Scale;
            if (center.Length > 0 && Square(values, temper, center) > limit)
                continue;
            near++;
            for (int i = 0; i < values.Length; i++)
                sums[i] += temper * values[i];
        }
        return near;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float[] Median(float* rows, int stride, int dimension, int count, TemperedNorm* norms)
    {
        float[] sample = new float[Math.Min(SampleSize, count)];
        float[] median = new float[dimension];
        for (int i = 0; i < dimension; i++)
        {
            for (int j = 0; j < sample.Length; j++)
            {
                int row = RowOf(j, sample.Length, count);
                sample[j] = (norms is null ? 1 : norms[row].Scale) * rows[(long)row * stride + i];
            }
            sample.AsSpan().Sort();
            median[i] = sample[sample.Length / 2];
        }
        return median;
    }

    /// <summary>
    /// The middle squared distance of the sample from its median; of those that are not zero, when that is. 0 when all are.
    /// </summary>
    private static double TypicalSquare(float* rows, int stride, int count, TemperedNorm* norms, float[] median)
    {
        double[] squares = new double[Math.Min(SampleSize, count)];
        for (int j = 0; j < squares.Length; j++)
        {
            int row = RowOf(j, squares.Length, count);
            squares[j] = Square(new(rows + (long)row * stride, median.Length), norms is null ? 1 : norms[row].Scale, median);
        }
        squares.AsSpan().Sort();
        double middle = squares[squares.Length / 2];
        if (middle > 0)
            return middle;
        double[] apart = [.. squares.Where(static square => square > 0)];
        return apart.Length > 0 ? apart[apart.Length / 2] : 0;
    }

    private static int RowOf(int sample, int samples, int count) => (int)((long)sample * count / samples);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Square(ReadOnlySpan<float> values, float temper, ReadOnlySpan<float> center)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double apart = (double)(temper * values[i]) - center[i];
            sum += apart * apart;
        }
        return sum;
    }
}
