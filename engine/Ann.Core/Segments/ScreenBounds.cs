using System.Diagnostics;
using Ann.Core.Distances;

namespace Ann.Core.Segments;

/// <summary>
/// What products in float32 say of true distances: how vectors are prepared for them, what a product may be wrong by, and how large it is
/// at least where a row is near.
/// </summary>
/// <remarks>
/// Under L2, |q|² + |b|² − 2⟨q, b⟩ loses what the lengths have in common. Vectors are therefore taken from a middle, the mean of some of
/// the first rows: the bound shrinks with their lengths. A poor middle costs time only.
/// </remarks>
internal sealed class ScreenBounds
{
    /// <summary>Half a unit of float32's last place, as a part of a number.</summary>
    public const double Rounding = 1.0 / (1 << 24);

    private const int RowsOfMiddle = 1024;

    private readonly MetricTraits _traits;
    private readonly VectorTable _queries;
    private readonly double _relative;
    private float[]? _middle;

    /// <param name="metric">How nearness is measured.</param>
    /// <param name="queries">As they were given. Must outlive this object.</param>
    /// <param name="leastNumber">The smallest number above 0 that products keep.</param>
    /// <param name="doubt">How many times the error of a sum in any order products may be off by, 1 or more.</param>
    public ScreenBounds(Metric metric, VectorTable queries, float leastNumber = float.Epsilon, double doubt = 1)
    {
        _traits = metric.Traits();
        _queries = queries;
        RawSquares = new double[queries.Count];
        Squares = new double[queries.Count];
        Slacks = new float[queries.Count];
        for (int query = 0; query < queries.Count; query++)
            RawSquares[query] = RowPreparation.SumOfSquares(queries.Values(query));
        // A sum of n products is off by n roundings of the product of the lengths; the others are those of lengths, middle and screen.
        _relative = (queries.Dimension + 16) * Rounding * 1.01 * doubt;
        Absolute = (queries.Dimension + 16) * 2.0 * leastNumber;
    }

    /// <summary>Squared lengths of the queries as they were given.</summary>
    public double[] RawSquares { get; }

    /// <summary>Squared lengths of the queries as they are multiplied; filled as they are prepared.</summary>
    public double[] Squares { get; }

    /// <summary>What a product with a query may be wrong by, as a multiple of the row's length; filled as they are prepared.</summary>
    public float[] Slacks { get; }

    /// <summary>What a product may be wrong by besides, where it is tiny.</summary>
    public double Absolute { get; }

    /// <summary>True once there is a middle.</summary>
    public bool HasMiddle => _middle is not null;

    /// <summary>Finds the middle.</summary>
    /// <param name="rows">Rows as they were given.</param>
    /// <param name="count">How many of the first.</param>
    public void FindMiddle(VectorTable rows, int count)
    {
        Debug.Assert(_middle is null);
        float[] middle = new float[rows.Dimension];
        if (_traits.IsSquared)
        {
            int taken = Math.Min(count, RowsOfMiddle);
            double[] sums = new double[middle.Length];
            for (int i = 0; i < taken; i++)
            {
                ReadOnlySpan<float> row = rows.Values((int)((long)i * count / taken));
                for (int j = 0; j < sums.Length; j++)
                    sums[j] += row[j];
            }
            for (int j = 0; j < sums.Length; j++)
                middle[j] = (float)(sums[j] / taken);
        }
        _middle = middle;
    }

    /// <summary>Writes what is multiplied in place of a query, and notes its lengths.</summary>
    public void PrepareQuery(int query, Span<float> prepared)
    {
        Squares[query] = Prepare(_queries.Values(query), RawSquares[query], prepared);
        Slacks[query] = Up(Math.Sqrt(Squares[query]) * _relative);
    }

    /// <summary>Writes what is multiplied in place of a row.</summary>
    /// <param name="row">As it was given.</param>
    /// <param name="prepared">As long.</param>
    /// <param name="rawSquares">Its squared length; 0 under L2, which does not need it.</param>
    /// <param name="length">At least its length as it is multiplied.</param>
    /// <param name="bias">What is added to its products to be compared.</param>
    public void PrepareRow(ReadOnlySpan<float> row, Span<float> prepared, out double rawSquares, out float length, out float bias)
    {
        rawSquares = _traits.IsSquared ? 0 : RowPreparation.SumOfSquares(row);
        double squares = Prepare(row, rawSquares, prepared);
        length = Up(Math.Sqrt(squares));
        bias = _traits.IsSquared ? Up(squares * ((8 * Rounding) - 0.5)) : 0;
    }

    /// <summary>What <c>product + slack · length + bias</c> is at least where the row is as near as a distance.</summary>
    public float FloorOf(int query, double farthest)
    {
        if (double.IsPositiveInfinity(farthest))
            return float.NegativeInfinity;
        double squares = Squares[query];
        double floor = _traits.IsSquared
            ? ((squares - farthest) / 2) - (8 * Rounding * (squares + farthest))
            : -farthest - (8 * Rounding * Math.Abs(farthest));
        return MathF.BitDecrement((float)(floor - Absolute));
    }

    /// <summary>The true distance of a row.</summary>
    /// <param name="query">From which query.</param>
    /// <param name="row">As it was given.</param>
    /// <param name="rawSquares">Of the row, as <see cref="PrepareRow"/> told.</param>
    public double DistanceOf(int query, ReadOnlySpan<float> row, double rawSquares) => _traits.HasUnitRows
        ? DoubleDistances.Cosine(_queries.Values(query), row, RawSquares[query], rawSquares)
        : DoubleDistances.Between(_traits.IsSquared, _queries.Values(query), row);

    /// <summary>At least as much, in float32.</summary>
    public static float Up(double value) => MathF.BitIncrement((float)value);

    /// <returns>Its squared length.</returns>
    private double Prepare(ReadOnlySpan<float> vector, double rawSquares, Span<float> prepared)
    {
        if (_traits.HasUnitRows)
            RowPreparation.Scale(vector, 1 / Math.Sqrt(rawSquares), prepared);
        else if (_traits.IsSquared)
            ProductPanels.Subtract(vector, _middle, prepared);
        else
            vector.CopyTo(prepared);
        return _traits.IsSquared || _traits.HasUnitRows ? RowPreparation.SumOfSquares(prepared) : rawSquares;
    }
}
