using System.Diagnostics;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Ann.Core.Keys;

/// <summary>What an item key is. One kind per index. Stored in files: values never change.</summary>
public enum KeyKind : byte
{
    /// <summary>An unsigned 64-bit number.</summary>
    UInt64 = 1,

    /// <summary>UTF-8 text of 1 to <see cref="KeyColumn.MaxKeyBytes"/> bytes.</summary>
    String = 2,
}

/// <summary>The keys of a build's rows, in row order. Grows as rows are read; the kind is that of the first key added.</summary>
internal sealed class KeyColumn(KeyKind kind)
{
    /// <summary>Longest string key, in UTF-8 bytes.</summary>
    public const int MaxKeyBytes = 256;

    private readonly List<ulong> _numbers = [];
    private readonly List<byte> _text = [];
    private readonly List<long> _ends = [];

    /// <summary>Number or text.</summary>
    public KeyKind Kind { get; } = kind;

    /// <summary>Keys added so far.</summary>
    public int Count => Kind == KeyKind.UInt64 ? _numbers.Count : _ends.Count;

    /// <summary>All numbers, in row order. Empty for string keys. Valid until the next <see cref="Add(ulong)"/>.</summary>
    public ReadOnlySpan<ulong> Numbers => CollectionsMarshal.AsSpan(_numbers);

    /// <summary>All texts one after another. Empty for numeric keys.</summary>
    public ReadOnlySpan<byte> Text => CollectionsMarshal.AsSpan(_text);

    /// <summary>End of each text in <see cref="Text"/>, exclusive, in bytes.</summary>
    public ReadOnlySpan<long> Ends => CollectionsMarshal.AsSpan(_ends);

    /// <summary>All keys. Valid until the next one is added.</summary>
    internal KeySpan Span => Kind == KeyKind.UInt64 ? new KeySpan(Numbers) : new KeySpan(Text, Ends, 0);

    /// <summary>The keys 0 … count − 1: what rows of a plain vector file are called.</summary>
    public static KeyColumn Ordinals(int count)
    {
        KeyColumn keys = new(KeyKind.UInt64);
        keys._numbers.Capacity = count;
        for (int row = 0; row < count; row++)
            keys._numbers.Add((ulong)row);
        return keys;
    }

    /// <summary>Appends a number.</summary>
    public void Add(ulong key)
    {
        if (Kind != KeyKind.UInt64)
            throw AnnException.Invalid("key", $"The key {key} is a number; the keys before it are strings.");
        _numbers.Add(key);
    }

    /// <summary>Appends a text.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: empty or longer than <see cref="MaxKeyBytes"/>.</exception>
    public void Add(string key)
    {
        if (Kind != KeyKind.String)
            throw AnnException.Invalid("key", $"The key '{key}' is a string; the keys before it are numbers.");
        int length = Encoding.UTF8.GetByteCount(key);
        if (length is 0 or > MaxKeyBytes)
            throw AnnException.Invalid("key", $"A string key takes 1 to {MaxKeyBytes} bytes of UTF-8; found {length}.");
        int start = _text.Count;
        CollectionsMarshal.SetCount(_text, start + length);
        Encoding.UTF8.GetBytes(key, CollectionsMarshal.AsSpan(_text)[start..]);
        _ends.Add(_text.Count);
    }

    /// <summary>Appends a text of 1 to <see cref="MaxKeyBytes"/> bytes, which the caller checked.</summary>
    internal void AddUtf8(ReadOnlySpan<byte> key)
    {
        Debug.Assert(Kind == KeyKind.String);
        Debug.Assert(key.Length is > 0 and <= MaxKeyBytes);
        _text.AddRange(key);
        _ends.Add(_text.Count);
    }

    /// <summary>Appends a key that another column or segment holds, so it was checked.</summary>
    public void Add(in ItemKey key)
    {
        if (key.Kind != Kind)
            throw AnnException.Invalid("key", $"The key '{key.ToString()}' is of kind {key.Kind}; the keys before it are of kind {Kind}.");
        if (Kind == KeyKind.UInt64)
            _numbers.Add(key.Number);
        else
            AddUtf8(key.Utf8);
    }

    /// <summary>The key of a row. Valid until the next key is added.</summary>
    public ItemKey KeyAt(int row) => Kind == KeyKind.UInt64 ? new ItemKey(_numbers[row]) : new ItemKey(Utf8(row));

    /// <summary>UTF-8 bytes of one text key.</summary>
    public ReadOnlySpan<byte> Utf8(int row) =>
        Text[(int)(row == 0 ? 0 : Ends[row - 1])..(int)Ends[row]];

    /// <summary>The key as a person reads it.</summary>
    public string Format(int row) => KeyAt(row).ToString();

    /// <summary>The first row whose key an earlier row has, with that earlier row; null when all keys differ.</summary>
    public (int First, int Second)? FindDuplicate()
    {
        // Keys by hash; a bucket of equal hashes is walked through "next". No key is copied.
        Dictionary<ulong, int> newest = new(Count);
        int[] next = new int[Count];
        for (int row = 0; row < Count; row++)
        {
            ulong hash = Kind == KeyKind.UInt64 ? _numbers[row] : XxHash3.HashToUInt64(Utf8(row));
            next[row] = newest.TryGetValue(hash, out int earlier) ? earlier : -1;
            newest[hash] = row;
            for (int other = next[row]; other >= 0; other = next[other])
                if (Kind == KeyKind.UInt64 || Utf8(other).SequenceEqual(Utf8(row)))
                    return (other, row);
        }
        return null;
    }

    /// <summary>Refuses a column in which two rows share a key.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the key and both rows.</exception>
    public void RequireUnique()
    {
        if (FindDuplicate() is (int first, int second))
            throw AnnException.Invalid(
                "key", $"The key '{Format(second)}' of row {second} is already the key of row {first}; keys must be unique.");
    }

    /// <summary>Refuses a file in which two rows have one key.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">What a person calls a row of that file: its line, or its row.</param>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: names the file, both places and the key.</exception>
    public void RequireUnique(string path, Func<long, string> place)
    {
        if (FindDuplicate() is (int first, int second))
            throw AnnException.BadInput(
                path, place(second), $"the key '{Format(second)}' is already the key of {place(first)}; keys must be unique.");
    }
}
