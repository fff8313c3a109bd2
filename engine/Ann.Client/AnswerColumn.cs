using System.Runtime.InteropServices;
using System.Text;
using Ann.Client.Answers;

namespace Ann.Client;

/// <summary>
/// The values of one attribute, a value a result, by the position of the result. Valid as long as its answer. Each kind of value has
/// members of its own; those of another kind throw.
/// </summary>
public sealed class AnswerColumn
{
    private readonly SearchAnswer _answer;
    private readonly WirePart _doubles;
    private readonly WirePart _bools;
    private readonly bool _areSets;
    private PooledList<WirePart> _texts;
    private PooledList<long> _integers;
    private PooledList<int> _missing;

    internal AnswerColumn(SearchAnswer answer, ReadOnlySpan<byte> payload, WirePart message)
    {
        _answer = answer;
        Name = "";
        WireReader fields = new(payload.Slice(message.Start, message.Length), message.Start);
        while (fields.MoveNext())
        {
            if (!fields.IsPart)
            {
                fields.Skip();
                continue;
            }
            WirePart part = fields.ReadPart();
            switch (fields.Field)
            {
                case 1:
                    Name = Encoding.UTF8.GetString(payload.Slice(part.Start, part.Length));
                    break;
                case 2 or 3:
                    _areSets = fields.Field == 3;
                    _texts.Add(part);
                    break;
                case 4:
                    ReadIntegers(payload, part);
                    break;
                case 5:
                    _doubles = OnlyOne(_doubles, part);
                    break;
                case 6:
                    _bools = OnlyOne(_bools, part);
                    break;
                case 7:
                    ReadMissing(payload, part);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Name of the attribute.</summary>
    public string Name { get; }

    /// <summary>Values of a DOUBLE, zero where an item has none.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public ReadOnlySpan<double> Doubles => _doubles.Length == _answer.Count * sizeof(double)
        ? MemoryMarshal.Cast<byte, double>(_answer.Bytes(_doubles))
        : throw OfAnotherType("DOUBLE");

    /// <summary>Values of an INT64, and in microseconds since 1970 of a TIMESTAMP; zero where an item has none.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public ReadOnlySpan<long> Integers => _integers.Count == _answer.Count
        ? _integers.Items
        : throw OfAnotherType("INT64");

    /// <summary>Whether an item has a value.</summary>
    /// <param name="position">The result's <see cref="AnswerHit.Position"/>.</param>
    public bool Has(int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, _answer.Count);
        return _missing.Count == 0 || _missing.Items.BinarySearch(position) < 0;
    }

    /// <summary>Value of a DOUBLE; null where the item has none.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public double? DoubleAt(int position) => Has(position) ? Doubles[position] : null;

    /// <summary>Value of an INT64; null where the item has none.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public long? IntegerAt(int position) => Has(position) ? Integers[position] : null;

    /// <summary>Value of a TIMESTAMP; null where the item has none.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public DateTimeOffset? TimeAt(int position) =>
        IntegerAt(position) is long microseconds ? DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds) : null;

    /// <summary>Value of a BOOL; null where the item has none.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public bool? BoolAt(int position)
    {
        if (!Has(position))
            return null;
        return _bools.Length == _answer.Count ? _answer.Bytes(_bools)[position] != 0 : throw OfAnotherType("BOOL");
    }

    /// <summary>Value of a KEYWORD as the bytes of its UTF-8; empty where the item has none. Allocates nothing.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public ReadOnlySpan<byte> Utf8At(int position) => _texts.Count == _answer.Count && !_areSets
        ? _answer.Bytes(_texts.Items[position])
        : throw OfAnotherType("KEYWORD");

    /// <summary>Value of a KEYWORD; null where the item has none. Allocates the text.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public string? KeywordAt(int position) => Has(position) ? Encoding.UTF8.GetString(Utf8At(position)) : null;

    /// <summary>Values of a KEYWORD_SET; null where the item has none. Allocates the texts.</summary>
    /// <exception cref="InvalidOperationException">The attribute is of another type.</exception>
    public string[]? KeywordsAt(int position)
    {
        if (!Has(position))
            return null;
        if (_texts.Count != _answer.Count || !_areSets)
            throw OfAnotherType("KEYWORD_SET");
        WirePart set = _texts.Items[position];
        WireReader fields = new(_answer.Bytes(set), set.Start);
        List<string> values = [];
        while (fields.MoveNext())
        {
            if (fields is { Field: 1, IsPart: true })
                values.Add(Encoding.UTF8.GetString(_answer.Bytes(fields.ReadPart())));
            else
                fields.Skip();
        }
        return [.. values];
    }

    internal static string NameOf(ReadOnlySpan<byte> message)
    {
        WireReader fields = new(message);
        while (fields.MoveNext())
        {
            if (fields is not { Field: 1, IsPart: true })
            {
                fields.Skip();
                continue;
            }
            WirePart name = fields.ReadPart();
            return Encoding.UTF8.GetString(message.Slice(name.Start, name.Length));
        }
        return "";
    }

    /// <summary>Gives the arrays back.</summary>
    internal void Release()
    {
        _texts.Release();
        _integers.Release();
        _missing.Release();
    }

    private void ReadIntegers(ReadOnlySpan<byte> payload, WirePart packed)
    {
        WireReader numbers = new(payload.Slice(packed.Start, packed.Length), packed.Start);
        while (!numbers.IsAtEnd)
        {
            ulong zigzag = numbers.ReadNumber();
            _integers.Add((long)(zigzag >> 1) ^ -(long)(zigzag & 1));
        }
    }

    private void ReadMissing(ReadOnlySpan<byte> payload, WirePart packed)
    {
        WireReader numbers = new(payload.Slice(packed.Start, packed.Length), packed.Start);
        while (!numbers.IsAtEnd)
            _missing.Add((int)uint.Min((uint)numbers.ReadNumber(), int.MaxValue));
    }

    private WirePart OnlyOne(WirePart before, WirePart part) => before.Length == 0
        ? part
        : throw new InvalidDataException($"The answer cannot be read: the values of '{Name}' come in several pieces.");

    private InvalidOperationException OfAnotherType(string wanted) =>
        new($"Attribute '{Name}' is no {wanted}; Indexes/Describe tells the type of each.");
}
