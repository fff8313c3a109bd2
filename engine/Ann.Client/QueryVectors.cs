using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Client;

/// <summary>
/// Vectors of one dimension, row after row, of float32, float16 or int8. They are sent from where they lie, without a copy: they must not
/// change until the call has ended.
/// </summary>
public readonly struct QueryVectors
{
    private readonly ReadOnlyMemory<byte> _bytes;

    private QueryVectors(ReadOnlyMemory<byte> bytes, Dtype dtype, int dimension)
    {
        _bytes = bytes;
        Dtype = dtype;
        Dimension = dimension;
    }

    /// <summary>How a component is written.</summary>
    public Dtype Dtype { get; }

    /// <summary>Components of a row. 0: there are no vectors.</summary>
    public int Dimension { get; }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Dimension == 0;

    /// <summary>One vector.</summary>
    public static implicit operator QueryVectors(float[] vector) => FromSingle(vector);

    /// <summary>One vector.</summary>
    public static implicit operator QueryVectors(ReadOnlyMemory<float> vector) => FromSingle(vector);

    /// <summary>One vector.</summary>
    public static implicit operator QueryVectors(Memory<float> vector) => FromSingle(vector);

    /// <summary>Vectors of float32.</summary>
    /// <param name="rows">Row after row.</param>
    /// <param name="dimension">Components of a row; 0: all are one row.</param>
    /// <exception cref="ArgumentException">The components do not make whole rows.</exception>
    public static QueryVectors FromSingle(ReadOnlyMemory<float> rows, int dimension = 0) => From(rows, Dtype.F32, dimension);

    /// <summary>Vectors of float16.</summary>
    /// <inheritdoc cref="FromSingle"/>
    public static QueryVectors FromHalf(ReadOnlyMemory<Half> rows, int dimension = 0) => From(rows, Dtype.F16, dimension);

    /// <summary>Vectors of int8, taken at face value.</summary>
    /// <inheritdoc cref="FromSingle"/>
    public static QueryVectors FromSByte(ReadOnlyMemory<sbyte> rows, int dimension = 0) => From(rows, Dtype.I8, dimension);

    /// <summary>As the protocol carries them, without a copy.</summary>
    internal VectorBatch ToWire() =>
        new() { Dtype = Dtype, Dim = (uint)Dimension, Data = UnsafeByteOperations.UnsafeWrap(_bytes) };

    private static QueryVectors From<T>(ReadOnlyMemory<T> rows, Dtype dtype, int dimension)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dimension);
        int columns = dimension == 0 ? rows.Length : dimension;
        return columns > 0 && rows.Length % columns == 0 && rows.Length > 0
            ? new QueryVectors(new BytesOf<T>(rows).Memory, dtype, columns)
            : throw new ArgumentException($"{rows.Length} components make no whole rows of {columns}.", nameof(rows));
    }

    /// <summary>The memory of numbers as memory of bytes.</summary>
    private sealed class BytesOf<T>(ReadOnlyMemory<T> numbers) : MemoryManager<byte>
        where T : unmanaged
    {
        public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(MemoryMarshal.AsMemory(numbers).Span);

        public override MemoryHandle Pin(int elementIndex = 0) =>
            throw new NotSupportedException("Vectors that are sent are read as a span.");

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
