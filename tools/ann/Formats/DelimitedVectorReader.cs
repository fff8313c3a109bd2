using System.Globalization;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>
/// Vectors of a text table: a column <c>vector</c> or <c>embedding</c> with a list of numbers, or a column a component
/// (<see cref="DelimitedColumns"/>). A first pass counts rows and looks at keys; the second reads.
/// </summary>
internal sealed class DelimitedVectorReader : VectorReader
{
    private readonly UnpackedText _text;
    private readonly string _delimiter;
    private readonly DelimitedColumns _columns;
    private readonly AttributeSchema _schema;
    private readonly List<long> _lines = [];
    private readonly KeyColumn? _keys;
    private AttributeBatch _attributes;
    private DelimitedTable? _table;

    /// <param name="stream">The table, packed or not, seekable; owned from here on.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="delimiter">What stands between fields.</param>
    /// <param name="attributes">Columns that are attributes; null for none.</param>
    public DelimitedVectorReader(Stream stream, string path, string delimiter, AttributeSchema? attributes)
    {
        Path = path;
        _text = new UnpackedText(stream, path);
        _delimiter = delimiter;
        _schema = attributes ?? AttributeSchema.Empty;
        _attributes = new AttributeBatch(_schema);
        try
        {
            Open();
            _columns = DelimitedColumns.Find(path, _table!.Names, _schema);
            KeyKind kind = KeyKind.UInt64;
            while (_table.TryRead())
            {
                if (Count++ == 0)
                    Dimension = FirstDimension();
                if (_columns.Key >= 0 && kind == KeyKind.UInt64 && !ItemReader.IsNumber(_table[_columns.Key], out _))
                    kind = KeyKind.String;
            }
            if (Count == 0)
                throw AnnException.BadInput(path, "", "it holds no rows.");
            _keys = _columns.Key < 0 ? null : new KeyColumn(kind);
            Open();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override long Count { get; }

    /// <inheritdoc/>
    public override int Dimension { get; }

    /// <summary>Numbers where all keys of the file are whole numbers, else texts.</summary>
    public override KeyColumn? Keys => _keys;

    /// <inheritdoc/>
    public override int ReadRows(Span<float> destination)
    {
        int wanted = destination.Length / Dimension;
        ArgumentOutOfRangeException.ThrowIfZero(wanted, nameof(destination));
        for (int row = 0; row < wanted; row++)
        {
            if (!_table!.TryRead())
                return row;
            NoteLine();
            try
            {
                ReadRow(destination.Slice(row * Dimension, Dimension));
            }
            catch (FormatException e)
            {
                throw _table.Bad(e.Message, e);
            }
            catch (AnnException e) when (e.Field is not null)
            {
                throw _table.Bad(e.Message, e);
            }
        }
        return wanted;
    }

    /// <inheritdoc/>
    public override AttributeBatch? TakeAttributes()
    {
        if (_schema.Count == 0)
            return null;
        AttributeBatch taken = _attributes;
        _attributes = new AttributeBatch(_schema);
        return taken;
    }

    /// <summary>The line of a row; of rows that take more or fewer lines than one, the start of each is kept.</summary>
    public override string Place(long row)
    {
        long line = row + 2;
        for (int i = 0; i + 1 < _lines.Count && _lines[i] <= row; i += 2)
            line = _lines[i + 1] + (row - _lines[i]);
        return $"line {line}";
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _table?.Dispose();
        _text.Dispose();
    }

    private void Open()
    {
        _text.Position = 0;
        _table = new DelimitedTable(new UnclosedStream(_text), Path, _delimiter);
        _rows = 0;
    }

    private long _rows;

    /// <summary>Keeps the row and its line where they are not one behind the other.</summary>
    private void NoteLine()
    {
        long expected = _lines.Count == 0 ? _rows + 2 : _lines[^1] + (_rows - _lines[^2]);
        if (_table!.Line != expected)
            _lines.AddRange([_rows, _table.Line]);
        _rows++;
    }

    private int FirstDimension()
    {
        int dimension = _columns.Components.Length;
        if (_columns.List >= 0)
        {
            float[] all = new float[RowLayout.MaxColumns];
            try
            {
                dimension = ParseList(_table![_columns.List], all);
            }
            catch (FormatException e)
            {
                throw _table!.Bad(e.Message, e);
            }
        }
        return dimension is >= 1 and <= RowLayout.MaxColumns
            ? dimension
            : throw _table!.Bad($"expected a vector of 1 to {RowLayout.MaxColumns} components; found {dimension}.");
    }

    private void ReadRow(Span<float> row)
    {
        DelimitedTable table = _table!;
        if (_columns.List >= 0)
        {
            int found = ParseList(table[_columns.List], row);
            if (found != Dimension)
                throw new FormatException($"expected a vector of {Dimension} components, as in the first row; found {found}.");
        }
        else
        {
            for (int i = 0; i < Dimension; i++)
                row[i] = Parse(table[_columns.Components[i]], i);
        }
        if (_columns.Key >= 0)
            AddKey(table[_columns.Key]);
        for (int column = 0; column < _schema.Count; column++)
            AttributeText.Read(table[_columns.Attributes[column]], _attributes.Columns[column]);
    }

    private void AddKey(string key)
    {
        if (_keys!.Kind == KeyKind.String)
            _keys.Add(key);
        else
            _keys.Add(ItemReader.IsNumber(key, out ulong number) ? number : throw new FormatException("it changed while it was read."));
    }

    /// <summary>Reads numbers between commas, semicolons or blanks, in brackets or without.</summary>
    /// <returns>How many there are. Those beyond the room are counted alone.</returns>
    private static int ParseList(ReadOnlySpan<char> text, Span<float> into)
    {
        text = text.Trim();
        if (text is ['[', .., ']'])
            text = text[1..^1];
        int count = 0;
        foreach (Range part in text.SplitAny(", ;\t\n"))
        {
            if (text[part].IsEmpty)
                continue;
            float value = Parse(text[part], count);
            if (count < into.Length)
                into[count] = value;
            count++;
        }
        return count;
    }

    private static float Parse(ReadOnlySpan<char> text, int component) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            ? value
            : throw new FormatException(
                $"component {component} is '{PrintedText.Of(text[..Math.Min(text.Length, 40)].ToString())}'; expected a number.");
}
