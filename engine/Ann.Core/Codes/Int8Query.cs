using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>Quantises a query for <see cref="Int8Scorer"/>.</summary>
internal static unsafe class Int8Query
{
    /// <summary>Writes the 16-bit query; returns what one unit of the integer dot product is worth.</summary>
    /// <param name="metric">L2 centres the query on the mean; the others do not.</param>
    /// <param name="query">The prepared float32 query, without padding.</param>
    /// <param name="mean">μ of the codes.</param>
    /// <param name="quantised">Padded like a code; the padding must be zero and stays it.</param>
    public static float Quantise(Metric metric, ReadOnlySpan<float> query, float* mean, Span<short> quantised)
    {
        float largest = 0;
        for (int i = 0; i < query.Length; i++)
            largest = MathF.Max(largest, MathF.Abs(Centred(metric, query[i], mean[i])));
        int limit = Int8Dot.MaxQueryComponent(quantised.Length);
        float inverse = limit / largest;
        if (!float.IsFinite(inverse)) // zero, or so small that it carries no order
        {
            quantised.Clear();
            return 0;
        }

        for (int i = 0; i < query.Length; i++)
            quantised[i] = (short)Math.Clamp(MathF.Round(Centred(metric, query[i], mean[i]) * inverse), -limit, limit);
        return largest / limit;
    }

    private static float Centred(Metric metric, float value, float mean) => metric == Metric.L2 ? value - mean : value;
}
