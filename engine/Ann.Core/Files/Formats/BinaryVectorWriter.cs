using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Writes the <c>bin</c> and the <c>vecs</c> family, or <c>npy</c> version 1 with float32 in C order. A component that its type does not
/// hold becomes the nearest that it does: who minds asks <see cref="ElementTypeExtensions.Holds"/> before.
/// </summary>
internal sealed class BinaryVectorWriter : VectorWriter
{
    private readonly ElementType _element;
    private readonly bool _hasRowPrefix;
    private byte[] _row = [];

    /// <param name="file">The target; owned from here on.</param>
    /// <param name="extension">The format.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="dimension">Components of a row.</param>
    public BinaryVectorWriter(AtomicFile file, string extension, long rows, int dimension)
        : base(file, rows, dimension)
    {
        _element = VectorFile.ElementOf(extension);
        _hasRowPrefix = extension is ".fvecs" or ".bvecs";
        VectorFile.WriteHeader(Stream, file.Path, rows, dimension);
    }

    private protected override void WriteRows(ReadOnlySpan<float> rows, AttributeBatch? attributes)
    {
        if (_element == ElementType.Float32 && !_hasRowPrefix)
        {
            Stream.Write(MemoryMarshal.AsBytes(rows));
            return;
        }
        int prefix = _hasRowPrefix ? sizeof(int) : 0;
        if (_row.Length == 0)
            _row = new byte[prefix + Dimension * _element.SizeInBytes()];
        for (int first = 0; first < rows.Length; first += Dimension)
        {
            if (_hasRowPrefix)
                BinaryPrimitives.WriteInt32LittleEndian(_row, Dimension);
            _element.FromFloats(rows.Slice(first, Dimension), _row.AsSpan(prefix));
            Stream.Write(_row);
        }
    }
}
