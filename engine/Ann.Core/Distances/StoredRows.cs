using System.Diagnostics;

namespace Ann.Core.Distances;

/// <summary>
/// Looks through rows as they are stored, piece by piece and in order, for what no writer of ours stores: what is not finite, what is not
/// of unit length under cosine, padding that is not 0. A row costs one product with itself.
/// </summary>
/// <param name="metric">Of the rows.</param>
/// <param name="dimension">Components of a row, without padding.</param>
internal sealed unsafe class StoredRows(Metric metric, int dimension)
{
    /// <summary>Squared lengths below this are the same in float32 and in double precision, and within the limit of vectors.</summary>
    private const float CertainlyShort = 1e36f;

    private readonly bool _hasUnitRows = metric.Traits().HasUnitRows;
    private readonly int _stride = VectorTable.StrideOf(dimension);
    private long _seen;

    /// <summary>What is wrong with the first row that is unsound, and which it is; null when none is.</summary>
    public (long Row, string What)? Fault { get; private set; }

    /// <summary>
    /// What is wrong with the first row that is longer than <see cref="RowPreparation.MostSquares"/> allows; null when none is, and under
    /// cosine. Rows of before there was such a limit are sound.
    /// </summary>
    public string? TooLong { get; private set; }

    /// <summary>Looks at the next rows.</summary>
    /// <param name="rows">Padded.</param>
    /// <param name="count">Rows.</param>
    public void Look(float* rows, long count)
    {
        Debug.Assert(count >= 0);
        for (long i = 0; i < count && Fault is null; i++)
        {
            float* row = rows + i * _stride;
            float squares = -NegativeDot.Between(row, row, (nuint)_stride);
            // False for NaN, which one component or their sum may be.
            bool isSound = _hasUnitRows ? Math.Abs(squares - 1) <= RowPreparation.MostOff : squares <= CertainlyShort;
            if (!isSound || !IsPadded(row))
                LookCloser(row, _seen + i);
        }
        _seen += count;
    }

    private bool IsPadded(float* row)
    {
        int bits = 0;
        for (int i = dimension; i < _stride; i++)
            bits |= *(int*)(row + i);
        return bits == 0;
    }

    private void LookCloser(float* row, long number)
    {
        ReadOnlySpan<float> values = new(row, dimension);
        if (RowPreparation.FaultOfStored(metric, values, number) is string fault)
            Fault = (number, fault);
        else if (!IsPadded(row))
            Fault = (number, $"row {number} has padding that is not 0.");
        else if (!RowPreparation.IsQuery(metric, values))
            TooLong ??= RowPreparation.TooLongText(values, number);
    }
}
