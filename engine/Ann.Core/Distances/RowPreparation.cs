using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ann.Core.Distances;

/// <summary>
/// What happens to a vector between the boundary and the kernels: it is checked, copied and, for cosine, made unit length.
/// </summary>
internal static class RowPreparation
{
    /// <summary>
    /// Largest squared norm of a vector under L2 and inner product, 2¹²⁰: a length of 2⁶⁰, some 1.15 · 10¹⁸. Float32 ends at 2¹²⁸. Two such
    /// vectors are 2¹²² apart at most, squared; what is computed on the way from codes, of points less their mean, stays below 2¹²⁶.
    /// Vectors that were stored before this limit are read all the same: a distance that overflows is infinite, and they come last.
    /// </summary>
    public const double MostSquares = (double)(1UL << 60) * (1UL << 60);

    /// <summary>
    /// Most that the squared length of a stored unit row may be off by: rounding to float32 is below 10⁻⁶, and more would show in scores.
    /// </summary>
    public const double MostOff = 1e-3;

    /// <summary>Copies a checked vector to where kernels read it.</summary>
    /// <param name="metric">Cosine makes the copy unit length; the others leave it as it is.</param>
    /// <param name="source">As the caller gave it.</param>
    /// <param name="destination">As long as <paramref name="source"/>; padding behind it is the owner's.</param>
    /// <param name="field">The name for an error: a request field, or the file's rows.</param>
    /// <param name="row">The row for an error.</param>
    /// <exception cref="AnnException">
    /// InvalidArgument: NaN, infinity, a squared norm beyond <see cref="MostSquares"/> (cosine takes any), or a zero vector under cosine.
    /// </exception>
    public static void Prepare(Metric metric, ReadOnlySpan<float> source, Span<float> destination, string field, long row)
    {
        double squares = Check(metric, source, field, row);
        if (metric.Traits().HasUnitRows)
            Scale(source, 1 / Math.Sqrt(squares), destination);
        else
            source.CopyTo(destination);
    }

    /// <summary>Checks a vector as <see cref="Prepare"/> does, and leaves it as it is.</summary>
    /// <returns>Its squared length.</returns>
    /// <inheritdoc cref="Prepare"/>
    public static double Check(Metric metric, ReadOnlySpan<float> source, string field, long row)
    {
        double squares = SumOfSquares(source);
        if (!double.IsFinite(squares)) // no sum of finite float32 squares overflows a double
            throw AnnException.Invalid(field, NotFiniteText(source, row));
        if (!metric.Traits().HasUnitRows)
            return squares <= MostSquares ? squares : throw AnnException.Invalid(field, TooLongText(source, row));
        return squares > 0
            ? squares
            : throw AnnException.Invalid(field, $"row {row} is the zero vector; cosine needs a direction.");
    }

    /// <summary>
    /// True when a stored row may be a query too. Only rows of before there was a limit may not: their lengths are beyond
    /// <see cref="MostSquares"/>.
    /// </summary>
    public static bool IsQuery(Metric metric, ReadOnlySpan<float> row) => metric.Traits().HasUnitRows || SumOfSquares(row) <= MostSquares;

    /// <summary>What is wrong with a row that was stored, as it was prepared; null when nothing is. Its length has no limit.</summary>
    /// <param name="metric">Cosine stores unit length.</param>
    /// <param name="row">Without padding.</param>
    /// <param name="number">The row for the text.</param>
    public static string? FaultOfStored(Metric metric, ReadOnlySpan<float> row, long number)
    {
        double squares = SumOfSquares(row);
        if (!double.IsFinite(squares))
            return NotFiniteText(row, number);
        return metric.Traits().HasUnitRows && Math.Abs(squares - 1) > MostOff
            ? string.Create(CultureInfo.InvariantCulture, $"row {number} has length {Math.Sqrt(squares):g6}; cosine stores length 1.")
            : null;
    }

    /// <summary>Says that a vector is longer than <see cref="MostSquares"/> allows.</summary>
    public static string TooLongText(ReadOnlySpan<float> vector, long row) => string.Create(
        CultureInfo.InvariantCulture,
        $"row {row} has length {Math.Sqrt(SumOfSquares(vector)):g4}; it must be at most {Math.Sqrt(MostSquares):g4}, so that distances "
        + $"stay within float32. Scale the vectors down.");

    /// <summary>In double precision, in eight sums whatever the register width: all widths agree to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double SumOfSquares(ReadOnlySpan<float> values)
    {
        Vector512<double> sums = default;
        int i = 0;
        for (; i + Vector256<float>.Count <= values.Length; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(values[i..]));
            Vector512<double> wide = Vector512.Create(low, high);
            sums += wide * wide;
        }
        double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
        for (; i < values.Length; i++)
            sum += (double)values[i] * values[i];
        return sum;
    }

    /// <summary>Writes a multiple of a vector, each product rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scale(ReadOnlySpan<float> source, double scale, Span<float> destination)
    {
        int i = 0;
        for (; i + Vector256<float>.Count <= source.Length; i += Vector256<float>.Count)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(source[i..]));
            Vector256.Narrow(low * scale, high * scale).CopyTo(destination[i..]);
        }
        for (; i < source.Length; i++)
            destination[i] = (float)(source[i] * scale);
    }

    private static string NotFiniteText(ReadOnlySpan<float> source, long row)
    {
        int i = 0;
        while (float.IsFinite(source[i]))
            i++;
        return $"row {row}, component {i} is {Name(source[i])}; components must be finite.";
    }

    private static string Name(float value) =>
        float.IsNaN(value) ? "NaN" : value > 0 ? "+infinity" : "-infinity";
}
