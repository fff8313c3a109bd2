using System.Diagnostics;

namespace Ann.Core.Attributes;

/// <summary>UTF-8 texts in ascending order of their bytes, each once, in one piece of memory. Immutable.</summary>
internal sealed class TextList
{
    private readonly byte[] _text;
    private readonly int[] _ends;

    /// <param name="texts">In any order, repeated or not. 2 GiB together at most.</param>
    public TextList(IReadOnlyList<ReadOnlyMemory<byte>> texts)
    {
        ReadOnlyMemory<byte>[] sorted = [.. texts];
        Array.Sort(sorted, static (a, b) => a.Span.SequenceCompareTo(b.Span));
        int kept = 0;
        foreach (ReadOnlyMemory<byte> text in sorted)
            if (kept == 0 || !sorted[kept - 1].Span.SequenceEqual(text.Span))
                sorted[kept++] = text;

        _ends = new int[kept];
        for (int i = 0; i < kept; i++)
            _ends[i] = (i == 0 ? 0 : _ends[i - 1]) + sorted[i].Length;
        _text = new byte[kept == 0 ? 0 : _ends[^1]];
        for (int i = 0; i < kept; i++)
            sorted[i].Span.CopyTo(_text.AsSpan(StartOf(i)));
    }

    /// <summary>Texts.</summary>
    public int Count => _ends.Length;

    /// <summary>A text by its place.</summary>
    public ReadOnlySpan<byte> this[int place] => _text.AsSpan(StartOf(place).._ends[place]);

    /// <summary>True when a text is among them.</summary>
    public bool Contains(ReadOnlySpan<byte> utf8)
    {
        int from = 0;
        int to = Count;
        while (from < to)
        {
            int middle = (from + to) >>> 1;
            int order = this[middle].SequenceCompareTo(utf8);
            if (order == 0)
                return true;
            if (order < 0)
                from = middle + 1;
            else
                to = middle;
        }
        Debug.Assert(from == Count || this[from].SequenceCompareTo(utf8) > 0);
        return false;
    }

    private int StartOf(int place) => place == 0 ? 0 : _ends[place - 1];
}
