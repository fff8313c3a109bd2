using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Files.Formats;
using PureHDF;
using PureHDF.Selections;

namespace Ann.Tool.Formats;

/// <summary>
/// A dataset of two dimensions of an HDF5 file, read some rows at a time. A file may be damaged or hostile, and the library throws what it
/// comes to: all of it becomes an error that names the file and the dataset. What it says of its size is held to the length of the file.
/// </summary>
internal sealed class Hdf5Dataset : IDisposable
{
    private const int BufferSizeInBytes = 1 << 20;
    private const int MaxChunkBytes = 256 << 20;
    private const int MostPacked = 1_100; // deflate makes at most 1,032 bytes of one

    // A damaged directory can keep the library busy for ever.
    private static readonly TimeSpan MostToOpen = TimeSpan.FromMinutes(1);

    private readonly IH5Dataset _dataset;
    private readonly IDisposable _file;
    private readonly string _name;
    private long _row;

    /// <param name="stream">The file, seekable; owned from here on.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="name">Which dataset.</param>
    /// <param name="elements">What its elements may be.</param>
    /// <exception cref="AnnException">InvalidArgument: no such dataset, another shape or type, or a damaged file.</exception>
    public Hdf5Dataset(Stream stream, string path, string name, params ReadOnlySpan<ElementType> elements)
    {
        Path = path;
        _name = name;
        long length = stream.Length;
        (_file, _dataset) = Guarded(() => Open(stream));
        try
        {
            ulong[] dimensions = Guarded(() => _dataset.Space.Dimensions);
            if (dimensions.Length != 2)
                throw Bad($"expected rows and columns; found {dimensions.Length} dimensions.");
            (H5DataTypeClass kind, int size, bool signed) = Guarded(() => (
                _dataset.Type.Class, _dataset.Type.Size,
                _dataset.Type.Class == H5DataTypeClass.FixedPoint && _dataset.Type.FixedPoint.IsSigned));
            ElementType? element = ElementOf(kind, size, signed);
            if (element is null || !elements.Contains(element.Value))
            {
                string expected = string.Join(", ", elements.ToArray().Select(static one => one.ToName()));
                throw Bad($"expected {expected}; found {element?.ToName() ?? $"{kind} of {size} bytes"}.");
            }
            Element = element.Value;
            if (dimensions[1] is < 1 or > RowLayout.MaxColumns)
                throw Bad($"the dimension is {dimensions[1]}; it must be 1 to {RowLayout.MaxColumns}.");
            Columns = (int)dimensions[1];
            RequireRoom(dimensions[0], length);
            Rows = (long)dimensions[0];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Rows, 1 or more.</summary>
    public long Rows { get; }

    /// <summary>Elements of a row, 1 to 65,536.</summary>
    public int Columns { get; }

    /// <summary>What an element is.</summary>
    public ElementType Element { get; }

    /// <summary>Bytes of a row.</summary>
    public int RowSizeInBytes => Columns * Element.SizeInBytes();

    /// <summary>Reads the next rows.</summary>
    /// <param name="most">Rows wanted at most.</param>
    /// <returns>Their elements, one after another; empty at the end.</returns>
    /// <exception cref="AnnException">InvalidArgument: what is there cannot be read.</exception>
    public ReadOnlySpan<byte> Read(int most)
    {
        int rows = (int)Math.Min(Rows - _row, Math.Min(most, Math.Max(1, BufferSizeInBytes / RowSizeInBytes)));
        if (rows == 0)
            return default;
        HyperslabSelection part = new(2, starts: [(ulong)_row, 0], blocks: [(ulong)rows, (ulong)Columns]);
        byte[] stored = Guarded(() => Element switch
        {
            ElementType.Float32 => Bytes(_dataset.Read<float[]>(part)),
            ElementType.Float16 => Bytes(_dataset.Read<Half[]>(part)),
            ElementType.Float64 => Bytes(_dataset.Read<double[]>(part)),
            ElementType.UInt8 => Bytes(_dataset.Read<byte[]>(part)),
            ElementType.Int8 => Bytes(_dataset.Read<sbyte[]>(part)),
            ElementType.Int16 => Bytes(_dataset.Read<short[]>(part)),
            ElementType.UInt16 => Bytes(_dataset.Read<ushort[]>(part)),
            ElementType.Int32 => Bytes(_dataset.Read<int[]>(part)),
            ElementType.UInt32 => Bytes(_dataset.Read<uint[]>(part)),
            ElementType.Int64 => Bytes(_dataset.Read<long[]>(part)),
            ElementType.UInt64 => Bytes(_dataset.Read<ulong[]>(part)),
        });
        if (stored.Length != rows * RowSizeInBytes)
            throw Bad($"expected {rows} rows at row {_row}; found {stored.Length} bytes.");
        _row += rows;
        return stored;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => values as byte[] ?? MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static ElementType? ElementOf(H5DataTypeClass kind, int size, bool signed) => (kind, size, signed) switch
    {
        (H5DataTypeClass.FloatingPoint, 2, _) => ElementType.Float16,
        (H5DataTypeClass.FloatingPoint, 4, _) => ElementType.Float32,
        (H5DataTypeClass.FloatingPoint, 8, _) => ElementType.Float64,
        (H5DataTypeClass.FixedPoint, 1, false) => ElementType.UInt8,
        (H5DataTypeClass.FixedPoint, 1, true) => ElementType.Int8,
        (H5DataTypeClass.FixedPoint, 2, false) => ElementType.UInt16,
        (H5DataTypeClass.FixedPoint, 2, true) => ElementType.Int16,
        (H5DataTypeClass.FixedPoint, 4, false) => ElementType.UInt32,
        (H5DataTypeClass.FixedPoint, 4, true) => ElementType.Int32,
        (H5DataTypeClass.FixedPoint, 8, false) => ElementType.UInt64,
        (H5DataTypeClass.FixedPoint, 8, true) => ElementType.Int64,
        _ => null,
    };

    private (IDisposable File, IH5Dataset Dataset) Open(Stream stream)
    {
        Task<(IDisposable, IH5Dataset)> opening = Task.Run<(IDisposable, IH5Dataset)>(() =>
        {
            var file = H5File.Open(stream, leaveOpen: false);
            if (file.LinkExists(_name))
                return (file, file.Dataset(_name));
            string found = string.Join(", ", file.Children().Take(20).Select(static child => $"'{PrintedText.Of(child.Name)}'"));
            throw Bad($"there is no such dataset; found {(found.Length == 0 ? "none" : found)}. FILE.hdf5#NAME names another.");
        });
        return opening.Wait(MostToOpen)
            ? opening.Result
            : throw new InvalidDataException($"its directory was not understood within {MostToOpen.TotalSeconds} s.");
    }

    /// <summary>Refuses a size that the file cannot have.</summary>
    private void RequireRoom(ulong rows, long length)
    {
        if (rows == 0)
            throw Bad("it holds no rows.");
        (H5DataLayoutClass layout, ulong chunk) = Guarded(() => (
            _dataset.Layout.Class,
            _dataset.Layout.Class == H5DataLayoutClass.Chunked
                ? _dataset.Layout.Chunks.Aggregate(1ul, static (product, one) => checked(product * one)) * (ulong)Element.SizeInBytes()
                : 0));
        if (chunk > MaxChunkBytes)
            throw Bad($"its chunks take {chunk} bytes; at most {MaxChunkBytes} are read at once.");
        UInt128 promised = (UInt128)rows * (UInt128)RowSizeInBytes;
        UInt128 most = (UInt128)(ulong)length * (layout == H5DataLayoutClass.Chunked ? MostPacked : 1u);
        if (promised > most)
            throw Bad($"{rows} rows of {Columns} {Element.ToName()} take {promised} bytes; the file has {length}.");
    }

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not AnnException)
        {
            Exception cause = e is AggregateException { InnerException: { } inner } ? inner : e;
            if (cause is AnnException known)
                throw known;
            throw Bad($"it cannot be read as HDF5: {cause.Message.TrimEnd('.')} ({cause.GetType().Name}).", e);
        }
    }

    private AnnException Bad(string what, Exception? inner = null) =>
        AnnException.BadInput(Path, $"dataset '{PrintedText.Of(_name)}'", what, inner);
}
