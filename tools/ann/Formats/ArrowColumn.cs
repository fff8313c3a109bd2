using Ann.Core.Attributes;
using Ann.Core.Keys;
using Ann.Tool.Items;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace Ann.Tool.Formats;

/// <summary>Values of columns of Arrow, as vectors, keys and attributes.</summary>
internal static class ArrowColumn
{
    private static readonly System.Text.UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>The word for the type of attribute that a column may be; null for none.</summary>
    public static string? TypeOf(IArrowType type) => type switch
    {
        StringType => "keyword",
        ListType { ValueDataType: StringType } => "keywords",
        TimestampType { Timezone.Length: > 0 } => "timestamp",
        BooleanType => "bool",
        FloatType or DoubleType => "double",
        Int8Type or Int16Type or Int32Type or Int64Type or UInt8Type or UInt16Type or UInt32Type => "int64",
        _ => null,
    };

    /// <summary>Components of a row of a column of lists.</summary>
    /// <exception cref="FormatException">No list, or no row of it.</exception>
    public static int LengthOf(IArrowArray column, int row) => RangeOf(column, row).Length;

    /// <summary>Copies a row of a column of lists of numbers.</summary>
    /// <param name="column">The column.</param>
    /// <param name="row">Which row.</param>
    /// <param name="into">As long as the list.</param>
    /// <exception cref="FormatException">It is of another type, or a component is null.</exception>
    public static void Copy(IArrowArray column, int row, Span<float> into)
    {
        (IArrowArray values, int start, _) = RangeOf(column, row);
        if (values.NullCount > 0)
        {
            for (int i = 0; i < into.Length; i++)
                if (values.IsNull(start + i))
                    throw new FormatException($"component {i} is null; expected a number.");
        }
        switch (values)
        {
            case FloatArray single:
                single.Values.Slice(start, into.Length).CopyTo(into);
                break;
            case DoubleArray real:
                Convert(real.Values.Slice(start, into.Length), into);
                break;
            case HalfFloatArray half:
                Convert(half.Values.Slice(start, into.Length), into);
                break;
            case UInt8Array whole:
                Convert(whole.Values.Slice(start, into.Length), into);
                break;
            case Int8Array whole:
                Convert(whole.Values.Slice(start, into.Length), into);
                break;
            default:
                throw new FormatException(
                    $"expected a list of float, double, halffloat, uint8 or int8; found a list of {values.Data.DataType.Name}.");
        }
    }

    /// <summary>True for a column of keys that are texts.</summary>
    public static bool IsText(IArrowType type) => type is StringType;

    /// <summary>Appends a row's key.</summary>
    /// <exception cref="FormatException">It is of another type, below 0 or null.</exception>
    public static void AddKey(IArrowArray column, int row, KeyColumn keys)
    {
        if (column.IsNull(row))
            throw new FormatException("it has no key.");
        if (column is StringArray texts)
            keys.Add(Text(texts, row));
        else if (column is UInt64Array wide)
            keys.Add(wide.Values[row]);
        else if (Integer(column, row) is not { } number)
            throw new FormatException($"expected keys: texts or whole numbers; found {column.Data.DataType.Name}.");
        else if (number < 0)
            throw new FormatException($"the key {number} is below 0; expected 0 to 2^64 − 1.");
        else
            keys.Add((ulong)number);
    }

    /// <summary>Appends a row's value to an attribute.</summary>
    /// <exception cref="FormatException">It is of another type, or out of range.</exception>
    public static void AddTo(AttributeColumn into, IArrowArray column, int row)
    {
        AttributeField field = into.Field;
        if (column.IsNull(row))
        {
            into.AddMissing();
            return;
        }
        _ = field.Traits.Form switch
        {
            AttributeForm.Text when column is StringArray texts => into.Add(AttributeText.Bytes(Text(texts, row), field)),
            AttributeForm.TextSet when column is ListArray => AttributeText.ReadSet(Texts(column, row, field), into),
            AttributeForm.Integer when field.Traits.IsTime && column is TimestampArray times => into.Add(Time(times, row, field)),
            AttributeForm.Integer => into.Add(Integer(column, row) ?? throw Unexpected(column, field)),
            AttributeForm.Real => AddReal(into, column, row),
            AttributeForm.Bit when column is BooleanArray bits => into.Add(bits.GetValue(row) ?? false),
            _ => throw Unexpected(column, field),
        };
    }

