using System.Globalization;
using System.Text;

namespace Ann.Core.Keys;

/// <summary>
/// The caller's id of an item: an unsigned 64-bit number or a string. An index has keys of one kind. Numbers and strings convert to keys
/// by themselves. The default value is the number 0.
/// </summary>
public readonly record struct AnnKey
{
    private readonly ulong _number;
    private readonly string? _text;

    /// <summary>A numeric key.</summary>
    /// <param name="number">Any.</param>
    public AnnKey(ulong number) => _number = number;

    /// <summary>A string key.</summary>
    /// <param name="text">1 to 256 bytes in UTF-8, compared byte by byte. The length is checked where the key is used.</param>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    public AnnKey(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
    }

    /// <summary>True for a string, false for a number.</summary>
    public bool IsString => _text is not null;

    /// <summary>The number; 0 for a string.</summary>
    public ulong Number => _number;

    /// <summary>The string; empty for a number.</summary>
    public string Text => _text ?? "";

    /// <summary>A numeric key.</summary>
    /// <param name="number">Any.</param>
    public static implicit operator AnnKey(ulong number) => new(number);

    /// <summary>A string key.</summary>
    /// <param name="text">As the constructor takes it.</param>
    public static implicit operator AnnKey(string text) => new(text);

    /// <summary>The string itself, or the number in decimal digits.</summary>
    public override string ToString() => _text ?? _number.ToString(CultureInfo.InvariantCulture);

    internal static AnnKey Of(ItemKey key) => key.Kind == KeyKind.UInt64 ? new(key.Number) : new(Encoding.UTF8.GetString(key.Utf8));

    /// <summary>Keys of the kind of the first one.</summary>
    internal static KeyColumn ToColumn(IEnumerable<AnnKey> keys)
    {
        KeyColumn? column = null;
        foreach (AnnKey key in keys)
        {
            column ??= new KeyColumn(key.IsString ? KeyKind.String : KeyKind.UInt64);
            key.AddTo(column);
        }
        return column ?? new KeyColumn(KeyKind.UInt64);
    }

    /// <summary>Keys of an index's kind.</summary>
    /// <param name="keys">Any.</param>
    /// <param name="kind">Of the index.</param>
    /// <param name="field">What the caller gave them as, for the error.</param>
    internal static KeyColumn ToColumn(IEnumerable<AnnKey> keys, KeyKind kind, string field)
    {
        KeyColumn column = new(kind);
        foreach (AnnKey key in keys)
        {
            if (key.IsString != (kind == KeyKind.String))
            {
                string found = key.IsString ? "string" : "number";
                string expected = kind == KeyKind.String ? "strings" : "numbers";
                throw AnnException.Invalid(field, $"The key '{key}' is a {found}; the keys of the index are {expected}.");
            }
            key.AddTo(column);
        }
        return column;
    }

    private void AddTo(KeyColumn column)
    {
        if (_text is null)
            column.Add(_number);
        else
            column.Add(_text);
    }
}
