using Ann.Core.Attributes;
using Utf = System.Text.Encoding;

namespace Ann.Tests.Attributes;

/// <summary>The attributes of a batch, as a segment has them.</summary>
internal sealed class MemoryAttributes : AttributeTable
{
    private readonly AttributeBatch _batch;
    private readonly ulong[][] _presence;
    private readonly long[][] _integers;
    private readonly ulong[][] _bools;
    private readonly int[][] _keywords;
    private readonly int[][][] _sets;
    private readonly List<byte[]>[] _dictionaries;

    public MemoryAttributes(AttributeBatch batch)
    {
        _batch = batch;
        int columns = batch.Schema.Count;
        _dictionaries = [.. Enumerable.Range(0, columns).Select(_ => new List<byte[]>())];
        _presence = new ulong[columns][];
        _integers = new long[columns][];
        _bools = new ulong[columns][];
        _keywords = new int[columns][];
        _sets = new int[columns][][];
        for (int column = 0; column < columns; column++)
            Fill(column, batch.Columns[column]);
    }

    public override AttributeSchema Schema => _batch.Schema;

    public override long MemoryBytes => 0;

    public override ReadOnlySpan<ulong> Presence(int column, int nodes) => _presence[column].AsSpan(0, (nodes + 63) / 64);

    public override ReadOnlySpan<long> Integers(int column, int nodes) => _integers[column].AsSpan(0, nodes);

    public override ReadOnlySpan<double> Doubles(int column, int nodes) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<long, double>(_integers[column].AsSpan(0, nodes));

    public override ReadOnlySpan<ulong> Bools(int column, int nodes) => _bools[column].AsSpan(0, (nodes + 63) / 64);

    public override ReadOnlySpan<int> Keywords(int column, int nodes) => _keywords[column].AsSpan(0, nodes);

    public override ReadOnlySpan<int> SetOf(int column, int node) => _sets[column][node];

    public override int KeywordCount(int column) => _dictionaries[column].Count;

    public override int FindKeyword(int column, ReadOnlySpan<byte> utf8)
    {
        for (int i = 0; i < _dictionaries[column].Count; i++)
            if (utf8.SequenceEqual(_dictionaries[column][i]))
                return i;
        return -1;
    }

    public override ReadOnlySpan<byte> KeywordAt(int column, int ordinal) => _dictionaries[column][ordinal];

    private void Fill(int column, AttributeColumn values)
    {
        int count = values.Count;
        bool isText = values.Field.Type is AttributeType.Keyword or AttributeType.KeywordSet;
        _presence[column] = new ulong[(count + 63) / 64];
        _bools[column] = new ulong[(count + 63) / 64];
        _integers[column] = new long[count];
        _keywords[column] = new int[count];
        _sets[column] = new int[count][];
        Dictionary<string, int> ordinals = [];
        for (int node = 0; node < count; node++)
        {
            if (values.Has(node))
                _presence[column][node / 64] |= 1UL << node;
            if (!isText && values.Int64At(node) != 0)
                _bools[column][node / 64] |= 1UL << node;
            _integers[column][node] = isText ? 0 : values.Int64At(node);
            int[] texts = new int[values.TextCount(node)];
            for (int i = 0; i < texts.Length; i++)
            {
                string text = Utf.UTF8.GetString(values.TextAt(node, i));
                if (!ordinals.TryGetValue(text, out texts[i]))
                {
                    texts[i] = _dictionaries[column].Count;
                    ordinals.Add(text, texts[i]);
                    _dictionaries[column].Add(Utf.UTF8.GetBytes(text));
                }
            }
            _sets[column][node] = texts;
            _keywords[column][node] = texts.Length == 0 ? -1 : texts[0];
        }
    }
}
