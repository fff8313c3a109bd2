using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Ann.Core.Attributes;

/// <summary>
/// Values of one attribute, one an item, in memory that grows: what a write brings, what the log keeps, and what an answer gives back.
/// </summary>
/// <param name="attribute">What the values are of.</param>
internal sealed class AttributeColumn(AttributeField attribute)
{
    private const int WordBits = 64;

    private readonly AttributeForm _form = attribute.Traits.Form;
    private readonly bool _hasText = attribute.Traits.HasText;
    private readonly List<ulong> _present = [];
    private readonly List<long> _bits = [];
    private readonly List<byte> _text = [];
    private readonly List<int> _textEnds = [];
    private readonly List<int> _setEnds = [];

    /// <summary>The attribute.</summary>
    public AttributeField Field => attribute;

    /// <summary>Items, those without a value too.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of memory of the values.</summary>
    public long SizeInBytes =>
        (_present.Count + (long)_bits.Count) * sizeof(long) + _text.Count + (_textEnds.Count + (long)_setEnds.Count) * sizeof(int);

    /// <summary>Appends an item without a value. What appends an item returns the column.</summary>
    public AttributeColumn AddMissing() => Append(false, 0);

    /// <summary>Appends a value of <see cref="AttributeType.Int64"/> or <see cref="AttributeType.Timestamp"/>.</summary>
    public AttributeColumn Add(long value)
    {
        Debug.Assert(_form == AttributeForm.Integer);
        return Append(true, value);
    }

    /// <summary>Appends a value of <see cref="AttributeType.Double"/>.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: NaN.</exception>
    public AttributeColumn Add(double value)
    {
        Debug.Assert(_form == AttributeForm.Real);
        if (double.IsNaN(value))
            throw AnnException.Invalid("attributes", $"attribute '{attribute.Name}' of item {Count} is NaN; a number was expected.");
        return Append(true, BitConverter.DoubleToInt64Bits(value));
    }

    /// <summary>Appends a value of <see cref="AttributeType.Bool"/>.</summary>
    public AttributeColumn Add(bool value)
    {
        Debug.Assert(_form == AttributeForm.Bit);
        return Append(true, value ? 1 : 0);
    }

    /// <summary>Appends a value that is no text, as <see cref="Int64At"/> tells it.</summary>
    public AttributeColumn AddBits(long bits)
    {
        Debug.Assert(!_hasText);
        return Append(true, bits);
    }

    /// <summary>Appends a value of <see cref="AttributeType.Keyword"/>.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: too long.</exception>
    public AttributeColumn Add(ReadOnlySpan<byte> utf8)
    {
        Debug.Assert(_form == AttributeForm.Text);
        AppendText(utf8);
        return Append(true, 0);
    }

    /// <summary>
    /// Appends one text to the set of the item that <see cref="EndSet"/> will append. One that is there already counts once.
    /// </summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: too long, or too many different ones.</exception>
    public void AddToSet(ReadOnlySpan<byte> utf8)
    {
        if (!TryAddToSet(utf8))
        {
            throw AnnException.Invalid(
                "attributes",
                $"attribute '{attribute.Name}' of item {Count} has more than {AttributeSchema.MaxSetSize} different texts.");
        }
    }

    /// <summary>As <see cref="AddToSet"/>.</summary>
    /// <returns>False when the set holds <see cref="AttributeSchema.MaxSetSize"/> others.</returns>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: too long.</exception>
    public bool TryAddToSet(ReadOnlySpan<byte> utf8)
    {
        Debug.Assert(_form == AttributeForm.TextSet);
        int first = Count == 0 ? 0 : _setEnds[^1];
        for (int text = first; text < _textEnds.Count; text++)
            if (Text(text).SequenceEqual(utf8))
                return true;
        if (_textEnds.Count - first == AttributeSchema.MaxSetSize)
            return false;
        AppendText(utf8);
        return true;
    }

    /// <summary>Appends a set.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: as <see cref="AddToSet"/>.</exception>
    public AttributeColumn AddSet(IEnumerable<string> texts)
    {
        foreach (string text in texts)
            AddToSet(Encoding.UTF8.GetBytes(text));
        return EndSet();
    }

    /// <summary>Appends the set whose texts were added since the last item; an empty one when there were none.</summary>
    public AttributeColumn EndSet()
    {
        Debug.Assert(_form == AttributeForm.TextSet);
        return Append(true, 0);
    }

    /// <summary>Appends the value of an item of another column of the same type.</summary>
    public void AddFrom(AttributeColumn other, int item)
    {
        Debug.Assert(other.Field.Type == attribute.Type);
        for (int i = 0; i < other.TextCount(item); i++)
            AppendText(other.TextAt(item, i));
        Append(other.Has(item), _hasText ? 0 : other._bits[item]);
    }

    /// <summary>True when an item has a value.</summary>
    public bool Has(int item) => (_present[item / WordBits] >> item % WordBits & 1) != 0;

    /// <summary>A number or time, the bits of a double, or 0 or 1 of a bool; 0 when the item has none.</summary>
    public long Int64At(int item) => _bits[item];

    /// <summary>A double; 0 when the item has none.</summary>
    public double DoubleAt(int item) => BitConverter.Int64BitsToDouble(_bits[item]);

    /// <summary>True or false; false when the item has none.</summary>
    public bool BoolAt(int item) => _bits[item] != 0;

    /// <summary>Texts of an item: 0 or 1 of a keyword, any number of a set.</summary>
    public int TextCount(int item) => _hasText ? _setEnds[item] - FirstText(item) : 0;

    /// <summary>A text of an item. Valid until the next value is added.</summary>
    public ReadOnlySpan<byte> TextAt(int item, int number = 0) => Text(FirstText(item) + number);

    private ReadOnlySpan<byte> Text(int text) =>
        CollectionsMarshal.AsSpan(_text)[(text == 0 ? 0 : _textEnds[text - 1]).._textEnds[text]];

    private int FirstText(int item) => item == 0 ? 0 : _setEnds[item - 1];

    private AttributeColumn Append(bool present, long bits)
    {
        if (Count % WordBits == 0)
            _present.Add(0);
        if (present)
            _present[Count / WordBits] |= 1UL << Count % WordBits;
        Count++;
        if (_hasText)
            _setEnds.Add(_textEnds.Count);
        else
            _bits.Add(bits);
        return this;
    }

    private void AppendText(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > AttributeSchema.MaxKeywordBytes)
        {
            throw AnnException.Invalid(
                "attributes",
                $"attribute '{attribute.Name}' of item {Count} has a text of {utf8.Length} bytes; at most "
                    + $"{AttributeSchema.MaxKeywordBytes} are taken.");
        }
        _text.AddRange(utf8);
        _textEnds.Add(_text.Count);
    }
}
