using System.Diagnostics;
using System.Runtime.CompilerServices;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// Rows as one signed byte a component: x ≈ μ + s·c with μ the mean of the rows (<see cref="RobustMean"/>), s a scale for all or one per
/// row, and c in [−127, 127]. A distance is then one integer dot product and, for a scale per row, two factors.
/// </summary>
/// <remarks>
/// <para>With q′ = q − μ quantised to 16 bits as q′ ≈ t·b: L2 uses |q − x|² = |q′|² + |x − μ|² − 2·t·s·⟨b, c⟩; cosine and inner product
/// use −⟨q, x⟩ = −⟨q, μ⟩ + o − t·s·⟨b, c⟩ with b made from q itself, and leave out the first term, the same for every row.</para>
/// <para>A scale per row is s = |x′|²/⟨x′, c⟩, with x′ = x − μ, not the step by which x′ was rounded: the error e = x′ − s·c is then at
/// right angles to x′. L2 errs by 2·⟨q′, e⟩, so only by what q′ has at right angles to x′, at most |q − x|; cosine by ⟨q − μ, e⟩ likewise,
/// once the offset o = −⟨μ, e⟩ has taken out what does not depend on the query. Rows that are near each other are told apart however far
/// they lie from the mean.</para>
/// <para>Queries of inner product have any length, and a short one would be lost in the offset: there it is 0 and s the step.</para>
/// </remarks>
internal sealed unsafe class Int8Codes : IDisposable
{
    /// <summary>Bytes of the two factors of a row: offset, then weight.</summary>
    public const int FactorBytes = 2 * sizeof(float);

    private const int Grain = 1024;

    /// <summary>One scale for all rows costs the average row log2 of this many bits at most.</summary>
    private const float WidestToMean = 3;

    private Int8Codes(int count, int dimension)
    {
        Stride = StrideOf(dimension);
        Codes = new NativeBlock((long)count * Stride);
        Factors = new NativeBlock((long)count * FactorBytes);
        Mean = new NativeBlock((long)VectorTable.StrideOf(dimension) * sizeof(float));
    }

    /// <summary>
    /// Value of one unit of every code, when rows differ so little in range that one scale serves all; 0 when each has its own. Inner
    /// product always has its own: norms differ there. So have sets whose neighbours one scale cannot tell apart.
    /// </summary>
    public float Scale { get; private set; }

    /// <summary>Bytes from one code to the next.</summary>
    public int Stride { get; }

    /// <summary>count × <see cref="Stride"/> signed bytes; padding is zero.</summary>
    public NativeBlock Codes { get; }

    /// <summary>Per row two float32: the offset, and the weight of the dot product.</summary>
    public NativeBlock Factors { get; }

    /// <summary>μ as a padded float32 row.</summary>
    public NativeBlock Mean { get; }

    /// <summary>Bytes that the code of <paramref name="dimension"/> components takes.</summary>
    public static int StrideOf(int dimension) => (dimension + Int8Dot.Lanes - 1) / Int8Dot.Lanes * Int8Dot.Lanes;

    /// <summary>Encodes every row.</summary>
    /// <param name="rows">Prepared for the metric.</param>
    /// <param name="metric">Of the distances.</param>
    /// <param name="threads">Of the work.</param>
    /// <param name="progress">Told of the rows that are done.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <param name="finer">True for a scale per row even where one would serve all. Nothing else for inner product.</param>
    public static Int8Codes Encode(
        VectorTable rows, Metric metric, int threads, Action<int>? progress, CancellationToken cancellation, bool finer = false) =>
        Encode(rows, metric, norms: null, finer, threads, progress, cancellation);

    /// <summary>Encodes every row as it is after tempering, for Euclidean distances between those.</summary>
    /// <param name="rows">As they are before.</param>
    /// <param name="norms">One a row.</param>
    /// <param name="threads">Of the work.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static Int8Codes EncodeTempered(VectorTable rows, TemperedNorm* norms, int threads, CancellationToken cancellation) =>
        Encode(rows, CodeDistance.Metric, norms, finer: false, threads, progress: null, cancellation);

