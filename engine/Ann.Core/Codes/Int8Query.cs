using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>A query quantised for <see cref="Int8Scorer"/>.</summary>
/// <param name="Unit">What one unit of the integer dot product is worth.</param>
/// <param name="Shift">Exact distance ≈ distance of the codes + <paramref name="Shift"/>.</param>
/// <param name="Norm">Length of the vector that was quantised.</param>
internal readonly record struct Int8Query(float Unit, float Shift, float Norm)
{
    /// <summary>
    /// Rounding a component to a step s errs by s/√12; a dot product with a query of length L then by L·s/√12, near to normally. Three of
    /// those cover 997 of 1,000.
    /// </summary>
    private const float ErrorPerStep = 3 / 3.4641016f;

    /// <summary>How far the distance by codes may lie from the exact one, beyond <see cref="Shift"/>.</summary>
    /// <param name="weight">The row's weight of the dot product.</param>
    public float ErrorOf(float weight) => ErrorPerStep * Norm * MathF.Abs(weight);

    /// <summary>Quantises a prepared query to 16 bits.</summary>
    /// <param name="metric">L2 centres the query on the mean; the others do not.</param>
    /// <param name="query">The prepared float32 query, padded.</param>
    /// <param name="mean">μ of the codes, padded.</param>
    /// <param name="scratch">A padded row.</param>
    /// <param name="stride">Floats of a padded row.</param>
    /// <param name="quantised">Padded like a code; what lies beyond <paramref name="stride"/> must be zero.</param>
    public static unsafe Int8Query Quantise(
        Metric metric, float* query, float* mean, float* scratch, int stride, Span<short> quantised)
    {
        float* values = query;
        if (metric == Metric.L2)
        {
            QueryQuantisation.Subtract(scratch, query, mean, stride);
            values = scratch;
        }
        float squares = QueryQuantisation.Dot(values, values, stride);
        float shift = metric == Metric.L2 ? squares : -QueryQuantisation.Dot(query, mean, stride);
        float largest = QueryQuantisation.Largest(values, stride);
        int limit = Int8Dot.MaxQueryComponent(quantised.Length);
        float inverse = limit / largest;
        if (!float.IsFinite(inverse)) // zero, or so small that it carries no order
        {
            quantised.Clear();
            return new Int8Query(0, shift, MathF.Sqrt(squares));
        }
        fixed (short* target = quantised)
            QueryQuantisation.ToInt16(values, stride, inverse, limit, target);
        return new Int8Query(largest / limit, shift, MathF.Sqrt(squares));
    }
}
