using System.Diagnostics;
using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>
/// Rows as one signed byte a component: x ≈ μ + s·c with μ the mean of all rows, s a scale per row and c in [−127, 127]. A distance is then
/// one integer dot product and two factors per row.
/// </summary>
/// <remarks>
/// With q′ = q − μ quantised to 16 bits as q′ ≈ t·b: L2 uses |q − x|² = |q′|² + |x − μ|² − 2·t·s·⟨b, c⟩; cosine and inner product use
/// −⟨q, x⟩ = −⟨q, μ⟩ − t·s·⟨b, c⟩ with b made from q itself, and leave out the first term, the same for every row.
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
    /// product always has its own: norms differ there.
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
    public static Int8Codes Encode(
        VectorTable rows, Metric metric, int threads, Action<int>? progress, CancellationToken cancellation) =>
        Encode(rows, metric, norms: null, threads, progress, cancellation);

    /// <summary>Encodes every row as it is after tempering, for Euclidean distances between those.</summary>
    /// <param name="rows">As they are before.</param>
    /// <param name="norms">One a row.</param>
    /// <param name="threads">Of the work.</param>
    /// <param name="cancellation">Ends the work early.</param>
    public static Int8Codes EncodeTempered(VectorTable rows, TemperedNorm* norms, int threads, CancellationToken cancellation) =>
        Encode(rows, Metric.L2, norms, threads, progress: null, cancellation);

    private static Int8Codes Encode(
        VectorTable rows, Metric metric, TemperedNorm* norms, int threads, Action<int>? progress, CancellationToken cancellation)
    {
        Int8Codes codes = new(rows.Count, rows.Dimension);
        codes.ComputeMean(rows, norms);
        if (metric != Metric.InnerProduct && norms is null)
            codes.Scale = codes.CommonScale(rows);
        int done = 0;
        ParallelBuild.For(rows.Count, threads, Grain, (_, from, to) =>
        {
            for (int row = from; row < to; row++)
                codes.EncodeRow(rows, row, norms is null ? 1 : norms[row].Scale, metric);
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

    private void ComputeMean(VectorTable rows, TemperedNorm* norms)
    {
        double[] sums = new double[rows.Dimension];
        for (int row = 0; row < rows.Count; row++)
        {
            ReadOnlySpan<float> values = rows.Values(row);
            float temper = norms is null ? 1 : norms[row].Scale;
            for (int i = 0; i < values.Length; i++)
                sums[i] += temper * values[i];
        }
        float* mean = (float*)Mean.Start;
        for (int i = 0; i < sums.Length; i++)
            mean[i] = (float)(sums[i] / rows.Count);
    }

    /// <summary>The scale of the row with the widest range, unless that is far wider than most.</summary>
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

    private static float Largest(ReadOnlySpan<float> values, float temper, float* mean)
    {
        float largest = 0;
        for (int i = 0; i < values.Length; i++)
            largest = MathF.Max(largest, MathF.Abs(temper * values[i] - mean[i]));
        return largest;
    }

    private void EncodeRow(VectorTable rows, int row, float temper, Metric metric)
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
        factors[0] = metric == Metric.L2 ? (float)squares : 0;
        factors[1] = metric == Metric.L2 ? -2 * scale : -scale;
        Debug.Assert(float.IsFinite(factors[0]) && float.IsFinite(factors[1]));
    }
}
