using Ann.Protocol.V1;

namespace Ann.Client;

/// <summary>Keys of items, of one of the two kinds that an index may have: numbers or texts. Made of either by itself.</summary>
/// <example><code>await index.DeleteAsync(new ulong[] { 4, 8, 15 });</code></example>
public readonly struct ItemKeys
{
    private readonly ReadOnlyMemory<ulong> _numbers;
    private readonly IReadOnlyList<string>? _texts;

    private ItemKeys(ReadOnlyMemory<ulong> numbers, IReadOnlyList<string>? texts)
    {
        _numbers = numbers;
        _texts = texts;
    }

    /// <summary>How many there are.</summary>
    public int Count => _numbers.Length + (_texts?.Count ?? 0);

    /// <summary>One number.</summary>
    public static implicit operator ItemKeys(ulong key) => FromNumbers(new[] { key });

    /// <summary>One text.</summary>
    public static implicit operator ItemKeys(string key) => FromTexts([key]);

    /// <summary>Numbers.</summary>
    public static implicit operator ItemKeys(ulong[] keys) => FromNumbers(keys);

    /// <summary>Numbers.</summary>
    public static implicit operator ItemKeys(ReadOnlyMemory<ulong> keys) => FromNumbers(keys);

    /// <summary>Texts.</summary>
    public static implicit operator ItemKeys(string[] keys) => FromTexts(keys);

    /// <summary>Texts.</summary>
    public static implicit operator ItemKeys(List<string> keys) => FromTexts(keys);

    /// <summary>Keys of an index whose keys are numbers.</summary>
    public static ItemKeys FromNumbers(ReadOnlyMemory<ulong> keys) => new(keys, null);

    /// <summary>Keys of an index whose keys are texts of 1 to 256 bytes of UTF-8.</summary>
    public static ItemKeys FromTexts(IReadOnlyList<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new ItemKeys(default, keys);
    }

    /// <summary>As the protocol carries them.</summary>
    internal KeyColumn ToWire()
    {
        KeyColumn column = new();
        column.Numbers.Capacity = _numbers.Length;
        foreach (ulong key in _numbers.Span)
            column.Numbers.Add(key);
        if (_texts is not null)
            column.Texts.AddRange(_texts);
        return column;
    }
}
