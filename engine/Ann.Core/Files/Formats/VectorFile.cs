using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>Opens and creates files of vectors and of whole numbers; the extension names the format.</summary>
internal static class VectorFile
{
    /// <summary>Extensions that <see cref="OpenReader"/> reads.</summary>
    public static IReadOnlyList<string> ReadExtensions { get; } =
        [".fbin", ".f16bin", ".u8bin", ".i8bin", ".fvecs", ".bvecs", ".npy", ".jsonl"];

    /// <summary>Extensions that <see cref="CreateWriter"/> writes.</summary>
    public static IReadOnlyList<string> WriteExtensions { get; } = ReadExtensions;

    /// <summary>Extensions that <see cref="OpenIntegers"/> reads.</summary>
    public static IReadOnlyList<string> IntegerExtensions { get; } = [".ibin", ".ivecs", ".npy"];

    /// <summary>Opens a file of vectors and checks its header against its size.</summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="attributes">Members of a <c>.jsonl</c> file that are attributes; null for none. Other formats carry none.</param>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: names the file, the place and what is wrong.</exception>
    public static VectorReader OpenReader(IFileSystem files, string path, AttributeSchema? attributes = null)
    {
        string extension = Extension(path, ReadExtensions, "vectors");
        return Open(files, path, stream => OpenStream(stream, path, extension, attributes));
    }

    /// <summary>Opens a stream of vectors, and checks its header against its length.</summary>
    /// <param name="stream">Seekable, at its beginning; owned by the reader from here on.</param>
    /// <param name="path">What it is called, for messages.</param>
    /// <param name="extension">One of <see cref="ReadExtensions"/>.</param>
    /// <param name="attributes">As of <see cref="OpenReader"/>.</param>
    /// <exception cref="AnnException">InvalidArgument: names the file, the place and what is wrong.</exception>
    public static VectorReader OpenStream(Stream stream, string path, string extension, AttributeSchema? attributes)
    {
        if (extension == ".jsonl")
            return new JsonlVectorReader(stream, path, attributes);
        RowLayout layout = extension switch
        {
            ".npy" => NpyHeader.Read(stream, path, allowOneDimension: false),
            ".fvecs" or ".bvecs" => BinHeader.ReadVecs(stream, path, ElementOf(extension)),
            _ => BinHeader.ReadBin(stream, path, ElementOf(extension)),
        };
        if (!layout.Element.IsVector())
            throw AnnException.BadInput(
                path, "header", $"the type is {layout.Element.ToName()}; vectors are float32, float16, float64, uint8 or int8.");
        return new BinaryVectorReader(new RowStream(stream, path, layout));
    }

    /// <summary>What a component is that is written to a file of an extension.</summary>
    public static ElementType ElementOf(string extension) => extension switch
    {
        ".f16bin" => ElementType.Float16,
        ".u8bin" or ".bvecs" => ElementType.UInt8,
        ".i8bin" => ElementType.Int8,
        _ => ElementType.Float32,
    };

    /// <summary>Opens a file of whole numbers and checks its header against its size.</summary>
    /// <exception cref="AnnException">NotFound: no such file. InvalidArgument: names the file, the place and what is wrong.</exception>
    public static IntegerReader OpenIntegers(IFileSystem files, string path)
    {
        string extension = Extension(path, IntegerExtensions, "whole numbers");
        return Open(files, path, stream =>
        {
            RowLayout layout = extension switch
            {
                ".ibin" => BinHeader.ReadBin(stream, path, ElementType.UInt32),
                ".ivecs" => BinHeader.ReadVecs(stream, path, ElementType.Int32),
                _ => NpyHeader.Read(stream, path, allowOneDimension: true),
            };
            if (!layout.Element.IsInteger())
                throw AnnException.BadInput(path, "header", $"the type is {layout.Element.ToName()}; expected whole numbers.");
            return new IntegerReader(new RowStream(stream, path, layout));
        });
    }

