using Ann.Core.Distances;

namespace Ann.Core.Codes;

/// <summary>Makes an <see cref="EstimateQuery"/>. Pooled with the rest of a query's scratch.</summary>
internal sealed unsafe class EstimateTables : IDisposable
{
    private readonly int _dimension;
    private readonly int _bits;
    private readonly float _error;
    private readonly Rotation _rotation;
    private readonly NativeBlock _rotated;
    private readonly NativeBlock _tables;

    /// <param name="dimension">Components of a vector.</param>
    /// <param name="bits">Sign bits a neighbour.</param>
    public EstimateTables(int dimension, int bits)
    {
        _dimension = dimension;
        _bits = bits;
        _rotation = new Rotation(dimension);
        _rotated = new NativeBlock((long)_rotation.Size * sizeof(float));
        _tables = new NativeBlock(FastScan.TableBytes(bits));
        double size = _rotation.Size;
        double beta = Math.Sqrt(bits / size * (2 / Math.PI));
        _error = (float)Math.Sqrt(bits * (1 - beta * beta) / (size - 1));
    }

    /// <summary>Sign bits that are kept of a vector of this dimension.</summary>
    public static int BitsOf(int dimension) => Math.Min(Rotation.SizeOf(dimension), int.Parse(Environment.GetEnvironmentVariable("ANN_BITS") ?? "256"));

    /// <summary>Rotates a query and fills the tables.</summary>
    public EstimateQuery Prepare(Metric metric, float* query, float* mean, float margin)
    {
        float* rotated = (float*)_rotated.Start;
        double squares = 0;
        double withMean = 0;
        for (int i = 0; i < _dimension; i++)
        {
            rotated[i] = metric == Metric.InnerProduct ? query[i] : query[i] - mean[i];
            squares += (double)rotated[i] * rotated[i];
            withMean += (double)query[i] * mean[i];
        }
        new Span<float>(rotated + _dimension, _rotation.Size - _dimension).Clear();
        _rotation.Apply(rotated);

        float largest = 0;
        float total = 0;
        for (int i = 0; i < _bits; i += 4)
        {
            float reach = MathF.Abs(rotated[i]) + MathF.Abs(rotated[i + 1]) + MathF.Abs(rotated[i + 2]) + MathF.Abs(rotated[i + 3]);
            largest = MathF.Max(largest, reach);
            total += reach;
        }
        float inverse = FastScan.MaxEntry / (2 * largest);
        if (!float.IsFinite(inverse))
            inverse = 0;
        for (int quad = 0; quad < _bits / 4; quad++)
            Fill(rotated + quad * 4, inverse, _tables.Start + FastScan.TableOffset(quad));

        float step = inverse > 0 ? 1 / inverse : 0;
        (float slope, float intercept) = metric switch
        {
            Metric.L2 => (1f, (float)squares),
            Metric.Cosine => (2f, (float)(2 - 2 * withMean)),
            _ => (0f, (float)squares),
        };
        return new EstimateQuery(_tables.Start, _bits, step, -total, slope, intercept, _error * margin);
    }

    public void Dispose()
    {
        _rotation.Dispose();
        _rotated.Dispose();
        _tables.Dispose();
    }

    /// <summary>Entry i of a table: twice the sum of |x| over the components whose sign agrees with their bit of i.</summary>
    private static void Fill(float* values, float inverse, byte* table)
    {
        for (int i = 0; i < 16; i++)
        {
            float sum = 0;
            for (int bit = 0; bit < 4; bit++)
            {
                float value = (i >> bit & 1) == 1 ? values[bit] : -values[bit];
                sum += MathF.Max(value, 0);
            }
            table[i] = table[i + 16] = (byte)MathF.Round(2 * sum * inverse);
        }
    }
}
