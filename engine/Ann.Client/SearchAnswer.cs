using System.Buffers;
using System.Runtime.InteropServices;
using Ann.Client.Answers;
using Ann.Protocol.V1;
using Google.Protobuf;

namespace Ann.Client;

/// <summary>
/// The answer of a search, in columns: result i of row r lies at its row's start + i of each. The columns are views of the reply's own
/// bytes in a pooled array, so that an answer of any length costs a few hundred bytes of garbage. Dispose it when it has been read; what
/// was taken of it is not valid any more then. One that is not disposed is collected like any object. Not safe for several threads at
/// once.
/// </summary>
public sealed class SearchAnswer : IDisposable
{
    private readonly AnswerLayout _layout;
    private byte[]? _reply;
    private AnswerColumn[] _columns = [];
    private SearchResponse? _facts;

    internal SearchAnswer(byte[] reply, AnswerLayout layout)
    {
        _reply = reply;
        _layout = layout;
    }

    /// <summary>Results of all rows.</summary>
    public int Count => _layout.Count;

    /// <summary>Lists: one a query row, or one in all where rows are merged.</summary>
    public int RowCount => _layout.RowCount;

    /// <summary>Whether the index's keys are texts.</summary>
    public bool HasTextKeys => _layout.HasTextKeys;

    /// <summary>Whether the payloads came with the results, which a search asks for.</summary>
    public bool HasPayloads => _layout.HasPayloads;

    /// <summary>The scores of all rows, in the metric's own unit.</summary>
    /// <exception cref="ObjectDisposedException">The answer has been disposed.</exception>
    public ReadOnlySpan<float> Scores => MemoryMarshal.Cast<byte, float>(Bytes(_layout.Scores));

    /// <summary>The keys of all rows, of an index whose keys are numbers.</summary>
    /// <exception cref="InvalidOperationException">Its keys are texts.</exception>
    /// <exception cref="ObjectDisposedException">The answer has been disposed.</exception>
    public ReadOnlySpan<ulong> NumberKeys => HasTextKeys
        ? throw new InvalidOperationException("The keys of this index are texts; Key and Utf8Key tell them.")
        : MemoryMarshal.Cast<byte, ulong>(Bytes(_layout.NumberKeys));

    /// <summary>Generation that answered: 16 hex digits.</summary>
    public string Generation => Facts.Generation;

    /// <summary>Whether the search ran to its end.</summary>
    public Completeness Completeness => Facts.Completeness;

    /// <summary>What the search cost.</summary>
    public SearchStats Stats => Facts.Stats ??= new SearchStats();

    /// <summary>Caps that kept an item out of a list, and floors that could not be met.</summary>
    public IReadOnlyList<QuotaFact> Quotas => Facts.Quotas;

    /// <summary>Of a recommendation: examples that are no items any more. They are no error. Else null.</summary>
    public KeyColumn? MissingExamples { get; internal set; }

    /// <summary>Of a range: for each row, whether k items were in the range, so that there may be more.</summary>
    public IReadOnlyList<bool> Bounded { get; internal set; } = [];

    /// <summary>The results of one query row.</summary>
    /// <param name="row">0 to <see cref="RowCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public AnswerRow this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(row);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, RowCount);
            int start = _layout.RowStart(row);
            return new AnswerRow(this, start, _layout.RowStart(row + 1) - start);
        }
    }

    /// <summary>Names of the attributes that came with the results.</summary>
    public IEnumerable<string> Attributes => _layout.Columns.Select(NameOf);

    /// <summary>The values of one attribute, a value a result.</summary>
    /// <param name="attribute">One of those that the search asked for.</param>
    /// <exception cref="KeyNotFoundException">The search did not ask for it.</exception>
    /// <exception cref="ObjectDisposedException">The answer has been disposed.</exception>
    public AnswerColumn Column(string attribute)
    {
        ArgumentNullException.ThrowIfNull(attribute);
        ReadOnlySpan<byte> reply = Reply;
        if (_columns.Length < _layout.Columns.Length)
            _columns = new AnswerColumn[_layout.Columns.Length];
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] ??= new AnswerColumn(this, reply, _layout.Columns[i]);
            if (_columns[i].Name == attribute)
                return _columns[i];
        }
        string asked = _columns.Length == 0 ? "none" : string.Join(", ", Attributes);
        throw new KeyNotFoundException($"The answer has no attribute '{attribute}'; the search asked for {asked}.");
    }

    /// <summary>Goes over the results of all rows, row after row.</summary>
    public AnswerHits GetEnumerator() => new(this, 0, Count);

    /// <summary>Gives the array back.</summary>
    public void Dispose()
    {
        foreach (AnswerColumn? column in _columns)
            column?.Release();
        _columns = [];
        _layout.Release();
        if (Interlocked.Exchange(ref _reply, null) is { } reply)
            ArrayPool<byte>.Shared.Return(reply);
    }

    internal ReadOnlySpan<byte> Reply => _reply ?? throw new ObjectDisposedException(nameof(SearchAnswer));

    internal ReadOnlySpan<byte> Utf8KeyAt(int position) => HasTextKeys
        ? Bytes(_layout.TextKey(position))
        : throw new InvalidOperationException("The keys of this index are numbers; NumberKey tells them.");

    internal ReadOnlySpan<byte> PayloadAt(int position) => HasPayloads
        ? Bytes(_layout.Payload(position))
        : throw new InvalidOperationException($"The search did not ask for payloads: {nameof(SearchQuery.WithPayloads)} is false.");

    internal int FromRowOf(int position) => _layout.FromRow(position);

    internal ReadOnlySpan<byte> Bytes(WirePart part) => Reply.Slice(part.Start, part.Length);

    /// <summary>What is no column, read when it is first asked for.</summary>
    private SearchResponse Facts => _facts ??= ReadFacts();

    private SearchResponse ReadFacts()
    {
        SearchResponse facts = new();
        foreach (WirePart part in _layout.Facts)
            facts.MergeFrom(Bytes(part));
        return facts;
    }

    private string NameOf(WirePart column) => AnswerColumn.NameOf(Bytes(column));
}