    private static Int8Codes Encode(
        VectorTable rows, Metric metric, TemperedNorm* norms, bool finer, int threads, Action<int>? progress,
        CancellationToken cancellation)
    {
        Int8Codes codes = new(rows.Count, rows.Dimension);
        RobustMean.Compute(
            rows.Start, rows.Stride, rows.Dimension, rows.Count, norms, new Span<float>((float*)codes.Mean.Start, rows.Dimension));
        MetricTraits traits = metric.Traits();
        bool isPlain = norms is null && !traits.TempersNorms;
        if (isPlain && !finer)
            codes.Scale = codes.CommonScale(rows);
        bool isAligned = isPlain && codes.Scale == 0;
        int done = 0;
        ParallelBuild.For(rows.Count, threads, Grain, (_, from, to) =>
        {
            for (int row = from; row < to; row++)
                codes.EncodeRow(rows, row, norms is null ? 1 : norms[row].Scale, traits, isAligned);
            progress?.Invoke(Interlocked.Add(ref done, to - from));
        }, cancellation);
        return codes;
    }

    public void Dispose()
    {
        Codes.Dispose();
        Factors.Dispose();
        Mean.Dispose();
    }

    /// <summary>The scale of the row with the widest range, unless that is far wider than most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float CommonScale(VectorTable rows)
    {
        float* mean = (float*)Mean.Start;
        float widest = 0;
        double sum = 0;
        for (int row = 0; row < rows.Count; row++)
        {
            float largest = Largest(rows.Values(row), 1, mean);
            widest = MathF.Max(widest, largest);
            sum += largest;
        }
        float scale = widest / 127;
        return widest <= WidestToMean * sum / rows.Count && float.IsFinite(1 / scale) ? scale : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest(ReadOnlySpan<float> values, float temper, float* mean)
    {
        float largest = 0;
        for (int i = 0; i < values.Length; i++)
            largest = MathF.Max(largest, MathF.Abs(temper * values[i] - mean[i]));
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void EncodeRow(VectorTable rows, int row, float temper, MetricTraits traits, bool isAligned)
    {
        ReadOnlySpan<float> values = rows.Values(row);
        float* mean = (float*)Mean.Start;
        float largest = Largest(values, temper, mean);
        double squares = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float centred = temper * values[i] - mean[i];
            squares += (double)centred * centred;
        }

        float scale = Scale > 0 ? Scale : largest / 127;
        float inverse = scale > 0 ? 1 / scale : 0;
        if (!float.IsFinite(inverse)) // components so small that their reciprocal overflows carry no order
            (scale, inverse) = (0, 0);
        sbyte* code = (sbyte*)Codes.Start + (long)row * Stride;
        for (int i = 0; i < values.Length; i++)
            code[i] = (sbyte)Math.Clamp(MathF.Round((temper * values[i] - mean[i]) * inverse), -127, 127);

        float* factors = (float*)Factors.Start + (long)row * 2;
        factors[0] = traits.IsSquared ? (float)squares : 0;
        if (isAligned && scale > 0)
        {
            double along = 0;
            for (int i = 0; i < values.Length; i++)
                along += (double)(temper * values[i] - mean[i]) * code[i];
            scale = (float)(squares / along); // the widest component has the code 127, and all products are positive
            if (!traits.IsSquared)
                factors[0] = (float)-ErrorAlongMean(values, temper, mean, code, scale);
        }
        factors[1] = traits.DotWeight * scale;
        Debug.Assert(float.IsFinite(factors[0]) && float.IsFinite(factors[1]));
    }

    /// <summary>⟨μ, e⟩ with e = x − μ − s·c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double ErrorAlongMean(ReadOnlySpan<float> values, float temper, float* mean, sbyte* code, float scale)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
            sum += mean[i] * ((double)(temper * values[i] - mean[i]) - (double)scale * code[i]);
        return sum;
    }
}
