using System.Numerics.Tensors;

namespace Ann.Tool.Samples;

/// <summary>The least-squares problem of one row, with the room to solve it by Cholesky's method.</summary>
/// <param name="factors">Unknowns.</param>
internal sealed class NormalEquations(int factors)
{
    private readonly double[] _matrix = new double[factors * factors];
    private readonly double[] _right = new double[factors];

    /// <summary>Solves (gram + confidence · Σ y yᵀ) x = (1 + confidence) · Σ y over the members of a list.</summary>
    /// <param name="gram">Symmetric and positive.</param>
    /// <param name="rows">Rows y, one after another.</param>
    /// <param name="members">Which of them.</param>
    /// <param name="confidence">Their weight.</param>
    /// <param name="into">Receives x.</param>
    public void Solve(double[] gram, double[] rows, ReadOnlySpan<int> members, double confidence, Span<double> into)
    {
        into.Clear();
        if (members.Length == 0)
            return;
        gram.CopyTo(_matrix, 0);
        _right.AsSpan().Clear();
        foreach (int member in members)
        {
            ReadOnlySpan<double> row = rows.AsSpan(member * factors, factors);
            AddSquare(_matrix, row, confidence);
            TensorPrimitives.MultiplyAdd(row, 1 + confidence, _right, _right);
        }
        Decompose();
        _right.CopyTo(into);
        Substitute(into);
    }

    /// <summary>The inverse of a symmetric and positive matrix.</summary>
    public double[] Invert(double[] matrix)
    {
        matrix.CopyTo(_matrix, 0);
        Decompose();
        double[] inverse = new double[matrix.Length];
        for (int i = 0; i < factors; i++)
        {
            Span<double> row = inverse.AsSpan(i * factors, factors); // as good as the column
            row[i] = 1;
            Substitute(row);
        }
        return inverse;
    }

    /// <summary>Adds weight · y yᵀ to a matrix, of which the upper half counts.</summary>
    public static void AddSquare(double[] matrix, ReadOnlySpan<double> row, double weight)
    {
        for (int i = 0; i < row.Length; i++)
        {
            Span<double> target = matrix.AsSpan((i * row.Length) + i, row.Length - i);
            TensorPrimitives.MultiplyAdd(row[i..], weight * row[i], target, target);
        }
    }

    /// <summary>Makes the upper half U with UᵀU the matrix.</summary>
    private void Decompose()
    {
        for (int k = 0; k < factors; k++)
        {
            Span<double> pivots = _matrix.AsSpan((k * factors) + k, factors - k);
            TensorPrimitives.Divide(pivots, Math.Sqrt(pivots[0]), pivots);
            for (int i = 1; i < pivots.Length; i++)
            {
                Span<double> target = _matrix.AsSpan(((k + i) * factors) + k + i, factors - k - i);
                TensorPrimitives.MultiplyAdd(pivots[i..], -pivots[i], target, target);
            }
        }
    }

    private void Substitute(Span<double> x)
    {
        for (int k = 0; k < factors; k++)
        {
            ReadOnlySpan<double> row = _matrix.AsSpan((k * factors) + k, factors - k);
            x[k] /= row[0];
            TensorPrimitives.MultiplyAdd(row[1..], -x[k], x[(k + 1)..], x[(k + 1)..]);
        }
        for (int k = factors - 1; k >= 0; k--)
        {
            ReadOnlySpan<double> row = _matrix.AsSpan((k * factors) + k, factors - k);
            double rest = x[k];
            for (int j = 1; j < row.Length; j++)
                rest -= row[j] * x[k + j];
            x[k] = rest / row[0];
        }
    }
}
