using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// Rows as 4 bits a component: x ≈ μ + s·Pᵀ(c), with μ as in <see cref="Int8Codes"/>, P a rotation (<see cref="Rotation.ForCodes"/>), s a
/// scale a row, and c in −7½, −6½ … 7½. After a rotation components are near to normally distributed whatever the rows are like, so that
/// one step suits all of a row.
/// </summary>
/// <remarks>
/// <para>The step is the one of a few that brings c nearest to the direction of x′ = P(x − μ). The scale is s = |x′|²/⟨x′, c⟩, as in
/// <see cref="Int8Codes"/>: the error e = x′ − s·c is at right angles to x′ (RaBitQ: Gao et al., SIGMOD 2025). So are the distances:
/// L2 has |x′|² as the offset and −2·s as the weight, cosine −⟨Pμ, e⟩ and −s. Inner product has no offset: its queries have any length,
/// and a short one would be lost in it.</para>
/// </remarks>
internal sealed unsafe class Int4Codes : IDisposable
{
    private const int Grain = 1024;

    /// <summary>
    /// Steps that are tried, as shares of the root mean square of a row's components; 0.34 is best for a normal distribution.
    /// </summary>
    private static readonly float[] Steps = [0.22f, 0.25f, 0.28f, 0.31f, 0.34f, 0.37f, 0.41f, 0.46f];

    private Int4Codes(int count, int dimension)
    {
        Stride = StrideOf(dimension);
        Codes = new NativeBlock((long)count * Stride);
        Factors = new NativeBlock((long)count * Int8Codes.FactorBytes);
    }

    /// <summary>Bytes from one code to the next.</summary>
    public int Stride { get; }

    /// <summary>count × <see cref="Stride"/> bytes.</summary>
    public NativeBlock Codes { get; }

    /// <summary>Per row two float32: the offset, and the weight of the dot product.</summary>
    public NativeBlock Factors { get; }

    /// <summary>Components of a code.</summary>
    public static int ComponentsOf(int dimension) => (dimension + Int4Dot.Lanes - 1) / Int4Dot.Lanes * Int4Dot.Lanes;

    /// <summary>Bytes that the code of <paramref name="dimension"/> components takes.</summary>
    public static int StrideOf(int dimension) => ComponentsOf(dimension) / 2;

    /// <summary>Encodes every row.</summary>
    /// <param name="rows">Prepared for the metric.</param>
    /// <param name="mean">μ, a padded row.</param>
    /// <param name="metric">Of the distances.</param>
    /// <param name="threads">Of the work. The result does not depend on them.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static Int4Codes Encode(VectorTable rows, float* mean, Metric metric, int threads, CancellationToken cancellation)
    {
        Int4Codes codes = new(rows.Count, rows.Dimension);
        int components = ComponentsOf(rows.Dimension);
        using Rotation rotation = Rotation.ForCodes(components);
        using NativeBlock rotatedMean = new(components * (long)sizeof(float));
        Rotate(rotation, mean, null, rows.Stride, (float*)rotatedMean.Start);
        try
        {
            ParallelBuild.For(rows.Count, threads, Grain, (_, from, to) =>
            {
                using NativeBlock scratch = new(components * (long)sizeof(float));
                byte[] levels = new byte[components];
                for (int row = from; row < to; row++)
                {
                    float* values = (float*)scratch.Start;
                    Rotate(rotation, rows.Row(row), mean, rows.Stride, values);
                    codes.EncodeRow(row, values, (float*)rotatedMean.Start, levels, metric.Traits());
                }
            }, cancellation);
            return codes;
        }
        catch
        {
            codes.Dispose();
            throw;
        }
    }

    /// <summary>Rotates a padded row, less another where there is one.</summary>
    /// <param name="rotation">For codes.</param>
    /// <param name="row">A padded row.</param>
    /// <param name="less">Another; null for none.</param>
    /// <param name="stride">Floats of a padded row.</param>
    /// <param name="target">Room for the components of a code.</param>
    public static void Rotate(Rotation rotation, float* row, float* less, int stride, float* target)
    {
        if (less == null)
            new ReadOnlySpan<float>(row, stride).CopyTo(new Span<float>(target, stride));
        else
            QueryQuantisation.Subtract(target, row, less, stride);
        new Span<float>(target + stride, rotation.Size - stride).Clear();
        rotation.Apply(target);
    }

    public void Dispose()
    {
        Codes.Dispose();
        Factors.Dispose();
    }

    private void EncodeRow(int row, float* values, float* mean, byte[] levels, MetricTraits traits)
    {
        int length = levels.Length;
        float squares = QueryQuantisation.Dot(values, values, length);
        float spread = MathF.Sqrt(squares / length);
        (float inverse, float along, float best) = (0, 0, 0);
        foreach (float step in Steps)
        {
            float tried = 1 / (step * spread);
            if (!float.IsFinite(tried)) // components so small that they carry no order
                continue;
            float fit = Int4Rounding.Fit(values, length, tried, out float product);
            if (fit > best)
                (inverse, along, best) = (tried, product, fit);
        }
        Int4Rounding.Round(values, length, inverse, levels);
        Int4Dot.Pack(levels, Codes.Start + (long)row * Stride);

        float scale = along > 0 ? squares / along : 0;
        if (!float.IsFinite(scale))
            scale = 0;
        float* factors = (float*)Factors.Start + (long)row * 2;
        factors[0] = traits.IsSquared ? squares : traits.TempersNorms ? 0 : -ErrorAlong(mean, values, levels, scale);
        factors[1] = traits.DotWeight * scale;
    }

    /// <summary>⟨Pμ, e⟩ with e = x′ − s·c.</summary>
    private static float ErrorAlong(float* mean, float* values, byte[] levels, float scale)
    {
        double sum = 0;
        for (int i = 0; i < levels.Length; i++)
            sum += mean[i] * ((double)values[i] - (double)scale * (levels[i] - 7.5));
        return (float)sum;
    }
}
