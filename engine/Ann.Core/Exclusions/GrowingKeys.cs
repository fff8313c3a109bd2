using System.Diagnostics;
using Ann.Core.Keys;

namespace Ann.Core.Exclusions;

/// <summary>
/// Room for keys by position, which only grows at its end: readers keep reading what was there when they came. One writer. A position
/// behind what readers know may be written again.
/// </summary>
internal sealed class GrowingKeys
{
    /// <summary>Keys up to which they are compared one by one.</summary>
    private const int FewKeys = 16;

    private readonly KeyKind _kind;
    private readonly ulong[] _numbers = [];
    private readonly byte[] _text = [];
    private readonly long[] _ends = [];
    private readonly KeySlots? _slots;

    /// <param name="kind">Number or text.</param>
    /// <param name="capacity">Keys, 1 or more.</param>
    /// <param name="textBytes">Bytes of texts; 0 for numbers.</param>
    public GrowingKeys(KeyKind kind, int capacity, int textBytes)
    {
        _kind = kind;
        if (kind == KeyKind.UInt64)
        {
            _numbers = new ulong[capacity];
        }
        else
        {
            _ends = new long[capacity];
            _text = new byte[textBytes];
        }
        if (capacity > FewKeys)
            _slots = new KeySlots(capacity);
    }

    private int Capacity => Math.Max(_numbers.Length, _ends.Length);

    /// <summary>The keys from a position to before another.</summary>
    public KeySpan Run(int first, int end) => _kind == KeyKind.UInt64
        ? new KeySpan(_numbers.AsSpan(first, end - first))
        : new KeySpan(_text, _ends.AsSpan(first, end - first), StartOf(first));

    /// <summary>True when a key is at one of the positions.</summary>
    public bool Contains(in ItemKey key, int first, int end)
    {
        if (_slots is not null)
            return _slots.Find(Run(0, end), in key, first) >= 0;
        for (int position = first; position < end; position++)
            if (Run(position, position + 1)[0].Is(in key))
                return true;
        return false;
    }

    /// <summary>True when a key can be added at a position.</summary>
    public bool HasRoom(in ItemKey key, int end) =>
        end < Capacity && (_slots is null || _slots.HasRoom) && (_kind == KeyKind.UInt64 || StartOf(end) + key.Utf8.Length <= _text.Length);

    /// <summary>Adds a key that is not there. Writer only, where there is room.</summary>
    public void Add(in ItemKey key, int end)
    {
        Debug.Assert(HasRoom(in key, end));
        if (_kind == KeyKind.UInt64)
        {
            _numbers[end] = key.Number;
        }
        else
        {
            long start = StartOf(end);
            key.Utf8.CopyTo(_text.AsSpan((int)start));
            _ends[end] = start + key.Utf8.Length;
        }
        _slots?.Add(in key, end);
    }

    /// <summary>
    /// A copy with the keys from a position to before another at its beginning, and room for as many more, so that a key is copied once or
    /// twice in all.
    /// </summary>
    /// <param name="first">First position copied.</param>
    /// <param name="end">End of those copied.</param>
    /// <param name="keys">Keys to be added at least.</param>
    /// <param name="textBytes">Bytes of their texts.</param>
    public GrowingKeys Grown(int first, int end, int keys, long textBytes)
    {
        KeySpan run = Run(first, end);
        int capacity = run.Count + Math.Max(keys, run.Count);
        long text = run.TextBytes + Math.Max(textBytes, run.TextBytes);
        GrowingKeys grown = new(_kind, capacity, (int)Math.Min(Array.MaxLength, text));
        for (int i = 0; i < run.Count; i++)
        {
            ItemKey key = run[i];
            grown.Add(in key, i);
        }
        return grown;
    }

    private long StartOf(int position) => position == 0 || _kind == KeyKind.UInt64 ? 0 : _ends[position - 1];
}
