using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>A query quantised to 16 bits, for the codes of a segment.</summary>
/// <param name="Unit">What one unit of the integer dot product is worth.</param>
/// <param name="Shift">Exact distance ≈ distance of the codes + <paramref name="Shift"/>.</param>
/// <param name="Square">Squared length of the vector that was quantised.</param>
/// <param name="FromMean">Distance of the query from the mean.</param>
internal readonly record struct CodedQuery(float Unit, float Shift, float Square, float FromMean)
{
    /// <summary>How far distances by codes may err. Set by who knows the codes.</summary>
    public CodeBound Bound { get; init; }

    /// <summary>What <see cref="Int4Dot"/> subtracts; 0 for 8-bit codes.</summary>
    public int Bias { get; init; }

    /// <summary>Quantises a prepared query.</summary>
    /// <param name="query">The prepared float32 query, padded.</param>
    /// <param name="mean">μ of the codes, padded.</param>
    /// <param name="scratch">A padded row, and no less than a code has components.</param>
    /// <param name="stride">Floats of a padded row.</param>
    /// <param name="quantised">As many as a code has components; what lies beyond <paramref name="stride"/> must be zero.</param>
    /// <param name="isCentred">True to centre the query on the mean, as squared distances want it.</param>
    /// <param name="rotation">That of 4-bit codes; null for 8-bit codes.</param>
    public static unsafe CodedQuery Quantise(
        float* query, float* mean, float* scratch, int stride, Span<short> quantised, bool isCentred, Rotation? rotation = null)
    {
        QueryQuantisation.Subtract(scratch, query, mean, stride);
        float fromMean = QueryQuantisation.Dot(scratch, scratch, stride);
        float squares = isCentred ? fromMean : QueryQuantisation.Dot(query, query, stride);
        float shift = isCentred ? squares : -QueryQuantisation.Dot(query, mean, stride);
        float* values = isCentred ? scratch : query;
        int length = stride;
        int limit;
        if (rotation is null)
        {
            limit = Int8Dot.MaxQueryComponent(quantised.Length);
        }
        else
        {
            Int4Codes.Rotate(rotation, query, isCentred ? mean : null, stride, scratch);
            values = scratch;
            length = rotation.Size;
            limit = Int4Dot.MaxQueryComponent(length);
        }
        float largest = QueryQuantisation.Largest(values, length);
        float inverse = limit / largest;
        if (!float.IsFinite(inverse)) // zero, or so small that it carries no order
        {
            quantised.Clear();
            return new CodedQuery(0, shift, squares, MathF.Sqrt(fromMean));
        }
        fixed (short* target = quantised)
            QueryQuantisation.ToInt16(values, length, inverse, limit, target);
        float unit = largest / limit;
        return rotation is null
            ? new CodedQuery(unit, shift, squares, MathF.Sqrt(fromMean))
            : new CodedQuery(unit / 2, shift, squares, MathF.Sqrt(fromMean)) { Bias = Int4Dot.BiasOf(quantised) };
    }
}
