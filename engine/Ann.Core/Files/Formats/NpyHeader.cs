using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Ann.Core.Files.Formats;

/// <summary>
/// The header of NumPy's <c>.npy</c> format, versions 1 to 3: a magic, a version, a length and a Python dictionary literal.
/// </summary>
internal static class NpyHeader
{
    private const int MaxHeaderBytes = 65_536;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads and checks the header.</summary>
    /// <param name="stream">At its beginning; left at the first row.</param>
    /// <param name="path">For messages.</param>
    /// <param name="allowOneDimension">Take a one-dimensional array as rows of one component: a list of item numbers.</param>
    public static RowLayout Read(Stream stream, string path, bool allowOneDimension)
    {
        (string text, long dataOffset) = ReadText(stream, path);
        NpyDictionary dictionary = NpyDictionary.Parse(path, text);
        ElementType element = ToElement(path, dictionary.Descr);
        long[] shape = dictionary.Shape;
        if (shape.Length == 1 && allowOneDimension)
            shape = [shape[0], 1];
        if (shape.Length != 2)
            throw Bad(path, $"the array has shape ({string.Join(", ", shape)}); expected two dimensions, (rows, components).");
        if (dictionary.FortranOrder)
        {
            throw Bad(path, "the array is in Fortran order (columns first); rows are needed. "
                + "In NumPy: np.save(path, np.ascontiguousarray(array)).");
        }
        RowLayout.CheckColumns(path, shape[1]);

        RowLayout layout = new(shape[0], (int)shape[1], element, dataOffset);
        layout.Check(path, stream.Length);
        return layout;
    }

    /// <summary>Writes a version 1 header of a float32 matrix in C order.</summary>
    public static void Write(Stream stream, long rows, int columns)
    {
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
        int before = Magic.Length + 2 + sizeof(ushort);
        int length = (before + text.Length + 1 + Alignment - 1) / Alignment * Alignment - before;
        Span<byte> lengthBytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(lengthBytes, (ushort)length);

        stream.Write(Magic);
        stream.Write([1, 0]);
        stream.Write(lengthBytes);
        stream.Write(Encoding.ASCII.GetBytes(text.PadRight(length - 1) + '\n'));
    }

    private static (string Text, long DataOffset) ReadText(Stream stream, string path)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false) < 10 || !start.StartsWith(Magic))
            throw Bad(path, "it does not begin with the NumPy magic; it is no .npy file.");
        int major = start[Magic.Length];
        if (major is < 1 or > 3)
            throw Bad(path, $"format version {major}.{start[Magic.Length + 1]}; versions 1 to 3 are read.");

        uint length = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        int dataOffset = 10;
        if (major > 1)
        {
            if (stream.ReadAtLeast(start[10..], 2, throwOnEndOfStream: false) < 2)
                throw Bad(path, "the file ends inside the header.");
            length = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
            dataOffset = 12;
        }
        if (length > MaxHeaderBytes)
            throw Bad(path, $"it is {length} bytes long; at most {MaxHeaderBytes} are read.");

        byte[] text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
            throw Bad(path, $"expected {length} bytes; the file ends inside the header.");
        return (Encoding.UTF8.GetString(text), dataOffset + length);
    }

    private static ElementType ToElement(string path, string descr)
    {
        if (descr.StartsWith('>') && descr is not (">u1" or ">i1"))
            throw Bad(path, $"the numbers are big-endian ({descr}). In NumPy: np.save(path, array.astype('<{descr[1..]}')).");

        return descr.TrimStart('<', '|', '=', '>') switch
        {
            "f4" => ElementType.Float32,
            "f2" => ElementType.Float16,
            "f8" => ElementType.Float64,
            "u1" => ElementType.UInt8,
            "i1" => ElementType.Int8,
            "i2" => ElementType.Int16,
            "u2" => ElementType.UInt16,
            "i4" => ElementType.Int32,
            "u4" => ElementType.UInt32,
            "i8" => ElementType.Int64,
            "u8" => ElementType.UInt64,
            _ => throw Bad(path, $"the type is '{descr}'; f2, f4, f8 and whole numbers of 1 to 8 bytes are read."),
        };
    }

    private static AnnException Bad(string path, string what) => AnnException.BadInput(path, "header", what);
}
