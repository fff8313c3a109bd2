using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;

namespace Ann.Tool.Items;

/// <summary>Files of vectors that the tool reads: those of the engine, and Parquet.</summary>
internal static class VectorInput
{
    private const string Parquet = ".parquet";

    /// <summary>True for a file that has room for keys and attributes beside its vectors.</summary>
    public static bool HasRoom(string path) =>
        path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) || path.EndsWith(Parquet, StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a file of vectors.</summary>
    /// <inheritdoc cref="VectorFile.OpenReader"/>
    public static VectorReader Open(IFileSystem files, string path, AttributeSchema? attributes = null) =>
        path.EndsWith(Parquet, StringComparison.OrdinalIgnoreCase)
            ? new ParquetVectorReader(files, path, attributes)
            : VectorFile.OpenReader(files, path, attributes);
}
