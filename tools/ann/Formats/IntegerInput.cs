using Ann.Core;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Formats;

/// <summary>Files of whole numbers that the tool reads: those of the engine, and the dataset <c>neighbors</c> of HDF5.</summary>
internal static class IntegerInput
{
    private const string StandardDataset = "neighbors";
    private const long MostBytes = 1 << 30;

    private static readonly ElementType[] Elements =
    [
        ElementType.Int32, ElementType.Int64, ElementType.UInt32, ElementType.UInt64, ElementType.Int16, ElementType.UInt16,
        ElementType.UInt8, ElementType.Int8,
    ];

    /// <summary>Opens a file of whole numbers.</summary>
    /// <inheritdoc cref="VectorFile.OpenIntegers"/>
    public static IntegerReader Open(IFileSystem files, string path)
    {
        (string file, string? name) = VectorFormats.Split(path);
        if (VectorFormats.Find(path)?.Name != "hdf5")
            return VectorFile.OpenIntegers(files, path);
        Stream stream = files.OpenRead(file);
        try
        {
            VectorFile.RequireRegular(stream, file);
            using Hdf5Dataset dataset = new(stream, path, name ?? StandardDataset, Elements);
            long size = dataset.Rows * dataset.RowSizeInBytes;
            if (size > MostBytes)
                throw AnnException.BadInput(path, "", $"its neighbours take {size} bytes; at most {MostBytes} are read.");
            MemoryStream rows = new();
            while (dataset.Read(int.MaxValue) is { Length: > 0 } stored)
                rows.Write(stored);
            rows.Position = 0;
            return new IntegerReader(new RowStream(rows, path, new RowLayout(dataset.Rows, dataset.Columns, dataset.Element, 0)));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
