namespace Ann.Core.Distances;

/// <summary>What happens to a vector between the boundary and the kernels: it is checked, copied and, for cosine, made unit length.</summary>
public static class RowPreparation
{
    /// <summary>Copies a checked vector to where kernels read it.</summary>
    /// <param name="metric">Cosine makes the copy unit length; the others leave it as it is.</param>
    /// <param name="source">As the caller gave it.</param>
    /// <param name="destination">As long as <paramref name="source"/>; padding behind it is the owner's.</param>
    /// <param name="field">The name for an error: a request field, or the file's rows.</param>
    /// <param name="row">The row for an error.</param>
    /// <exception cref="AnnException">InvalidArgument: NaN, infinity, a norm that overflows, or a zero vector under cosine.</exception>
    public static void Prepare(Metric metric, ReadOnlySpan<float> source, Span<float> destination, string field, long row)
    {
        double squares = 0;
        for (int i = 0; i < source.Length; i++)
        {
            float value = source[i];
            if (!float.IsFinite(value))
                throw AnnException.Invalid(field, $"row {row}, component {i} is {Name(value)}; components must be finite.");
            squares += (double)value * value;
        }
        if (squares > float.MaxValue)
            throw AnnException.Invalid(field, $"row {row}: the squared norm {squares:g4} is beyond float32; scale the vectors down.");

        if (metric != Metric.Cosine)
        {
            source.CopyTo(destination);
            return;
        }

        if (squares == 0)
            throw AnnException.Invalid(field, $"row {row} is the zero vector; cosine needs a direction.");
        double scale = 1 / Math.Sqrt(squares);
        for (int i = 0; i < source.Length; i++)
            destination[i] = (float)(source[i] * scale);
    }

    private static string Name(float value) =>
        float.IsNaN(value) ? "NaN" : value > 0 ? "+infinity" : "-infinity";
}
