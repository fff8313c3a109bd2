namespace Ann.Client.Answers;

/// <summary>
/// Where the columns of a <c>ann.v1.SearchResponse</c> lie in its bytes. Packed numbers of fixed width are in the bytes what they are in
/// memory, so those columns need no copy; varints and texts get one array of places from the pool.
/// </summary>
internal sealed class AnswerLayout
{
    private PooledList<WirePart> _textKeys;
    private PooledList<WirePart> _payloads;
    private PooledList<int> _rowOffsets;
    private PooledList<int> _fromRows;

    private AnswerLayout()
    {
    }

    /// <summary>Results of all rows.</summary>
    public int Count { get; private set; }

    /// <summary>Lists.</summary>
    public int RowCount => Math.Max(_rowOffsets.Count - 1, 0);

    /// <summary>Whether the keys are texts.</summary>
    public bool HasTextKeys { get; private set; }

    /// <summary>Whether payloads came, one a result.</summary>
    public bool HasPayloads => _payloads.Count > 0;

    /// <summary>float32, one a result.</summary>
    public WirePart Scores { get; private set; }

    /// <summary>uint64, one a result; empty where the keys are texts.</summary>
    public WirePart NumberKeys { get; private set; }

    /// <summary>Attribute columns, each a message.</summary>
    public WirePart[] Columns { get; private set; } = [];

    /// <summary>Fields with their tags that are no columns.</summary>
    public WirePart[] Facts { get; private set; } = [];

    /// <summary>First result of a row; of the row after the last, the number of results.</summary>
    public int RowStart(int row) => _rowOffsets.Items[row];

    /// <summary>Where the text of a key lies.</summary>
    public WirePart TextKey(int position) => _textKeys.Items[position];

    /// <summary>Where the payload of a result lies.</summary>
    public WirePart Payload(int position) => _payloads.Items[position];

    /// <summary>Query row of a result of a union, else the list that it is in.</summary>
    public int FromRow(int position)
    {
        if (_fromRows.Count > 0)
            return _fromRows.Items[position];
        int row = 0;
        while (_rowOffsets.Items[row + 1] <= position)
            row++;
        return row;
    }

    /// <summary>Gives the arrays back.</summary>
    public void Release()
    {
        _textKeys.Release();
        _payloads.Release();
        _rowOffsets.Release();
        _fromRows.Release();
    }

    /// <summary>Reads where everything is.</summary>
    /// <param name="payload">Bytes that hold the message.</param>
    /// <param name="message">The message among them.</param>
    /// <param name="layout">It; null where a column comes in several pieces, which is legal and no encoder does.</param>
    /// <exception cref="InvalidDataException">It is no such message, or its columns are not of one length.</exception>
    public static bool TryRead(ReadOnlySpan<byte> payload, WirePart message, out AnswerLayout layout)
    {
        layout = new AnswerLayout();
        try
        {
            if (layout.ReadFields(payload, message))
            {
                layout.Check();
                return true;
            }
        }
        catch
        {
            layout.Release();
            throw;
        }
        layout.Release();
        return false;
    }

    private bool ReadFields(ReadOnlySpan<byte> payload, WirePart message)
    {
        WireReader fields = new(payload.Slice(message.Start, message.Length), message.Start);
        int before = message.Start;
        while (fields.MoveNext())
        {
            bool isWhole = fields.Field switch
            {
                1 when fields.IsPart => ReadKeys(payload, fields.ReadPart()),
                2 when fields.IsPart && Scores.Length == 0 => ReadScores(fields.ReadPart()),
                3 when fields.IsPart && _rowOffsets.Count == 0 => ReadNumbers(payload, fields.ReadPart(), ref _rowOffsets),
                4 when fields.IsPart => ReadColumn(fields.ReadPart()),
                8 when fields.IsPart && _fromRows.Count == 0 => ReadNumbers(payload, fields.ReadPart(), ref _fromRows),
                10 when fields.IsPart => ReadPayload(fields.ReadPart()),
                2 or 3 or 8 or 10 => false,
                _ => AddFact(ref fields, before),
            };
            if (!isWhole)
                return false;
            before = message.Start + fields.Position;
        }
        return true;
    }

    /// <summary>Puts the field with its tag to the facts, in one piece with the one before where they adjoin.</summary>
    private bool AddFact(ref WireReader fields, int start)
    {
        fields.Skip();
        int end = fields.Start + fields.Position;
        if (Facts.Length > 0 && Facts[^1].End == start)
            Facts[^1] = new WirePart(Facts[^1].Start, end - Facts[^1].Start);
        else
            Facts = [.. Facts, new WirePart(start, end - start)];
        return true;
    }

    private bool ReadScores(WirePart part)
    {
        Scores = part;
        return true;
    }

    private bool ReadPayload(WirePart part)
    {
        _payloads.Add(part);
        return true;
    }

    private bool ReadColumn(WirePart part)
    {
        Columns = [.. Columns, part];
        return true;
    }

    private bool ReadKeys(ReadOnlySpan<byte> payload, WirePart message)
    {
        WireReader fields = new(payload.Slice(message.Start, message.Length), message.Start);
        while (fields.MoveNext())
        {
            if (fields is { Field: 1, IsPart: true } && NumberKeys.Length == 0)
            {
                NumberKeys = fields.ReadPart();
            }
            else if (fields is { Field: 2, IsPart: true })
            {
                _textKeys.Add(fields.ReadPart());
            }
            else if (fields.Field is 1 or 2)
            {
                return false;
            }
            else
            {
                fields.Skip();
            }
        }
        HasTextKeys = _textKeys.Count > 0;
        Count = HasTextKeys ? _textKeys.Count : NumberKeys.Length / sizeof(ulong);
        return true;
    }

    private static bool ReadNumbers(ReadOnlySpan<byte> payload, WirePart packed, ref PooledList<int> numbers)
    {
        WireReader reader = new(payload.Slice(packed.Start, packed.Length), packed.Start);
        while (!reader.IsAtEnd)
        {
            numbers.Add(reader.ReadNumber() is <= int.MaxValue and ulong number
                ? (int)number
                : throw new InvalidDataException("The answer cannot be read: a row is beyond 2^31 − 1."));
        }
        return true;
    }

    /// <summary>The columns are of one length, and the rows go through them from the first result to the last.</summary>
    private void Check()
    {
        Require(Scores.Length == Count * sizeof(float), $"{Scores.Length} bytes of scores");
        Require(HasTextKeys || NumberKeys.Length == Count * sizeof(ulong), $"{NumberKeys.Length} bytes of keys");
        Require(_fromRows.Count == 0 || _fromRows.Count == Count, $"{_fromRows.Count} rows of a union");
        Require(_payloads.Count == 0 || _payloads.Count == Count, $"{_payloads.Count} payloads");
        ReadOnlySpan<int> offsets = _rowOffsets.Items;
        Require(offsets.Length > 0 ? offsets[0] == 0 && offsets[^1] == Count : Count == 0, "rows that do not hold them");
        for (int i = 1; i < offsets.Length; i++)
            Require(offsets[i] >= offsets[i - 1], $"a row that ends at {offsets[i]} and begins at {offsets[i - 1]}");
    }

    private void Require(bool isRight, string found)
    {
        if (!isRight)
            throw new InvalidDataException($"The answer cannot be read: it has {Count} keys and {found}.");
    }
}
