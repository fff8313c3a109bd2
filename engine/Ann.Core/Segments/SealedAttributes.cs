using System.Diagnostics;
using Ann.Core.Attributes;

namespace Ann.Core.Segments;

/// <summary>Where the parts of one column lie in a mapped section that was checked.</summary>
internal readonly unsafe struct SealedColumn
{
    /// <summary>One bit a node.</summary>
    public required ulong* Present { get; init; }

    /// <summary>Bits, numbers, ordinals, or ends of sets.</summary>
    public required void* Values { get; init; }

    /// <summary>Ordinals of all sets, one set after another; null otherwise.</summary>
    public int* Elements { get; init; }

    /// <summary>Texts of the dictionary.</summary>
    public int KeywordCount { get; init; }

    /// <summary>Ends of the texts, in bytes.</summary>
    public long* TextEnds { get; init; }

    /// <summary>All texts, in the order of their bytes.</summary>
    public byte* Text { get; init; }

    /// <summary>A text of the dictionary.</summary>
    public ReadOnlySpan<byte> TextAt(int ordinal)
    {
        Debug.Assert((uint)ordinal < (uint)KeywordCount);
        long start = ordinal == 0 ? 0 : TextEnds[ordinal - 1];
        return new ReadOnlySpan<byte>(Text + start, (int)(TextEnds[ordinal] - start));
    }
}

/// <summary>The attributes of a sealed segment, read where they lie in the mapped file.</summary>
internal sealed unsafe class SealedAttributes : ColumnTable
{
    private readonly SealedColumn[] _columns;

    /// <param name="schema">The attributes.</param>
    /// <param name="columns">One an attribute, checked by <see cref="AttributeSectionCheck"/>.</param>
    public SealedAttributes(AttributeSchema schema, SealedColumn[] columns)
        : base(schema)
    {
        _columns = columns;
        for (int i = 0; i < columns.Length; i++)
        {
            Present[i] = columns[i].Present;
            Values[i] = columns[i].Values;
        }
    }

    public override long MemoryBytes => 0;

    public override ReadOnlySpan<int> SetOf(int column, int node)
    {
        long* ends = (long*)ValuesOf(column, AttributeForm.TextSet);
        long start = node == 0 ? 0 : ends[node - 1];
        return new ReadOnlySpan<int>(_columns[column].Elements + start, (int)(ends[node] - start));
    }

    public override void MarkSets(int column, int first, int count, ReadOnlySpan<ulong> wanted, Span<ulong> words)
    {
        long* ends = (long*)ValuesOf(column, AttributeForm.TextSet);
        int* elements = _columns[column].Elements;
        long next = first == 0 ? 0 : ends[first - 1];
        for (int i = 0; i < count; i++)
        {
            ulong found = 0;
            for (long end = ends[first + i]; next < end; next++)
                found |= wanted[elements[next] >> 6] >> elements[next] & 1;
            words[i >> 6] |= found << i;
        }
    }

    public override int KeywordCount(int column) => _columns[column].KeywordCount;

    public override int FindKeyword(int column, ReadOnlySpan<byte> utf8)
    {
        ref readonly SealedColumn of = ref _columns[column];
        int low = 0;
        int high = of.KeywordCount - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = of.TextAt(middle).SequenceCompareTo(utf8);
            if (order == 0)
                return middle;
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return -1;
    }

    public override ReadOnlySpan<byte> KeywordAt(int column, int ordinal) => _columns[column].TextAt(ordinal);
}
