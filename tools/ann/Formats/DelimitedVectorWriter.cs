using System.Globalization;
using System.Text;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files;
using Ann.Core.Files.Formats;
using Ann.Core.Keys;
using Ann.Tool.Items;

namespace Ann.Tool.Formats;

/// <summary>
/// Writes vectors as a text table: <c>id</c>, <c>vector</c> as a list in brackets, and a column an attribute, as
/// <see cref="AttributeText"/> reads them. Numbers are the shortest that read back as the same float.
/// </summary>
internal sealed class DelimitedVectorWriter : VectorOutput
{
    private readonly AtomicFile _file;
    private readonly Stream _packed;
    private readonly StreamWriter _text;
    private readonly VectorShape _shape;
    private readonly char _delimiter;
    private readonly StringBuilder _list = new();
    private long _row;
    private bool _isEnded;

    /// <param name="files">Where to write.</param>
    /// <param name="path">The target.</param>
    /// <param name="shape">What it will hold.</param>
    /// <param name="delimiter">What stands between fields.</param>
    public DelimitedVectorWriter(IFileSystem files, string path, VectorShape shape, char delimiter)
    {
        JsonlVectorWriter.RequireFreeNames(path, shape.Attributes);
        _shape = shape;
        _delimiter = delimiter;
        _file = new AtomicFile(files, path);
        _packed = Pack(path, _file.Stream);
        _text = new StreamWriter(_packed, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        try
        {
            _text.WriteLine(string.Join(delimiter, ["id", "vector", .. shape.Attributes.Fields.Select(static field => field.Name)]));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> rows, KeyColumn keys, AttributeBatch? attributes)
    {
        for (int item = 0; item * _shape.Dimension < rows.Length; item++)
        {
            WriteField(keys.Format(item));
            _text.Write(_delimiter);
            WriteField(ListOf(rows.Slice(item * _shape.Dimension, _shape.Dimension)));
            foreach (AttributeColumn column in attributes?.Columns ?? [])
            {
                _text.Write(_delimiter);
                WriteField(TextOf(column, item));
            }
            _text.WriteLine();
            _row++;
        }
    }

    /// <inheritdoc/>
    public override void End()
    {
        _isEnded = true;
        _text.Dispose();
        if (_packed != _file.Stream)
            _packed.Dispose();
    }

    /// <inheritdoc/>
    public override void Commit() => _file.Commit();

    /// <inheritdoc/>
    public override void Dispose()
    {
        try
        {
            if (!_isEnded)
                End();
        }
        catch (IOException)
        {
            // On a full disk what is left does not fit either, and all is thrown away.
        }
        _file.Dispose();
    }

    private string ListOf(ReadOnlySpan<float> row)
    {
        _list.Clear().Append('[');
        foreach (float component in row)
            _list.Append(CultureInfo.InvariantCulture, $"{component},");
        _list[^1] = ']';
        return _list.ToString();
    }

    private string TextOf(AttributeColumn column, int item)
    {
        if (!column.Has(item))
            return "";
        return column.Field.Traits.Form switch
        {
            AttributeForm.Text => Held(column, System.Text.Encoding.UTF8.GetString(column.TextAt(item))),
            AttributeForm.TextSet => Held(column, string.Join(
                AttributeText.BetweenTexts,
                Enumerable.Range(0, column.TextCount(item))
                    .Select(i => Plain(column, System.Text.Encoding.UTF8.GetString(column.TextAt(item, i)))))),
            AttributeForm.Integer when column.Field.Traits.IsTime => TimestampText.Format(column.Int64At(item)),
            AttributeForm.Integer => column.Int64At(item).ToString(CultureInfo.InvariantCulture),
            AttributeForm.Real => column.DoubleAt(item).ToString("R", CultureInfo.InvariantCulture),
            AttributeForm.Bit => column.BoolAt(item) ? "true" : "false",
        };
    }

    private string Held(AttributeColumn column, string text) => text.Length > 0
        ? text
        : throw Bad(column, "is an empty text or set, which a table cannot tell from no value");

    private string Plain(AttributeColumn column, string text) => !text.Contains(AttributeText.BetweenTexts)
        ? text
        : throw Bad(column, $"has a text with '{AttributeText.BetweenTexts}', which stands between the texts of a set");

    private AnnException Bad(AttributeColumn column, string what) =>
        AnnException.BadInput(_file.Path, $"row {_row}", $"attribute '{column.Field.Name}' {what}. Write .jsonl, .parquet or .arrow.");

    private void WriteField(string text)
    {
        if (text.Length > 0 && !text.AsSpan().ContainsAny([_delimiter, '"', '\r', '\n', ' ']))
        {
            _text.Write(text);
            return;
        }
        if (text.Length == 0)
            return;
        _text.Write('"');
        _text.Write(text.Replace("\"", "\"\"", StringComparison.Ordinal));
        _text.Write('"');
    }
}
