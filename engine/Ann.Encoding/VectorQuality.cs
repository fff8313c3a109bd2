using System.Numerics.Tensors;
using Ann.Core;

namespace Ann.Encoding;

/// <summary>Refuses rows that no index may hold.</summary>
public static class VectorQuality
{
    /// <summary>Checks that every component is finite.</summary>
    /// <param name="rows">Rows of <paramref name="dimension"/> components.</param>
    /// <param name="dimension">Components of a row, at least 1.</param>
    /// <param name="firstRow">Number that messages give to the first row, from 0.</param>
    /// <param name="source">What made the rows, for messages: "encoder 'x'".</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: NaN or infinity, naming the row and the component.</exception>
    public static void RequireFinite(ReadOnlySpan<float> rows, int dimension, int firstRow, string source)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        if (TensorPrimitives.IsFiniteAll(rows))
            return;

        int at = 0;
        while (float.IsFinite(rows[at]))
            at++;
        throw AnnException.Invalid(
            $"rows[{firstRow + at / dimension}]",
            $"Row {firstRow + at / dimension} of {source} has {rows[at]} as component {at % dimension}; every component must be finite.");
    }

    /// <summary>Scales a row to length 1. A zero row stays zero.</summary>
    /// <param name="row">A row of finite components.</param>
    public static void Normalize(Span<float> row)
    {
        float length = TensorPrimitives.Norm<float>(row);
        if (length > 0 && float.IsFinite(length))
            TensorPrimitives.Divide(row, length, row);
    }
}