    private static (IArrowArray Values, int Start, int Length) RangeOf(IArrowArray column, int row)
    {
        if (column.IsNull(row))
            throw new FormatException("it has no vector.");
        switch (column)
        {
            case FixedSizeListArray fixedList:
                int size = ((FixedSizeListType)fixedList.Data.DataType).ListSize;
                return (fixedList.Values, checked((row + fixedList.Offset) * size), size);
            case ListArray list:
                return (list.Values, list.ValueOffsets[row], list.GetValueLength(row));
            default:
                throw new FormatException($"expected a list of numbers; found {column.Data.DataType.Name}.");
        }
    }

    private static IEnumerable<string> Texts(IArrowArray column, int row, AttributeField field)
    {
        (IArrowArray values, int start, int length) = RangeOf(column, row);
        if (values is not StringArray texts)
            throw Unexpected(column, field);
        for (int i = start; i < start + length; i++)
        {
            yield return !texts.IsNull(i)
                ? Text(texts, i)
                : throw new FormatException($"column '{field.Name}' has a list with an element that is null.");
        }
    }

    /// <summary>
    /// A text, within the bytes of its column: the library's own GetString follows any offset, out of all memory that is its own.
    /// </summary>
    private static string Text(StringArray texts, int row)
    {
        int start = texts.ValueOffsets[row];
        try
        {
            return Utf8.GetString(texts.ValueBuffer.Span[start..texts.ValueOffsets[row + 1]]);
        }
        catch (System.Text.DecoderFallbackException e)
        {
            throw new FormatException("a text is not valid UTF-8.", e);
        }
    }

    private static long? Integer(IArrowArray column, int row) => column switch
    {
        Int64Array numbers => numbers.Values[row],
        Int32Array numbers => numbers.Values[row],
        Int16Array numbers => numbers.Values[row],
        Int8Array numbers => numbers.Values[row],
        UInt32Array numbers => numbers.Values[row],
        UInt16Array numbers => numbers.Values[row],
        UInt8Array numbers => numbers.Values[row],
        UInt64Array numbers when numbers.Values[row] <= long.MaxValue => (long)numbers.Values[row],
        _ => null,
    };

    private static AttributeColumn AddReal(AttributeColumn into, IArrowArray column, int row)
    {
        double real = column switch
        {
            DoubleArray numbers => numbers.Values[row],
            FloatArray numbers => numbers.Values[row],
            _ => Integer(column, row) ?? throw Unexpected(column, into.Field),
        };
        return double.IsNaN(real) ? into.AddMissing() : into.Add(real); // NaN is what pandas writes where there is no value
    }

    private static long Time(TimestampArray times, int row, AttributeField field)
    {
        TimestampType type = (TimestampType)times.Data.DataType;
        if (string.IsNullOrEmpty(type.Timezone))
            throw new FormatException($"column '{field.Name}' must be times with a zone; found times without.");
        long value = times.Values[row];
        const long MicrosInSecond = 1_000_000, InMilli = 1_000, NanosInMicro = 1_000;
        try
        {
            return type.Unit switch
            {
                TimeUnit.Second => checked(value * MicrosInSecond),
                TimeUnit.Millisecond => checked(value * InMilli),
                TimeUnit.Microsecond => value,
                _ => value / NanosInMicro,
            };
        }
        catch (OverflowException e)
        {
            throw new FormatException($"column '{field.Name}' has a time that does not fit 64 bits of microseconds.", e);
        }
    }

    private static void Convert<T>(ReadOnlySpan<T> from, Span<float> into)
        where T : struct, System.Numerics.INumber<T>
    {
        for (int i = 0; i < into.Length; i++)
            into[i] = float.CreateTruncating(from[i]);
    }

    private static FormatException Unexpected(IArrowArray column, AttributeField field) =>
        new($"column '{field.Name}' is {column.Data.DataType.Name}; that is no {field.Traits.Name}.");
}
