using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>A query quantised for <see cref="Int8Scorer"/>.</summary>
/// <param name="Unit">What one unit of the integer dot product is worth.</param>
/// <param name="Shift">Exact distance ≈ distance of the codes + <paramref name="Shift"/>.</param>
/// <param name="Square">Squared length of the vector that was quantised.</param>
/// <param name="FromMean">Distance of the query from the mean.</param>
internal readonly record struct Int8Query(float Unit, float Shift, float Square, float FromMean)
{
    /// <summary>How far distances by codes may err. Set by who knows the codes.</summary>
    public CodeBound Bound { get; init; }

    /// <summary>Quantises a prepared query to 16 bits.</summary>
    /// <param name="query">The prepared float32 query, padded.</param>
    /// <param name="mean">μ of the codes, padded.</param>
    /// <param name="scratch">A padded row.</param>
    /// <param name="stride">Floats of a padded row.</param>
    /// <param name="quantised">Padded like a code; what lies beyond <paramref name="stride"/> must be zero.</param>
    /// <param name="isCentred">True to centre the query on the mean, as squared distances want it.</param>
    public static unsafe Int8Query Quantise(
        float* query, float* mean, float* scratch, int stride, Span<short> quantised, bool isCentred)
    {
        QueryQuantisation.Subtract(scratch, query, mean, stride);
        float fromMean = QueryQuantisation.Dot(scratch, scratch, stride);
        float* values = isCentred ? scratch : query;
        float squares = isCentred ? fromMean : QueryQuantisation.Dot(query, query, stride);
        float shift = isCentred ? squares : -QueryQuantisation.Dot(query, mean, stride);
        float largest = QueryQuantisation.Largest(values, stride);
        int limit = Int8Dot.MaxQueryComponent(quantised.Length);
        float inverse = limit / largest;
        if (!float.IsFinite(inverse)) // zero, or so small that it carries no order
        {
            quantised.Clear();
            return new Int8Query(0, shift, squares, MathF.Sqrt(fromMean));
        }
        fixed (short* target = quantised)
            QueryQuantisation.ToInt16(values, stride, inverse, limit, target);
        return new Int8Query(largest / limit, shift, squares, MathF.Sqrt(fromMean));
    }
}
