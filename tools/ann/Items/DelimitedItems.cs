using System.Globalization;
using System.Text;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Files.Formats;
using CsvHelper;
using CsvHelper.Configuration;

namespace Ann.Tool.Items;

/// <summary>
/// Items of a text table: fields between commas or tabs as RFC 4180 has them, under a line of names. A quote where none may be, or one that
/// nothing closes, is refused: read on, it would swallow rows.
/// </summary>
internal sealed class DelimitedItems : ItemReader
{
    private readonly InputStream _input;
    private readonly BoundedText _text;
    private readonly CsvParser _parser;
    private readonly string[] _names;
    private readonly TableColumns _columns;
    private readonly string?[] _texts;
    private AttributeBatch? _attributes;
    private long _line = 1;
    private bool _isRead;

    /// <param name="source">What is wanted.</param>
    /// <param name="input">The table; owned from here on.</param>
    /// <param name="delimiter">What stands between fields.</param>
    public DelimitedItems(ItemSource source, InputStream input, string delimiter)
        : base(source)
    {
        _input = input;
        _text = new BoundedText(new StreamReader(input, new UTF8Encoding(false, throwOnInvalidBytes: true), false), delimiter[0]);
        _parser = new CsvParser(_text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter,
            Mode = CsvMode.RFC4180,
            MaxFieldSize = BoundedText.MaxRecordChars,
            BadDataFound = args => throw new BadDataException(args.Field, args.RawRecord, args.Context),
        });
        _attributes = source.Attributes is { } schema ? new AttributeBatch(schema) : null;
        if (!ReadRecord())
            throw AnnException.BadInput(source.Name, "", "it is empty; expected a line with the names of the columns.");
        _names = [.. Enumerable.Range(0, _parser.Count).Select(column => _parser[column])];
        _columns = TableColumns.Find(source, Place, _names);
        _texts = new string?[_columns.Texts.Length];
    }

    /// <inheritdoc/>
    public override string Place => $"line {(_isRead ? _parser.RawRow - LineEndsInside() : _line)}";

    /// <inheritdoc/>
    public override double? Fraction => _input.Fraction;

    /// <inheritdoc/>
    public override bool TryRead()
    {
        if (!ReadRecord())
            return false;
        if (_parser.Count != _names.Length)
            throw Bad($"expected {_names.Length} fields, as the first line has; found {_parser.Count}.");
        SetUntypedKey(_parser[_columns.Key]);
        for (int text = 0; text < _texts.Length; text++)
            _texts[text] = _parser[_columns.Texts[text]];
        Text = JsonlItem.Joined(_texts)!;
        if (_attributes is not null)
            ReadAttributes(_attributes);
        return true;
    }

    /// <inheritdoc/>
    public override AttributeBatch? TakeAttributes()
    {
        AttributeBatch? taken = _attributes;
        _attributes = taken is null ? null : new AttributeBatch(taken.Schema);
        return taken;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _parser.Dispose();
        _input.Dispose();
    }

    private void ReadAttributes(AttributeBatch attributes)
    {
        try
        {
            for (int column = 0; column < _columns.Attributes.Length; column++)
                AttributeText.Read(_parser[_columns.Attributes[column]], attributes.Columns[column]);
        }
        catch (FormatException e)
        {
            throw Bad(e.Message, e);
        }
    }

    /// <summary>Of a record of several lines the first is told.</summary>
    private int LineEndsInside() => _parser.RawRecord.AsSpan().TrimEnd("\r\n").Count('\n');

    private bool ReadRecord()
    {
        _line = _parser.RawRow + 1;
        _isRead = false;
        _text.BeginRecord(_parser.CharCount);
        try
        {
            _isRead = _parser.Read();
            // The parser looks at quotes when it is asked for a field, so it is asked for each.
            for (int column = 0; _isRead && column < _parser.Count; column++)
                _ = _parser[column];
            return _isRead;
        }
        catch (BadDataException e)
        {
            _isRead = false;
            throw Bad(
                "a quote is where none may be, or nothing closes it: a field with quotes is in quotes, and has each of its own twice.", e);
        }
        catch (Exception e) when (e is MaxFieldSizeException or RecordTooLongException)
        {
            throw Bad(
                $"it is longer than {BoundedText.MaxRecordChars} characters or {BoundedText.MaxFields} fields, the most that is read; "
                + "a quote that nothing closes may be why.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw Bad("this line or one soon behind it is not valid UTF-8 text.", e);
        }
    }
}
