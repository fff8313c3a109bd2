using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;

namespace Ann.Tool.Items;

/// <summary>A file of items, or standard input, and what of each item is wanted.</summary>
internal sealed record ItemSource
{
    /// <summary>The file, or <see cref="ItemFormats.StandardInput"/>.</summary>
    public required string Path { get; init; }

    /// <summary>How it holds items.</summary>
    public required ItemFormat Format { get; init; }

    /// <summary>
    /// Columns (of JSONL members) that are the text, in the order in which they are joined by blanks. Null: <c>title</c> and
    /// <c>text</c>, as far as they are there.
    /// </summary>
    public IReadOnlyList<string>? TextColumns { get; init; }

    /// <summary>True where an item's text is the whole object, as JSON: rows of named fields. JSON lines alone.</summary>
    public bool WantsObjects { get; init; }

    /// <summary>The column that is the key. Null: <c>id</c>, or <c>_id</c>.</summary>
    public string? KeyColumn { get; init; }

    /// <summary>What keys are. Null: what the first one is.</summary>
    public KeyKind? KeyKind { get; init; }

    /// <summary>Columns that are attributes; null for none.</summary>
    public AttributeSchema? Attributes { get; init; }

    /// <summary>True for what can be read once, and forwards.</summary>
    public bool IsStandardInput => Path == ItemFormats.StandardInput;

    /// <summary>What it is called in messages.</summary>
    public string Name => IsStandardInput ? "standard input" : Path;

    /// <summary>Names that the key may have.</summary>
    public IReadOnlyList<string> KeyNames => KeyColumn is null ? JsonlItem.UsualKeyNames : [KeyColumn];

    /// <summary>The format of a file by its name.</summary>
    /// <exception cref="AnnException">InvalidArgument: the name tells none.</exception>
    public static ItemFormat FormatOf(string path) => ItemFormats.OfPath(path) ?? throw AnnException.BadInput(
        path, "",
        "its name tells no format of items: .jsonl, .csv, .tsv (each with .gz or .zst behind it, too) or .parquet. --format names one.");

    /// <summary>Opens it at its beginning.</summary>
    /// <exception cref="AnnException">
    /// NotFound: no such file. InvalidArgument: a wrong header, a column that is wanted and not there, or Parquet that is no file.
    /// </exception>
    public ItemReader Open(ToolContext tool)
    {
        if (Format == ItemFormat.Parquet && IsStandardInput)
        {
            throw AnnException.BadInput(
                Name, "", "Parquet cannot be read from standard input: its directory is at the end. Name the file.");
        }
        Stream raw = IsStandardInput ? tool.OpenInput() : tool.Files.OpenRead(Path);
        try
        {
            if (!IsStandardInput)
                VectorFile.RequireRegular(raw, Path);
            return Format switch
            {
                ItemFormat.Jsonl => new JsonlItems(this, new InputStream(raw, Name)),
                ItemFormat.Csv => new DelimitedItems(this, new InputStream(raw, Name), ","),
                ItemFormat.Tsv => new DelimitedItems(this, new InputStream(raw, Name), "\t"),
                ItemFormat.Parquet => new ParquetItems(this, raw),
            };
        }
        catch
        {
            raw.Dispose();
            throw;
        }
    }
}
