using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>What rows of a request are meant for, as their check and its errors need it.</summary>
/// <param name="Field">The request's field.</param>
/// <param name="Index">Name of the index.</param>
/// <param name="Dimension">Components of its vectors.</param>
/// <param name="MaxRows">Rows allowed.</param>
internal readonly record struct VectorTarget(string Field, string Index, int Dimension, int MaxRows);

/// <summary>
/// The rows of a request as float32. F32 bytes are read where they lie in the message; anything else is copied once.
/// </summary>
internal readonly ref struct VectorRows
{
    private readonly float[]? _rented;
    private readonly ReadOnlySpan<float> _values;

    private VectorRows(ReadOnlySpan<float> values, int dimension, float[]? rented)
    {
        _values = values[..(values.Length / dimension * dimension)];
        _rented = rented;
        Dimension = dimension;
    }

    /// <summary>Components of a row.</summary>
    public int Dimension { get; }

    /// <summary>Rows.</summary>
    public int Count => _values.Length / Dimension;

    /// <summary>One row.</summary>
    public ReadOnlySpan<float> this[int row] => _values.Slice(row * Dimension, Dimension);

    /// <summary>Some rows, one after another.</summary>
    public ReadOnlySpan<float> Rows(int first, int count) => _values.Slice(first * Dimension, count * Dimension);

    /// <summary>A copy of all rows, one after another.</summary>
    public float[] ToArray() => _values.ToArray();

    /// <summary>
    /// Checks form and dimension of a batch and gives its rows. NaN, infinity and zero vectors are left to the engine, which looks at
    /// every component anyway.
    /// </summary>
    /// <param name="batch">Rows of the request; null when it has none.</param>
    /// <param name="target">What they are meant for.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/> with the target's field.</exception>
    public static VectorRows Read(VectorBatch? batch, scoped in VectorTarget target)
    {
        string field = target.Field;
        if (batch is null || (batch.Data.IsEmpty && batch.Values.Count == 0))
            throw AnnException.Invalid(field, $"{field} hold no vector; fill data or values.");
        if (!batch.Data.IsEmpty && batch.Values.Count > 0)
            throw AnnException.Invalid(field, $"{field} hold both data and values; fill one of them.");

        return batch.Data.IsEmpty ? FromValues(batch, target) : FromData(batch, target);
    }

    /// <summary>Gives back what was borrowed for the rows.</summary>
    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<float>.Shared.Return(_rented);
    }

    private static VectorRows FromValues(VectorBatch batch, scoped in VectorTarget target)
    {
        if (batch.Dtype is not (Dtype.Unspecified or Dtype.F32))
            throw AnnException.Invalid(target.Field, $"dtype is {batch.Dtype}; values are always F32.");
        int count = batch.Values.Count;
        int dimension = RequireDimension(batch.Dim == 0 ? (uint)count : batch.Dim, target);
        RequireWholeRows(count, dimension, "numbers", target);

        float[] rented = ArrayPool<float>.Shared.Rent(count);
        batch.Values.CopyTo(rented, 0);
        return new VectorRows(rented.AsSpan(0, count), dimension, rented);
    }

    private static VectorRows FromData(VectorBatch batch, scoped in VectorTarget target)
    {
        int width = batch.Dtype switch
        {
            Dtype.F32 => sizeof(float),
            Dtype.F16 => sizeof(short),
            Dtype.I8 => sizeof(sbyte),
            _ => throw AnnException.Invalid(target.Field, $"dtype is {batch.Dtype}; with data it must be F32, F16 or I8."),
        };
        if (batch.Dim == 0)
            throw AnnException.Invalid(target.Field, "dim is 0; with data it must be the number of components of a row.");
        int dimension = RequireDimension(batch.Dim, target);
        ReadOnlySpan<byte> data = batch.Data.Span;
        RequireWholeRows(data.Length, dimension * width, "bytes", target);

        // Every platform that .NET 10 and the .ann format run on is little-endian, as the wire is.
        if (batch.Dtype == Dtype.F32)
            return new VectorRows(MemoryMarshal.Cast<byte, float>(data), dimension, rented: null);

        int count = data.Length / width;
        float[] rented = ArrayPool<float>.Shared.Rent(count);
        if (batch.Dtype == Dtype.F16)
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(data), rented);
        else
            TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, sbyte>(data), rented.AsSpan());
        return new VectorRows(rented.AsSpan(0, count), dimension, rented);
    }

    private static int RequireDimension(uint dimension, in VectorTarget target)
    {
        if (dimension != (uint)target.Dimension)
        {
            throw AnnException.DimensionMismatch(
                target.Field, $"Index '{target.Index}'", target.Dimension, (int)Math.Min(dimension, int.MaxValue));
        }
        return (int)dimension;
    }

    private static void RequireWholeRows(int length, int rowLength, string unit, in VectorTarget target)
    {
        string field = target.Field;
        if (length % rowLength != 0)
            throw AnnException.Invalid(field, $"{field} hold {length} {unit}; expected a multiple of {rowLength}, the length of one row.");
        if (length / rowLength > target.MaxRows)
            throw AnnException.Invalid(field, $"{field} hold {length / rowLength} rows; a request takes at most {target.MaxRows}.");
    }
}
