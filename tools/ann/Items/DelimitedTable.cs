using System.Globalization;
using System.Text;
using Ann.Core;
using CsvHelper;
using CsvHelper.Configuration;

namespace Ann.Tool.Items;

/// <summary>
/// A text table: fields between commas or tabs as RFC 4180 has them, under a line of names. A quote where none may be, or one that nothing
/// closes, is refused: read on, it would swallow rows.
/// </summary>
internal sealed class DelimitedTable : IDisposable
{
    private readonly string _name;
    private readonly BoundedText _text;
    private readonly CsvParser _parser;
    private long _line = 1;
    private bool _isRead;

    /// <param name="input">The table; owned from here on.</param>
    /// <param name="name">What it is called, for messages.</param>
    /// <param name="delimiter">What stands between fields.</param>
    /// <exception cref="AnnException">InvalidArgument: it is empty, or its first line is none of a table.</exception>
    public DelimitedTable(Stream input, string name, string delimiter)
    {
        _name = name;
        _text = new BoundedText(new StreamReader(input, new UTF8Encoding(false, throwOnInvalidBytes: true), false), delimiter[0]);
        _parser = new CsvParser(_text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = delimiter,
            Mode = CsvMode.RFC4180,
            MaxFieldSize = BoundedText.MaxRecordChars,
            BadDataFound = args => throw new BadDataException(args.Field, args.RawRecord, args.Context),
        });
        try
        {
            if (!ReadRecord())
                throw AnnException.BadInput(name, "", "it is empty; expected a line with the names of the columns.");
            Names = [.. Enumerable.Range(0, _parser.Count).Select(column => _parser[column])];
        }
        catch
        {
            _parser.Dispose();
            throw;
        }
    }

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Where the record is, for messages. Of a record of several lines the first is told.</summary>
    public string Place => $"line {Line}";

    /// <summary>The line of <see cref="Place"/>, from 1.</summary>
    public long Line => _isRead ? _parser.RawRow - LineEndsInside() : _line;

    /// <summary>A field of the record.</summary>
    public string this[int column] => _parser[column];

    /// <summary>Reads the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="AnnException">InvalidArgument: names the file, the line, what was expected and what was found.</exception>
    public bool TryRead()
    {
        if (!ReadRecord())
            return false;
        return _parser.Count == Names.Count
            ? true
            : throw Bad($"expected {Names.Count} fields, as the first line has; found {_parser.Count}.");
    }

    /// <summary>An error in the record.</summary>
    public AnnException Bad(string what, Exception? inner = null) => AnnException.BadInput(_name, Place, what, inner);

    public void Dispose() => _parser.Dispose();

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
