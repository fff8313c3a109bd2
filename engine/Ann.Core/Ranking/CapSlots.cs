using System.Globalization;
using System.Text;
using Ann.Core.Attributes;

namespace Ann.Core.Ranking;

/// <summary>Values of caps that candidates have, numbered as they are met: the slots.</summary>
internal sealed class CapSlots
{
    private readonly AttributeForm[] _forms;
    private readonly List<CapValue> _values = [];
    private readonly Dictionary<(int Cap, long Number), int> _numbers = [];
    private readonly Dictionary<int, Dictionary<string, int>> _texts = [];

    /// <param name="forms">How the values of the attribute of each cap are held.</param>
    public CapSlots(IEnumerable<AttributeForm> forms) => _forms = [.. forms];

    /// <summary>Slots so far.</summary>
    public int Count => _values.Count;

    /// <summary>True when an item can have several values of one cap.</summary>
    public bool HasSets => _forms.Contains(AttributeForm.TextSet);

    /// <summary>The value of a slot.</summary>
    public CapValue this[int slot] => _values[slot];

    /// <summary>The value of a slot as a person reads it.</summary>
    public string TextOf(int slot)
    {
        CapValue value = _values[slot];
        if (_forms[value.Cap] == AttributeForm.Bit)
            return value.Number != 0 ? "true" : "false";
        return value.Text ?? value.Number.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The slot of a number, or of a bool as 0 or 1.</summary>
    public int Of(int cap, long number)
    {
        if (!_numbers.TryGetValue((cap, number), out int slot))
        {
            slot = Add(new CapValue(cap, null, number));
            _numbers.Add((cap, number), slot);
        }
        return slot;
    }

    /// <summary>The slot of a text.</summary>
    public int Of(int cap, ReadOnlySpan<byte> utf8)
    {
        Span<char> text = stackalloc char[AttributeSchema.MaxKeywordBytes];
        text = text[..Encoding.UTF8.GetChars(utf8, text)];
        if (!_texts.TryGetValue(cap, out Dictionary<string, int>? texts))
            _texts.Add(cap, texts = new Dictionary<string, int>(StringComparer.Ordinal));
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = texts.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out int slot))
        {
            string own = text.ToString();
            slot = Add(new CapValue(cap, own, 0));
            texts.Add(own, slot);
        }
        return slot;
    }

    private int Add(CapValue value)
    {
        _values.Add(value);
        return _values.Count - 1;
    }
}

/// <summary>A value of a cap.</summary>
/// <param name="Cap">Position of the cap.</param>
/// <param name="Text">Of a keyword; null for a number.</param>
/// <param name="Number">Of a number; 0 or 1 of a bool.</param>
internal readonly record struct CapValue(int Cap, string? Text, long Number);
