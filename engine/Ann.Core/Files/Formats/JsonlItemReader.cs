using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Files.Formats;

/// <summary>Items of a JSONL file in order. A first pass counts them; the second reads them one by one.</summary>
internal sealed class JsonlItemReader : IDisposable
{
    private readonly LineReader _lines;
    private readonly List<long> _blanksBefore = [];
    private long _row;

    /// <summary>Counts the items and reads the first one into <see cref="Item"/>.</summary>
    /// <param name="files">Where the file is.</param>
    /// <param name="path">The file.</param>
    /// <param name="attributes">Attributes wanted of the second pass; null for none.</param>
    /// <exception cref="AnnException">InvalidArgument: no items, or a first line that is none.</exception>
    public JsonlItemReader(IFileSystem files, string path, AttributeSchema? attributes = null)
        : this(files.OpenRead(path), path, attributes)
    {
    }

    /// <summary>Counts the items and reads the first one into <see cref="Item"/>.</summary>
    /// <param name="stream">The lines; its position can be set to 0. Owned from here on.</param>
    /// <param name="path">What it is called, for messages.</param>
    /// <param name="attributes">Attributes wanted of the second pass; null for none.</param>
    /// <exception cref="AnnException">InvalidArgument: no items, or a first line that is none.</exception>
    public JsonlItemReader(Stream stream, string path, AttributeSchema? attributes = null)
    {
        Path = path;
        _lines = new LineReader(stream, path);
        try
        {
            VectorFile.RequireRegular(stream, path);
            while (_lines.TryReadFilled(out ReadOnlySpan<byte> line))
                if (Count++ == 0)
                    Parse(line);
            if (Count == 0)
                throw AnnException.BadInput(path, "", "it holds no items; expected a JSON object a line.");
            Keys = new KeyColumn(Item.KeyKind ?? throw MissingKey());
            _lines.Rewind();
            if (attributes is not null)
                Item.Attributes = new AttributeMembers(attributes);
        }
        catch
        {
            _lines.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Items of the file, 1 or more.</summary>
    public long Count { get; }

    /// <summary>Keys of the items read so far in the second pass.</summary>
    public KeyColumn Keys { get; }

    /// <summary>The item read last.</summary>
    public JsonlItem Item { get; } = new();

    /// <summary>Reads the next item and adds its key to <see cref="Keys"/>.</summary>
    /// <returns>False at the end.</returns>
    public bool TryRead()
    {
        if (!_lines.TryReadFilled(out ReadOnlySpan<byte> line))
        {
            return _row == Count
                ? false
                : throw AnnException.BadInput(Path, "", $"it held {Count} items at first and {_row} now: it changed while it was read.");
        }
        if (_row == Count)
            throw Bad($"it held {Count} items at first and has more now: it changed while it was read.");
        Parse(line);
        AddKey();

        // Blank lines are rare: remembering them is enough to know the line of every row.
        while (_row + _blanksBefore.Count < _lines.Line - 1)
            _blanksBefore.Add(_row);
        _row++;
        return true;
    }

    /// <summary>The line of an item that has been read.</summary>
    public string Place(long row) => $"line {row + 1 + _blanksBefore.Count(before => before <= row)}";

    /// <summary>An error in the line read last.</summary>
    public AnnException Bad(string what, Exception? inner = null) => AnnException.BadInput(Path, $"line {_lines.Line}", what, inner);

    public void Dispose() => _lines.Dispose();

    private void Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            Item.Parse(line);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
    }

    private void AddKey()
    {
        try
        {
            if (Item.KeyKind is null)
                throw MissingKey();
            if (Item.KeyKind == KeyKind.UInt64)
                Keys.Add(Item.NumberKey);
            else
                Keys.Add(Item.StringKey);
        }
        catch (AnnException e) when (e.Field is not null)
        {
            throw Bad(e.Message, e);
        }
    }

    private AnnException MissingKey() => Bad("it has no \"id\" (a string or an unsigned integer).");
}
