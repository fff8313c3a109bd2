using Ann.Core;

namespace Ann.Tool.Items;

/// <summary>How a file holds items.</summary>
internal enum ItemFormat
{
    /// <summary>A JSON object a line.</summary>
    Jsonl,

    /// <summary>Fields between commas, under a line of names.</summary>
    Csv,

    /// <summary>Fields between tabs, under a line of names.</summary>
    Tsv,

    /// <summary>Columns in groups of rows.</summary>
    Parquet,
}

/// <summary>Formats by the names of files.</summary>
internal static class ItemFormats
{
    /// <summary>What stands for standard input.</summary>
    public const string StandardInput = "-";

    private static readonly string[] Packings = [".gz", ".zst"];

    /// <summary>The words for the formats, which are their extensions as well.</summary>
    public static EnumNames<ItemFormat> Names => EnumNames<ItemFormat>.Plain;

    /// <summary>The format that a name tells, before <c>.gz</c> or <c>.zst</c> where it ends so; null when it tells none.</summary>
    public static ItemFormat? OfPath(string path)
    {
        string packing = Array.Find(Packings, packing => path.EndsWith(packing, StringComparison.OrdinalIgnoreCase)) ?? "";
        string plain = path[..^packing.Length];
        string extension = Path.GetExtension(plain).TrimStart('.').ToLowerInvariant();
        return Names.TryParse(extension, out ItemFormat format) ? format : null;
    }
}
