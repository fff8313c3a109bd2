using Ann.Core.Distances;
using Ann.Core.Hnsw;

namespace Ann.Core.Codes;

/// <summary>Makes an <see cref="EstimateQuery"/>. Pooled with the rest of a query's scratch.</summary>
internal sealed unsafe class EstimateTables : IDisposable
{
    /// <summary>
    /// Standard errors by which an estimate is granted to err before its node is passed over. Half of it loses nothing where rows of links
    /// are full, but in sparse graphs (M 5) every passed-over node is missed: ADR 0010.
    /// </summary>
    private const float Margin = 0.75f;

    /// <summary>The same for inner product, whose estimates err by the length of the whole query.</summary>
    private const float InnerProductMargin = 1;

    /// <summary>
    /// Standard errors that are granted to the rounding of the tables, which counts where a query is very near a node: else the error of
    /// the signs is far larger.
    /// </summary>
    private const float RoundingMargin = 3;

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

    /// <summary>More bits make longer blocks for little: 256 of 1,024 tell a neighbour from a stranger (ADR 0010).</summary>
    private const int MaxBits = 256;

    /// <summary>Standard errors that are granted to an estimate.</summary>
    public static float MarginOf(Metric metric) => metric.Traits().TempersNorms ? InnerProductMargin : Margin;

    /// <summary>Sign bits that are kept of a vector of this dimension.</summary>
    public static int BitsOf(int dimension) => Math.Min(Rotation.SizeOf(dimension), MaxBits);

    /// <summary>Rotates a query and fills the tables.</summary>
    /// <param name="metric">Of the index.</param>
    /// <param name="query">Prepared and padded.</param>
    /// <param name="mean">Of the codes, padded.</param>
    /// <param name="margin">Factor on the margin.</param>
    public EstimateQuery Prepare(Metric metric, float* query, float* mean, float margin = 1)
    {
        float* rotated = (float*)_rotated.Start;
        int stride = VectorTable.StrideOf(_dimension);
        MetricTraits traits = metric.Traits();
        float slope = traits.SquaresPerDistance;
        if (slope == 0)
            new Span<float>(query, stride).CopyTo(new Span<float>(rotated, stride));
        else
            QueryQuantisation.Subtract(rotated, query, mean, stride);
        float squares = QueryQuantisation.Dot(rotated, rotated, stride);
        float withMean = QueryQuantisation.Dot(query, mean, stride);
        new Span<float>(rotated + stride, _rotation.Size - stride).Clear();
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
            QueryQuantisation.FillTable(rotated + quad * 4, inverse, _tables.Start + FastScan.TableOffset(quad));

        float step = inverse > 0 ? 1 / inverse : 0;
        // Distances by codes lack what does not depend on the row: see CodedQuery.Shift.
        float intercept = slope == 0 || traits.IsSquared ? squares : traits.SquaresOffset - slope * withMean;
        float rounding = RoundingMargin * step * MathF.Sqrt(_bits / 48f); // an entry is off by half a unit at most: by 1/√12 on average
        return new EstimateQuery(_tables.Start, _bits, step, -total, slope, intercept, _error * MarginOf(metric) * margin, rounding);
    }

    public void Dispose()
    {
        _rotation.Dispose();
        _rotated.Dispose();
        _tables.Dispose();
    }
}
