using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>Files of vectors that the tool reads: those of <see cref="VectorFormats"/>.</summary>
internal static class VectorInput
{
    /// <summary>True for a file that has room for keys and attributes beside its vectors.</summary>
    public static bool HasRoom(string path) => VectorFormats.Find(path)?.HasAttributes ?? false;

    /// <summary>Opens a file of vectors.</summary>
    /// <inheritdoc cref="VectorFile.OpenReader"/>
    public static VectorReader Open(IFileSystem files, string path, AttributeSchema? attributes = null)
    {
        VectorFormat format = VectorFormats.OfPath(path);
        (string file, string? dataset) = VectorFormats.Split(path);
        Stream stream = files.OpenRead(file);
        try
        {
            VectorFile.RequireRegular(stream, file);
            return format.Name switch
            {
                "parquet" => new ParquetVectorReader(stream, path, attributes),
                "arrow" or "arrows" => new ArrowVectorReader(stream, path, attributes),
                "hdf5" => new Hdf5VectorReader(stream, path, dataset ?? Hdf5VectorReader.StandardDataset),
                "csv" => new DelimitedVectorReader(stream, path, ",", attributes),
                "tsv" => new DelimitedVectorReader(stream, path, "\t", attributes),
                "jsonl" => VectorFile.OpenStream(new UnpackedText(stream, path), path, ".jsonl", attributes),
                _ => VectorFile.OpenStream(stream, path, format.Extensions[0], attributes),
            };
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The attributes that columns of a file tell with their types; null where its format tells none.</summary>
    public static AttributeSchema? TypedColumns(IFileSystem files, string path)
    {
        if (VectorFormats.Find(path) is not { TellsTypes: true } format)
            return null;
        using Stream stream = files.OpenRead(path);
        if (format.Name == "parquet")
        {
            using ParquetTable table = new(path, stream);
            return AttributesOf(table.TypedColumns());
        }
        using ArrowVectorReader reader = new(stream, path, attributes: null);
        return AttributesOf(reader.TypedColumns());
    }

    private static AttributeSchema AttributesOf(IEnumerable<(string Name, string Type)> columns) => new(columns
        .Where(static column => !JsonlVectorWriter.TakenNames.Contains(column.Name) && AttributeSchema.IsName(column.Name))
        .Select(static column => new AttributeField(column.Name, AttributeTraits.Names.Parse(column.Type))));
}
