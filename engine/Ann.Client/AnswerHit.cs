using System.Globalization;

namespace Ann.Client;

/// <summary>One result: a place in the columns of a <see cref="SearchAnswer"/>, and valid as long as that.</summary>
public readonly struct AnswerHit
{
    private readonly SearchAnswer _answer;

    internal AnswerHit(SearchAnswer answer, int position)
    {
        _answer = answer;
        Position = position;
    }

    /// <summary>Place in the answer's columns, from 0, over all rows.</summary>
    public int Position { get; }

    /// <summary>
    /// Score in the metric's own unit: cosine similarity or inner product, larger is nearer; Euclidean distance, smaller is nearer.
    /// </summary>
    public float Score => _answer.Scores[Position];

    /// <summary>The item's key, of an index whose keys are numbers.</summary>
    /// <exception cref="InvalidOperationException">Its keys are texts.</exception>
    public ulong NumberKey => _answer.NumberKeys[Position];

    /// <summary>The item's key, of an index whose keys are texts, as the bytes of its UTF-8. Allocates nothing.</summary>
    /// <exception cref="InvalidOperationException">Its keys are numbers.</exception>
    public ReadOnlySpan<byte> Utf8Key => _answer.Utf8KeyAt(Position);

    /// <summary>The item's key as text, of either kind. Allocates the text.</summary>
    public string Key => _answer.HasTextKeys
        ? System.Text.Encoding.UTF8.GetString(Utf8Key)
        : NumberKey.ToString(CultureInfo.InvariantCulture);

    /// <summary>The item's payload, empty when it has none. Allocates nothing; valid as long as the answer.</summary>
    /// <exception cref="InvalidOperationException">The search did not ask for payloads.</exception>
    public ReadOnlySpan<byte> Payload => _answer.PayloadAt(Position);

    /// <summary>Row of the query that found it, of a union; else the row that it belongs to.</summary>
    public int FromRow => _answer.FromRowOf(Position);

    /// <summary>Key and score.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Key} {Score}");
}

/// <summary>The results of one query row, nearest first. Valid as long as its answer; nothing is allocated by going over them.</summary>
public readonly struct AnswerRow
{
    private readonly SearchAnswer _answer;
    private readonly int _start;

    internal AnswerRow(SearchAnswer answer, int start, int count)
    {
        _answer = answer;
        _start = start;
        Count = count;
    }

    /// <summary>Results of the row.</summary>
    public int Count { get; }

    /// <summary>The scores, nearest first.</summary>
    public ReadOnlySpan<float> Scores => _answer.Scores.Slice(_start, Count);

    /// <summary>The keys, of an index whose keys are numbers.</summary>
    /// <exception cref="InvalidOperationException">Its keys are texts.</exception>
    public ReadOnlySpan<ulong> NumberKeys => _answer.NumberKeys.Slice(_start, Count);

    /// <summary>One result, from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public AnswerHit this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return new AnswerHit(_answer, _start + index);
        }
    }

    /// <summary>Goes over the results.</summary>
    public AnswerHits GetEnumerator() => new(_answer, _start, _start + Count);
}

/// <summary>Goes over results.</summary>
public struct AnswerHits
{
    private readonly SearchAnswer _answer;
    private readonly int _end;
    private int _position;

    internal AnswerHits(SearchAnswer answer, int start, int end)
    {
        _answer = answer;
        _position = start - 1;
        _end = end;
    }

    /// <summary>The result that was moved to.</summary>
    public readonly AnswerHit Current => new(_answer, _position);

    /// <summary>Moves to the next result. False at the end.</summary>
    public bool MoveNext() => ++_position < _end;
}
