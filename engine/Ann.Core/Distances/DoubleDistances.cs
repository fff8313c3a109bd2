using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// Distances in double precision of vectors as they were given, for where float32 must not decide. All register widths agree to the bit.
/// </summary>
internal static class DoubleDistances
{
    /// <summary>Squared Euclidean distance, or the negated (cosine) product. Cosine of a zero vector is no number.</summary>
    /// <param name="metric">How nearness is measured.</param>
    /// <param name="a">A vector.</param>
    /// <param name="b">As long.</param>
    public static double Between(Metric metric, ReadOnlySpan<float> a, ReadOnlySpan<float> b) => metric.Traits().HasUnitRows
        ? Cosine(a, b, RowPreparation.SumOfSquares(a), RowPreparation.SumOfSquares(b))
        : Between(metric.Traits().IsSquared, a, b);

    /// <summary>Squared Euclidean distance, or the negated product.</summary>
    public static double Between(bool isSquared, ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        isSquared ? Sum<Difference>(a, b) : -Sum<Product>(a, b);

    /// <summary>The negated cosine of vectors whose squared lengths are known.</summary>
    public static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b, double squaresOfA, double squaresOfB) =>
        -Sum<Product>(a, b) / Math.Sqrt(squaresOfA * squaresOfB);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum<TTerm>(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        where TTerm : struct, ITerm
    {
        Debug.Assert(a.Length == b.Length);
        Vector512<double> sums = default;
        int i = 0;
        for (; i + Vector256<float>.Count <= a.Length; i += Vector256<float>.Count)
        {
            (Vector256<double> lowA, Vector256<double> highA) = Vector256.Widen(Vector256.Create(a[i..]));
            (Vector256<double> lowB, Vector256<double> highB) = Vector256.Widen(Vector256.Create(b[i..]));
            sums += TTerm.Of(Vector512.Create(lowA, highA), Vector512.Create(lowB, highB));
        }
        double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
        for (; i < a.Length; i++)
            sum += TTerm.Of(a[i], b[i]);
        return sum;
    }

    private interface ITerm
    {
        static abstract Vector512<double> Of(Vector512<double> a, Vector512<double> b);

        static abstract double Of(double a, double b);
    }

    private readonly struct Difference : ITerm
    {
        public static Vector512<double> Of(Vector512<double> a, Vector512<double> b) => (a - b) * (a - b);

        public static double Of(double a, double b) => (a - b) * (a - b);
    }

    private readonly struct Product : ITerm
    {
        public static Vector512<double> Of(Vector512<double> a, Vector512<double> b) => a * b;

        public static double Of(double a, double b) => a * b;
    }
}
