namespace Ann.Tool.Items;

/// <summary>
/// A text that ends a parser's reading when it has taken more than one record may have. Parsers keep a record whole, however long it is.
/// </summary>
/// <param name="inner">The text; owned from here on.</param>
/// <param name="delimiter">What stands between fields.</param>
internal sealed class BoundedText(TextReader inner, char delimiter) : TextReader
{
    /// <summary>Longest record, as long as the longest line of JSON.</summary>
    public const int MaxRecordChars = 16 << 20;

    /// <summary>Most delimiters of a record, those inside of texts too.</summary>
    public const int MaxFields = 1 << 20;

    private long _taken;
    private long _delimiters;
    private long _recordAt;

    /// <summary>Tells that a record begins.</summary>
    /// <param name="at">Its first character, counted from the beginning of the text.</param>
    public void BeginRecord(long at)
    {
        _recordAt = at;
        _delimiters = 0; // what a buffer holds already is not counted again: a bound needs no more
    }

    /// <exception cref="RecordTooLongException">The record does not end.</exception>
    public override int Read(char[] buffer, int index, int count)
    {
        if (_taken - _recordAt > MaxRecordChars || _delimiters > MaxFields)
            throw new RecordTooLongException();
        int read = inner.Read(buffer, index, count);
        _taken += read;
        _delimiters += buffer.AsSpan(index, read).Count(delimiter);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A record of a text is longer than one may be.</summary>
internal sealed class RecordTooLongException : Exception;
