using System.Diagnostics;
using System.Text;
using Ann.Core.Distances;
using Ann.Core.Keys;

namespace Ann.Core.Attributes;

/// <summary>A keyword is one of some.</summary>
internal sealed class KeywordClause(AttributeField attribute, int column, TextList texts) : AttributeClause(attribute, column)
{
    public override int Cost => 3;

    public override void Describe(StringBuilder text) =>
        DescribeValues(text, texts.Count, (into, i) => KeywordLookup.Quote(into, texts[i]));

    protected override void Prepare(AttributeTable table, FilterScratch scratch) =>
        KeywordLookup.Prepare(table, Column, texts, scratch, Number);

    protected override void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words)
    {
        ReadOnlySpan<int> wanted = scratch.Numbers(Number);
        ReadOnlySpan<int> keywords = table.Keywords(Column, chunk.End)[chunk.First..chunk.End];
        if (wanted.IsEmpty)
            words.Clear();
        else if (wanted.Length <= ColumnMasks.MaxEqual)
            ColumnMasks.AnyEqual(keywords, wanted, words);
        else
            FindAll(keywords, scratch.Bits(Number), words);
    }

    protected override bool Holds(AttributeTable table, int node) =>
        texts.Contains(table.KeywordAt(Column, table.Keywords(Column, node + 1)[node]));

    /// <summary>Looks each ordinal up in bits. No value is −1, which has the first bit, never set.</summary>
    private static void FindAll(ReadOnlySpan<int> keywords, ReadOnlySpan<ulong> wanted, Span<ulong> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            ReadOnlySpan<int> some = keywords.Slice(i * 64, Math.Min(64, keywords.Length - i * 64));
            ulong word = 0;
            for (int bit = 0; bit < some.Length; bit++)
            {
                int place = some[bit] + 1;
                word |= (wanted[place >>> 6] >> place & 1) << bit;
            }
            words[i] = word;
        }
    }
}

/// <summary>One element of a keyword set is one of some.</summary>
internal sealed class KeywordSetClause(AttributeField attribute, int column, TextList texts) : AttributeClause(attribute, column)
{
    public override int Cost => 6;

    public override void Describe(StringBuilder text) =>
        DescribeValues(text, texts.Count, (into, i) => KeywordLookup.Quote(into, texts[i]));

    protected override void Prepare(AttributeTable table, FilterScratch scratch) =>
        KeywordLookup.Prepare(table, Column, texts, scratch, Number);

    protected override void Evaluate(in NodeChunk chunk, AttributeTable table, FilterScratch scratch, Span<ulong> words)
    {
        words.Clear();
        if (!scratch.Numbers(Number).IsEmpty)
            table.MarkSets(Column, chunk.First, chunk.Count, scratch.Bits(Number), words);
    }

    protected override bool Holds(AttributeTable table, int node)
    {
        foreach (int ordinal in table.SetOf(Column, node))
            if (texts.Contains(table.KeywordAt(Column, ordinal)))
                return true;
        return false;
    }
}

/// <summary>The key is one of some.</summary>
internal sealed class KeyClause : BoundClause
{
    private readonly KeyKind _kind;
    private readonly ulong[] _numbers = [];
    private readonly TextList? _texts;

    /// <param name="numbers">Ascending, each once.</param>
    public KeyClause(ulong[] numbers)
    {
        _kind = KeyKind.UInt64;
        _numbers = numbers;
    }

    public KeyClause(TextList texts)
    {
        _kind = KeyKind.String;
        _texts = texts;
    }

    public override int Cost => 0;

    private int Count => _texts is null ? _numbers.Length : _texts.Count;

    /// <remarks>
    /// A sealed segment has one node of a key, dead or alive, so that what is found is good for every reader and can be cached. In a head
    /// the reader's own node is looked for.
    /// </remarks>
    public override void Prepare(in SegmentNodes segment, FilterScratch scratch)
    {
        Debug.Assert(segment.Keys.KeyKind == _kind);
        Span<int> nodes = scratch.MakeNumbers(Number, Count);
        int found = 0;
        for (int i = 0; i < Count && !scratch.MustStop(); i++)
        {
            ItemKey key = _texts is null ? new ItemKey(_numbers[i]) : new ItemKey(_texts[i]);
            int node = segment.Keys.Locate(in key, segment.At);
            if (node >= 0)
                nodes[found++] = node;
        }
        nodes[..found].Sort();
        scratch.Keep(Number, found);
    }

    public override void Evaluate(in NodeChunk chunk, FilterScratch scratch, int level, Span<ulong> words)
    {
        words.Clear();
        ReadOnlySpan<int> nodes = scratch.Numbers(Number);
        int place = nodes.BinarySearch(chunk.First);
        for (int i = place < 0 ? ~place : place; i < nodes.Length && nodes[i] < chunk.End; i++)
        {
            int node = nodes[i] - chunk.First;
            words[node >> 6] |= 1UL << node;
        }
    }

    public override bool Holds(in SegmentNodes segment, int node)
    {
        ItemKey key = segment.Keys.KeyOf(node);
        return _texts is null ? Array.BinarySearch(_numbers, key.Number) >= 0 : _texts.Contains(key.Utf8);
    }

    public override void Describe(StringBuilder text) => ValueText.List(text.Append("key"), Count, (into, i) =>
    {
        if (_texts is null)
            into.Append(_numbers[i]);
        else
            KeywordLookup.Quote(into, _texts[i]);
    });
}

/// <summary>From texts to ordinals of a segment's dictionary.</summary>
internal static class KeywordLookup
{
    /// <summary>
    /// Finds the texts that the dictionary has: as numbers, and as bits. The bits of a keyword begin with one for no value, those of a set
    /// do not.
    /// </summary>
    public static void Prepare(AttributeTable table, int column, TextList texts, FilterScratch scratch, int slot)
    {
        Span<int> ordinals = scratch.MakeNumbers(slot, texts.Count);
        int found = 0;
        for (int i = 0; i < texts.Count && !scratch.MustStop(); i++)
        {
            int ordinal = table.FindKeyword(column, texts[i]);
            if (ordinal >= 0)
                ordinals[found++] = ordinal;
        }
        scratch.Keep(slot, found);

        bool isSet = table.Schema.Fields[column].Traits.Form == AttributeForm.TextSet;
        if (!isSet && found <= ColumnMasks.MaxEqual)
            return; // compared one by one

        int shift = isSet ? 0 : 1;
        int count = Math.Max(table.KeywordCount(column), found == 0 ? 0 : Max(ordinals[..found]) + 1);
        Span<ulong> bits = scratch.MakeBits(slot, count + shift);
        foreach (int ordinal in ordinals[..found])
            bits[ordinal + shift >> 6] |= 1UL << (ordinal + shift);
    }

    public static void Quote(StringBuilder text, ReadOnlySpan<byte> utf8) =>
        text.Append('"').Append(Encoding.UTF8.GetString(utf8)).Append('"');

    private static int Max(ReadOnlySpan<int> ordinals)
    {
        int max = 0;
        foreach (int ordinal in ordinals)
            max = Math.Max(max, ordinal);
        return max;
    }
}
