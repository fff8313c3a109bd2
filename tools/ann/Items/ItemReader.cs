using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Tool.Items;

/// <summary>Items in order, one at a time: the key, the text, the attributes. Holds one item, or the columns of a group of rows.</summary>
/// <param name="source">What is read.</param>
internal abstract class ItemReader(ItemSource source) : IDisposable
{
    private KeyKind? _kind = source.KeyKind;
    private ulong _number;
    private string? _string;

    /// <summary>What is read.</summary>
    public ItemSource Source => source;

    /// <summary>What an encoder reads of the item.</summary>
    public string Text { get; protected set; } = "";

    /// <summary>What all keys are; known once an item was read.</summary>
    public KeyKind KeyKind => _kind ?? KeyKind.UInt64;

    /// <summary>The key as a person reads it.</summary>
    public string KeyText => _string ?? _number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A hash of the key.</summary>
    public UInt128 KeyHash => _string is null
        ? XxHash128.HashToUInt128(MemoryMarshal.AsBytes<ulong>([_number]))
        : XxHash128.HashToUInt128(System.Text.Encoding.UTF8.GetBytes(_string));

    /// <summary>Where the item is, for messages.</summary>
    public abstract string Place { get; }

    /// <summary>How much of the input was read, 0 to 1; null where nobody knows.</summary>
    public abstract double? Fraction { get; }

    /// <summary>Reads the next item.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="AnnException">InvalidArgument: names the file, the place, what was expected and what was found.</exception>
    public abstract bool TryRead();

    /// <summary>Attributes of the items read since the last call; null when none are wanted.</summary>
    public abstract AttributeBatch? TakeAttributes();

    /// <summary>Appends the key of the item to keys of <see cref="KeyKind"/>.</summary>
    public void AddKeyTo(KeyColumn keys)
    {
        if (_string is null)
        {
            keys.Add(_number);
            return;
        }
        try
        {
            keys.Add(_string);
        }
        catch (AnnException e) when (e.Field is not null)
        {
            throw Bad(e.Message, e);
        }
    }

    /// <summary>An error in the item.</summary>
    public AnnException Bad(string what, Exception? inner = null) => AnnException.BadInput(source.Name, Place, what, inner);

    /// <summary>A number as it is written without need for more: no sign, no zeros before it.</summary>
    public static bool IsNumber(string key, out ulong number) =>
        ulong.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out number) && (key[0] != '0' || key.Length == 1);

    public abstract void Dispose();

    /// <summary>The key is a number.</summary>
    protected void SetKey(ulong key)
    {
        _kind ??= KeyKind.UInt64;
        _number = key;
        _string = _kind == KeyKind.String ? key.ToString(CultureInfo.InvariantCulture) : null;
    }

    /// <summary>The key is a text, and no number even where it looks like one.</summary>
    protected void SetKey(string key)
    {
        _kind ??= KeyKind.String;
        if (_kind == KeyKind.String)
            _string = key;
        else if (source.KeyKind is null || !IsNumber(key, out ulong number))
            throw NoNumber(key);
        else
            SetKey(number);
    }

    /// <summary>The key is a text of a format that knows nothing else. The first one tells what all are.</summary>
    protected void SetUntypedKey(string key)
    {
        if (key.Length == 0)
            throw Bad($"its key, column '{source.KeyColumn ?? "id"}', is empty.");
        if (_kind == KeyKind.String || !IsNumber(key, out ulong number))
            SetKey(key);
        else
            SetKey(number);
    }

    private AnnException NoNumber(string key) => Bad(
        $"the key '{PrintedText.Of(key)}' is no whole number of 0 to 2^64 − 1, and "
        + (source.KeyKind is null ? "the keys before it are. " : "--key-type asks for those. ")
        + "--key-type string takes all keys as texts.");
}
