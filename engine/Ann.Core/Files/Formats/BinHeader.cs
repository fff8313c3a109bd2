using System.Buffers.Binary;

namespace Ann.Core.Files.Formats;

/// <summary>
/// Headers of the plain binary formats: the <c>bin</c> family of big-ann-benchmarks and the <c>vecs</c> family of TEXMEX.
/// </summary>
internal static class BinHeader
{
    /// <summary>Length of a <c>bin</c> header: <c>uint32 rows, uint32 components</c>.</summary>
    public const int SizeInBytes = 8;

    /// <summary>Reads the header of <c>fbin</c>, <c>f16bin</c>, <c>u8bin</c>, <c>i8bin</c>, <c>ibin</c>.</summary>
    /// <param name="stream">At its beginning; left at the first row.</param>
    /// <param name="path">For messages.</param>
    /// <param name="element">What the extension says a component is.</param>
    public static RowLayout ReadBin(Stream stream, string path, ElementType element)
    {
        Span<byte> header = stackalloc byte[SizeInBytes];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            throw AnnException.BadInput(path, "header", $"expected {SizeInBytes} bytes; the file has {stream.Length}.");
        uint rows = BinaryPrimitives.ReadUInt32LittleEndian(header);
        uint columns = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        RowLayout.CheckColumns(path, columns);

        RowLayout layout = new(rows, (int)columns, element, SizeInBytes);
        layout.Check(path, stream.Length);
        return layout;
    }

    /// <summary>Reads the first dimension of <c>fvecs</c>, <c>bvecs</c>, <c>ivecs</c>: there is no other header.</summary>
    /// <param name="stream">At its beginning, and left there.</param>
    /// <param name="path">For messages.</param>
    /// <param name="element">What the extension says a component is.</param>
    public static RowLayout ReadVecs(Stream stream, string path, ElementType element)
    {
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        if (stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
            throw AnnException.BadInput(path, "header", $"expected {sizeof(int)} bytes; the file has {stream.Length}.");
        stream.Position = 0;
        int columns = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        RowLayout.CheckColumns(path, columns);

        int rowSizeInBytes = new RowLayout(1, columns, element, 0, HasRowPrefix: true).RowSizeInBytes;
        long rows = (stream.Length + rowSizeInBytes - 1) / rowSizeInBytes; // Rounded up: a partial last row is then seen as one.
        RowLayout layout = new(rows, columns, element, 0, HasRowPrefix: true);
        layout.Check(path, stream.Length);
        return layout;
    }

    /// <summary>Writes a <c>bin</c> header.</summary>
    public static void WriteBin(Stream stream, uint rows, int columns)
    {
        Span<byte> header = stackalloc byte[SizeInBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, rows);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], columns);
        stream.Write(header);
    }
}
