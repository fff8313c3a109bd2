using System.Diagnostics;

namespace Ann.Core.Keys;

/// <summary>A run of keys of one kind, read where they lie. Owns nothing.</summary>
internal readonly ref struct KeySpan
{
    private readonly ReadOnlySpan<ulong> _numbers;
    private readonly ReadOnlySpan<byte> _text;
    private readonly ReadOnlySpan<long> _ends;
    private readonly long _start;

    /// <summary>Numbers.</summary>
    public KeySpan(ReadOnlySpan<ulong> numbers)
    {
        Kind = KeyKind.UInt64;
        _numbers = numbers;
    }

    /// <summary>Texts.</summary>
    /// <param name="text">All of them, one after another; others may lie before.</param>
    /// <param name="ends">End of each in <paramref name="text"/>.</param>
    /// <param name="start">Where the first one begins.</param>
    public KeySpan(ReadOnlySpan<byte> text, ReadOnlySpan<long> ends, long start)
    {
        Kind = KeyKind.String;
        _text = text;
        _ends = ends;
        _start = start;
    }

    /// <summary>Number or text.</summary>
    public KeyKind Kind { get; }

    /// <summary>Keys.</summary>
    public int Count => Kind == KeyKind.UInt64 ? _numbers.Length : _ends.Length;

    /// <summary>All of them, where they are numbers.</summary>
    public ReadOnlySpan<ulong> Numbers => _numbers;

    /// <summary>All texts, one after another, and nothing else.</summary>
    public ReadOnlySpan<byte> Texts => _text.Slice((int)_start, (int)TextBytes);

    /// <summary>UTF-8 bytes of all texts; 0 for numbers.</summary>
    public long TextBytes => Kind == KeyKind.UInt64 || _ends.Length == 0 ? 0 : _ends[^1] - _start;

    /// <summary>One of them.</summary>
    public ItemKey this[int index]
    {
        get
        {
            if (Kind == KeyKind.UInt64)
                return new ItemKey(_numbers[index]);
            long start = index == 0 ? _start : _ends[index - 1];
            return new ItemKey(_text[(int)start..(int)_ends[index]]);
        }
    }

    /// <summary>Some of them.</summary>
    public KeySpan Slice(int from, int count)
    {
        Debug.Assert(from >= 0 && count >= 0 && from + count <= Count);
        return Kind == KeyKind.UInt64
            ? new KeySpan(_numbers.Slice(from, count))
            : new KeySpan(_text, _ends.Slice(from, count), from == 0 ? _start : _ends[from - 1]);
    }
}
