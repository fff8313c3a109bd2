using System.Diagnostics;

namespace Ann.Core.Distances;

/// <summary>
/// Float32 rows of one dimension in native memory: 64-byte aligned, zero-padded to <see cref="Lanes"/>, never moving.
/// </summary>
internal sealed unsafe class VectorTable : IDisposable
{
    /// <summary>Rows are padded to a multiple of this many floats, one 512-bit register, so kernels need no tail loop.</summary>
    public const int Lanes = 16;

    private readonly NativeBlock _block;

    /// <param name="count">Rows; all zero at first.</param>
    /// <param name="dimension">Components of a row, 1 or more.</param>
    public VectorTable(int count, int dimension)
    {
        Debug.Assert(count >= 0);
        Debug.Assert(dimension > 0);
        Count = count;
        Dimension = dimension;
        Stride = StrideOf(dimension);
        _block = new NativeBlock((long)count * Stride * sizeof(float));
    }

    /// <summary>Rows.</summary>
    public int Count { get; }

    /// <summary>Components of a row.</summary>
    public int Dimension { get; }

    /// <summary>Floats from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>The memory behind the rows.</summary>
    public NativeBlock Block => _block;

    /// <summary>First component of the first row.</summary>
    public float* Start => (float*)_block.Start;

    /// <summary>Floats that a padded row of <paramref name="dimension"/> components takes.</summary>
    public static int StrideOf(int dimension) => (dimension + Lanes - 1) / Lanes * Lanes;

    /// <summary>First component of a row.</summary>
    public float* Row(int row)
    {
        Debug.Assert((uint)row < (uint)Count);
        return Start + (long)row * Stride;
    }

    /// <summary>The components of a row, without padding.</summary>
    public Span<float> Values(int row) => new(Row(row), Dimension);

    /// <summary>Copies a row in.</summary>
    public void Set(int row, ReadOnlySpan<float> values)
    {
        Debug.Assert(values.Length == Dimension);
        values.CopyTo(Values(row));
    }

    public void Dispose() => _block.Dispose();
}
