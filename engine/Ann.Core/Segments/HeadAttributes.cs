using System.Diagnostics;
using Ann.Core.Attributes;
using Ann.Core.Distances;

namespace Ann.Core.Segments;

/// <summary>
/// The attributes of a head. Each column has room for the whole capacity, at a fixed address; texts and sets lie in chunks that are added
/// as they come and never move. One writer; readers without a lock, of nodes that a read point showed them.
/// </summary>
/// <remarks>
/// A node's values are written before the read point that shows it. Bits share words with those of nodes to come: the one writer replaces
/// a word at once, so a reader finds the bits of its own nodes in it whenever it looks.
/// </remarks>
internal sealed unsafe class HeadAttributes : ColumnTable, IDisposable
{
    /// <summary>Elements of a chunk of sets: 32 KiB.</summary>
    private const int SetChunk = 8192;

    /// <summary>Bytes that there is room for, per row of the capacity, in texts and sets of one column.</summary>
    private const int TextBytesPerRow = 64;
    private const int SetBytesPerRow = 96;

    /// <summary>And besides, for each such column: a first chunk of each kind and a small table.</summary>
    private const int FirstTextBytes = 64 << 10;
    private const int FirstSetBytes = 128 << 10;

    private readonly Column[] _columns;
    private readonly long _room;
    private readonly long _fixedBytes;
    private readonly int[] _set = new int[AttributeSchema.MaxSetSize];
    private long _grown;

    /// <param name="schema">The attributes, one at least.</param>
    /// <param name="capacity">Most nodes.</param>
    public HeadAttributes(AttributeSchema schema, int capacity)
        : base(schema)
    {
        _columns = [.. schema.Fields.Select(field => new Column(field.Traits.Form, capacity))];
        for (int i = 0; i < _columns.Length; i++)
        {
            Present[i] = (ulong*)_columns[i].Present.Start;
            Values[i] = _columns[i].Values.Start;
        }
        _room = RoomOf(schema, capacity);
        _fixedBytes = FixedBytesOf(schema, capacity);
        _grown = Grown();
    }

    public override long MemoryBytes => _fixedBytes + GrownBytes;

    /// <summary>Bytes of texts and sets.</summary>
    public long GrownBytes => Volatile.Read(ref _grown);

    /// <summary>True when texts and sets have taken the room that is counted for them. One more item fits, whatever it brings.</summary>
    public bool IsFull => _grown > _room;

    /// <summary>Bytes of what a head of a capacity takes whatever its content.</summary>
    public static long FixedBytesOf(AttributeSchema schema, int capacity) => schema.Fields.Sum(
        field => (field.Traits.Form == AttributeForm.Bit ? 2 : 1) * BitBytes(capacity) + (long)capacity * ValueBytes(field.Traits.Form));

    /// <summary>Bytes that a head of a capacity may take for texts and sets.</summary>
    public static long RoomOf(AttributeSchema schema, int capacity) => schema.Fields.Sum(field => field.Traits.Form switch
    {
        AttributeForm.Text => FirstTextBytes + (long)capacity * TextBytesPerRow,
        AttributeForm.TextSet => FirstSetBytes + (long)capacity * SetBytesPerRow,
        AttributeForm.Integer or AttributeForm.Real or AttributeForm.Bit => 0,
    });

    /// <summary>Writes the values of a node. Writer only; nodes come in order.</summary>
    /// <param name="node">The next one.</param>
    /// <param name="items">Of the same schema; null for no value.</param>
    /// <param name="item">Of those.</param>
    public void Append(int node, AttributeBatch? items, int item)
    {
        Debug.Assert(items is null || items.Schema.Equals(Schema));
        for (int i = 0; i < _columns.Length; i++)
        {
            Column column = _columns[i];
            AttributeColumn? from = items?.Columns[i];
            bool present = from is not null && from.Has(item);
            if (column.Form == AttributeForm.Text)
                ((int*)column.Values.Start)[node] = present ? column.Texts.Add(from!.TextAt(item)) : -1;
            if (!present)
                continue;
            if (column.Form == AttributeForm.TextSet)
                ((long*)column.Values.Start)[node] = column.Sets.Add(Elements(column.Texts, from!, item));
            else if (column.Form == AttributeForm.Bit)
                SetBit(column.Values, node, from!.BoolAt(item));
            else if (column.Form != AttributeForm.Text)
                ((long*)column.Values.Start)[node] = from!.Int64At(item);
            SetBit(column.Present, node, true);
        }
        if (_room > 0 && items is not null)
            Volatile.Write(ref _grown, Grown());
    }

    public override ReadOnlySpan<int> SetOf(int column, int node) =>
        _columns[column].Sets.At(((long*)ValuesOf(column, AttributeForm.TextSet))[node]);

    public override int KeywordCount(int column) => _columns[column].Texts.Count;

    public override int FindKeyword(int column, ReadOnlySpan<byte> utf8) => _columns[column].Texts.Find(utf8);

    public override ReadOnlySpan<byte> KeywordAt(int column, int ordinal) => _columns[column].Texts.At(ordinal);

    public void Dispose()
    {
        foreach (Column column in _columns)
        {
            column.Present.Dispose();
            column.Values.Dispose();
        }
    }

    private static long BitBytes(int capacity) => (capacity + 63) / 64 * (long)sizeof(ulong);

    /// <summary>Bytes of a node's value; 0 where it is a bit.</summary>
    private static int ValueBytes(AttributeForm form) => form switch
    {
        AttributeForm.Bit => 0,
        AttributeForm.Text => sizeof(int),
        AttributeForm.Integer or AttributeForm.Real or AttributeForm.TextSet => sizeof(long), // of a set: where its elements are
    };

    private static void SetBit(LazyBlock block, int node, bool value)
    {
        ref ulong word = ref ((ulong*)block.Start)[node >> 6];
        if (value)
            Volatile.Write(ref word, word | (1UL << node));
    }

    private long Grown()
    {
        long bytes = 0;
        foreach (Column column in _columns)
            if (column.Form is AttributeForm.Text or AttributeForm.TextSet)
                bytes += column.Texts.MemoryBytes + column.Sets.Chunks * (long)(SetChunk * sizeof(int));
        return bytes;
    }

    /// <summary>The ordinals of a set, ascending, each once.</summary>
    private ReadOnlySpan<int> Elements(GrowingKeywords texts, AttributeColumn from, int item)
    {
        int count = from.TextCount(item);
        for (int i = 0; i < count; i++)
            _set[i] = texts.Add(from.TextAt(item, i));
        return Distinct(_set.AsSpan(0, count));
    }

    /// <summary>Sorts some ordinals in place and drops those that come again.</summary>
    internal static Span<int> Distinct(Span<int> ordinals)
    {
        ordinals.Sort();
        int kept = 0;
        foreach (int ordinal in ordinals)
            if (kept == 0 || ordinals[kept - 1] != ordinal)
                ordinals[kept++] = ordinal;
        return ordinals[..kept];
    }

    private sealed class Column(AttributeForm form, int capacity)
    {
        public AttributeForm Form => form;

        public LazyBlock Present { get; } = new(BitBytes(capacity));

        /// <summary>Bits, numbers, ordinals, or places of sets.</summary>
        public LazyBlock Values { get; } =
            new(form == AttributeForm.Bit ? BitBytes(capacity) : (long)capacity * ValueBytes(form));

        /// <summary>Empty where there are none.</summary>
        public GrowingKeywords Texts { get; } = new();

        public GrowingPieces<int> Sets { get; } = new(SetChunk);
    }
}
