using System.Globalization;
using Ann.Core.Attributes;
using Parquet.Data;
using Parquet.Schema;

namespace Ann.Tool.Items;

/// <summary>The values of one column in one group of rows, row by row.</summary>
internal sealed class ParquetColumn : IDisposable
{
    private readonly RawColumnData _raw;
    private readonly DataField _field;
    private readonly long _levels;
    private readonly bool _isList;
    private readonly int _presentFrom;
    private long _level;
    private int _value;
    private int _first;

    /// <param name="raw">The values; owned from here on.</param>
    /// <param name="field">The column.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <param name="levels">Values of the group, absent ones too.</param>
    public ParquetColumn(RawColumnData raw, DataField field, long rows, long levels)
    {
        _raw = raw;
        _field = field;
        _levels = levels;
        _isList = field.MaxRepetitionLevel > 0;
        // An empty list has the level below that of its elements, or below that of elements that are null.
        _presentFrom = field.MaxDefinitionLevel - (_isList ? field.IsNullable && field.MaxDefinitionLevel > 1 ? 2 : 1 : 0);
        if (!_isList && levels != rows)
            throw new InvalidDataException($"the group has {rows} rows and {levels} values of it.");
    }

    private string Name => PrintedText.Of(_field.Path.FirstPart ?? "");

    /// <summary>True when the row has a value, or a list, an empty one too.</summary>
    public bool HasValue { get; private set; }

    /// <summary>Elements of the row's list; of a column without lists 0 or 1.</summary>
    public int Count => _value - _first;

    /// <summary>Goes to the next row.</summary>
    /// <returns>False behind the last one.</returns>
    public bool TryMove()
    {
        if (_level >= _levels)
            return false;
        _first = _value;
        int definition = TakeLevel();
        HasValue = definition >= _presentFrom;
        bool hasNull = definition > _presentFrom && definition < _field.MaxDefinitionLevel;
        while (_isList && _level < _levels && _raw.RepetitionLevels[(int)_level] > 0)
            hasNull |= TakeLevel() < _field.MaxDefinitionLevel;
        return !hasNull ? true : throw new FormatException($"column '{Name}' has a list with an element that is null.");
    }

    /// <summary>The row's text.</summary>
    /// <exception cref="FormatException">It is of another type.</exception>
    public string Text() => _isList ? throw Unexpected("texts") : Text(_first);

    /// <summary>The row's whole number or text, as a key.</summary>
    /// <exception cref="FormatException">It is of another type, or below 0.</exception>
    public (string? Text, ulong Number) Key()
    {
        const string Expected = "keys: texts or whole numbers";
        if (_isList)
            throw Unexpected(Expected);
        if (_raw is RawColumnData<ReadOnlyMemory<char>>)
            return (Text(_first), 0);
        if (_raw is RawColumnData<ulong> wide)
            return (null, wide.Values[_first]);
        long number = Integer(_first) ?? throw Unexpected(Expected);
        return number >= 0 ? (null, (ulong)number) : throw new FormatException($"the key {number} is below 0; expected 0 to 2^64 − 1.");
    }

    /// <summary>Copies the row's list of numbers.</summary>
    /// <param name="row">As long as the list.</param>
    /// <exception cref="FormatException">No list of numbers.</exception>
    public void CopyTo(Span<float> row)
    {
        if (!_isList)
            throw Unexpected("a list of float or double");
        switch (_raw)
        {
            case RawColumnData<float> single:
                single.Values.Slice(_first, Count).CopyTo(row);
                break;
            case RawColumnData<double> real:
                for (int i = 0; i < Count; i++)
                    row[i] = (float)real.Values[_first + i];
                break;
            default:
                throw Unexpected("a list of float or double");
        }
    }

    /// <summary>Appends the row's value to an attribute.</summary>
    /// <exception cref="FormatException">It is of another type, or out of range.</exception>
    public void AddTo(AttributeColumn into)
    {
        AttributeField field = into.Field;
        if (_isList != (field.Traits.Form == AttributeForm.TextSet))
            throw Unexpected($"{(_isList ? "plain values" : "a list of texts")} for an attribute of type {field.Traits.Name}");
        if (!HasValue)
        {
            into.AddMissing();
            return;
        }
        _ = field.Traits.Form switch
        {
            AttributeForm.Text => into.Add(AttributeText.Bytes(Text(_first), field)),
            AttributeForm.TextSet => AttributeText.ReadSet(Enumerable.Range(_first, Count).Select(Text), into),
            AttributeForm.Integer when field.Traits.IsTime && _raw is RawColumnData<DateTime> times =>
                into.Add(Time(times.Values[_first])),
            AttributeForm.Integer => into.Add(
                Integer(_first) ?? throw Unexpected($"whole numbers of at most 64 bits{(field.Traits.IsTime ? " or times" : "")}")),
            AttributeForm.Real => AddReal(into),
            AttributeForm.Bit => into.Add(_raw is RawColumnData<bool> bits ? bits.Values[_first] : throw Unexpected("true or false")),
        };
    }

    public void Dispose() => _raw.Dispose();

    private int TakeLevel()
    {
        int definition = _field.MaxDefinitionLevel > 0 ? _raw.DefinitionLevels[(int)_level] : 0;
        _level++;
        if (definition == _field.MaxDefinitionLevel)
            _value++;
        return definition;
    }

    private string Text(int value) =>
        _raw is RawColumnData<ReadOnlyMemory<char>> texts ? texts.Values[value].ToString() : throw Unexpected("texts");

    private long? Integer(int value) => _raw switch
    {
        RawColumnData<long> numbers => numbers.Values[value],
        RawColumnData<int> numbers => numbers.Values[value],
        RawColumnData<short> numbers => numbers.Values[value],
        RawColumnData<sbyte> numbers => numbers.Values[value],
        RawColumnData<byte> numbers => numbers.Values[value],
        RawColumnData<ushort> numbers => numbers.Values[value],
        RawColumnData<uint> numbers => numbers.Values[value],
        RawColumnData<ulong> numbers when numbers.Values[value] <= long.MaxValue => (long)numbers.Values[value],
        _ => null,
    };

    private AttributeColumn AddReal(AttributeColumn into)
    {
        double real = _raw switch
        {
            RawColumnData<double> numbers => numbers.Values[_first],
            RawColumnData<float> numbers => numbers.Values[_first],
            RawColumnData<decimal> numbers => (double)numbers.Values[_first],
            _ => Integer(_first) ?? throw Unexpected("numbers"),
        };
        // What pandas writes where there is no value.
        return double.IsNaN(real) ? into.AddMissing() : into.Add(real);
    }

    private long Time(DateTime time) => _field is DateTimeDataField { IsAdjustedToUTC: true }
        ? (time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond
        : throw Unexpected("times in UTC (isAdjustedToUTC)");

    private FormatException Unexpected(string expected) => new(string.Create(
        CultureInfo.InvariantCulture, $"column '{Name}' must be {expected}; found {(_isList ? "a list of " : "")}{TypeName()}."));

    private string TypeName() => _field.ClrType == typeof(ReadOnlyMemory<char>) ? "String" : _field.ClrType.Name;
}
