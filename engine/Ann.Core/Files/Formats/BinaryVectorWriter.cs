using System.Runtime.InteropServices;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>Writes <c>fbin</c>, or <c>npy</c> version 1 with float32 in C order.</summary>
internal sealed class BinaryVectorWriter : VectorWriter
{
    /// <param name="file">The target; owned from here on.</param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="dimension">Components of a row.</param>
    public BinaryVectorWriter(AtomicFile file, long rows, int dimension)
        : base(file, rows, dimension) => VectorFile.WriteHeader(Stream, file.Path, rows, dimension);

    private protected override void WriteRows(ReadOnlySpan<float> rows, AttributeBatch? attributes) =>
        Stream.Write(MemoryMarshal.AsBytes(rows));
}