    /// <summary>Creates a file of vectors; it appears under its name at <see cref="VectorWriter.Commit"/>.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">
    /// The target: one of <see cref="WriteExtensions"/>; <c>.npy</c> is float32. Types that hold less than float32 take the nearest value
    /// (<see cref="ElementTypeExtensions.Holds"/>).
    /// </param>
    /// <param name="rows">Rows that will be written.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <param name="keys">
    /// Keys of the rows, for <c>.jsonl</c>; at least the keys of the rows written so far. Null numbers the rows from 0.
    /// </param>
    /// <param name="extension">The format; null where the path tells it.</param>
    /// <param name="pack">As of <see cref="VectorWriter"/>; texts alone may be packed.</param>
    /// <exception cref="AnnException">InvalidArgument: an extension that is not written, or a target that cannot be created.</exception>
    public static VectorWriter CreateWriter(
        IFileSystem files, string path, long rows, int dimension, KeyColumn? keys = null, string? extension = null,
        Func<Stream, Stream>? pack = null)
    {
        extension ??= Extension(path, WriteExtensions, "vectors", "write");
        AtomicFile file = new(files, path);
        try
        {
            return extension == ".jsonl"
                ? new JsonlVectorWriter(file, rows, dimension, keys, pack)
                : new BinaryVectorWriter(file, extension, rows, dimension);
        }
        catch
        {
            file.Dispose(); // The header did not fit: nothing of it may stay.
            throw;
        }
    }

    /// <summary>Writes the header of a binary file of vectors. It is as long whatever the number of rows.</summary>
    /// <param name="stream">At the file's beginning.</param>
    /// <param name="path">The file: <c>.npy</c>, one of the <c>bin</c> family, or of the <c>vecs</c> family, which has no header.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="dimension">Components of a row.</param>
    /// <exception cref="AnnException">InvalidArgument: more rows than the format can tell.</exception>
    public static void WriteHeader(Stream stream, string path, long rows, int dimension)
    {
        if (path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            NpyHeader.Write(stream, rows, dimension);
            return;
        }
        if (path.EndsWith("vecs", StringComparison.OrdinalIgnoreCase))
            return;
        if (rows > uint.MaxValue)
        {
            throw AnnException.BadInput(
                path, "", $"a file of the bin family holds at most {uint.MaxValue} rows; there are {rows}. Write .npy.");
        }
        BinHeader.WriteBin(stream, (uint)rows, dimension);
    }

    /// <summary>Writes true neighbours as <c>ibin</c>: a query a row, nearest first.</summary>
    /// <param name="files">Where to write.</param>
    /// <param name="path">The target.</param>
    /// <param name="columns">Numbers of a row.</param>
    /// <param name="numbers">Row-major; a whole number of rows.</param>
    public static void WriteIbin(IFileSystem files, string path, int columns, ReadOnlySpan<int> numbers)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(numbers.Length % columns, 0, nameof(numbers));
        using AtomicFile file = new(files, path);
        BinHeader.WriteBin(file.Stream, (uint)(numbers.Length / columns), columns);
        file.Stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers));
        file.Commit();
    }

    internal static void RequireRegular(Stream stream, string path)
    {
        if (!stream.CanSeek)
            throw AnnException.BadInput(path, "", "it is no regular file; its size must be known before it is read.");
    }

    private static T Open<T>(IFileSystem files, string path, Func<Stream, T> open)
    {
        Stream stream = files.OpenRead(path);
        try
        {
            RequireRegular(stream, path);
            return open(stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static string Extension(string path, IReadOnlyList<string> supported, string what, string verb = "read")
    {
        string extension = Path.GetExtension(path).ToLowerInvariant();
        if (supported.Contains(extension))
            return extension;
        string found = extension.Length == 0 ? "no extension" : $"'{extension}'";
        throw AnnException.BadInput(path, "", $"{found} names no format that we {verb}; {what}: {string.Join(' ', supported)}.");
    }
}
