using System.Globalization;
using Ann.Client;
using Ann.Protocol.V1;

namespace Ann.Extensions.VectorData;

/// <summary>A kind of attributes, as properties of records have it: what is written of a value, and what is read back.</summary>
/// <param name="Type">The attribute's type.</param>
/// <param name="Set">Writes a value, which is not null.</param>
/// <param name="ReadHit">Reads the value of a hit; null where it has none.</param>
/// <param name="ReadWire">Reads the value of an item of a reply, which has one.</param>
internal sealed record RecordFieldKind(
    AttributeType Type, Action<ItemBatchRow, string, object> Set, Func<AnswerColumn, int, object?> ReadHit,
    Func<AttributeColumn, int, object> ReadWire)
{
    /// <summary>What the help of a refusal says.</summary>
    public const string Supported =
        "string, bool, byte, short, int, long, float, double, DateTimeOffset, DateTime (UTC or local), Guid, string[] and List<string>";

    private static readonly RecordFieldKind Keyword = new(
        AttributeType.Keyword, static (row, name, value) => row.Set(name, TextOf(value)),
        static (column, at) => column.KeywordAt(at), static (column, at) => column.Keywords[at]);

    private static readonly RecordFieldKind KeywordSet = new(
        AttributeType.KeywordSet, static (row, name, value) => row.Set(name, (IEnumerable<string>)value),
        static (column, at) => column.KeywordsAt(at), static (column, at) => column.KeywordSets[at].Values.ToArray());

    private static readonly RecordFieldKind Integer = new(
        AttributeType.Int64, static (row, name, value) => row.Set(name, Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        static (column, at) => column.IntegerAt(at), static (column, at) => column.Integers[at]);

    private static readonly RecordFieldKind Real = new(
        AttributeType.Double, static (row, name, value) => row.Set(name, Convert.ToDouble(value, CultureInfo.InvariantCulture)),
        static (column, at) => column.DoubleAt(at), static (column, at) => column.Doubles[at]);

    private static readonly RecordFieldKind Bit = new(
        AttributeType.Bool, static (row, name, value) => row.Set(name, (bool)value),
        static (column, at) => column.BoolAt(at), static (column, at) => column.Bools[at]);

    private static readonly RecordFieldKind Time = new(
        AttributeType.Timestamp, static (row, name, value) => row.Set(name, TimeOf(value)),
        static (column, at) => column.TimeAt(at), static (column, at) => DateTimeOffset.UnixEpoch.AddMicroseconds(column.Integers[at]));

    private static readonly Dictionary<Type, RecordFieldKind> Kinds = new()
    {
        [typeof(string)] = Keyword,
        [typeof(Guid)] = Keyword,
        [typeof(string[])] = KeywordSet,
        [typeof(List<string>)] = KeywordSet,
        [typeof(byte)] = Integer,
        [typeof(short)] = Integer,
        [typeof(int)] = Integer,
        [typeof(long)] = Integer,
        [typeof(float)] = Real,
        [typeof(double)] = Real,
        [typeof(bool)] = Bit,
        [typeof(DateTimeOffset)] = Time,
        [typeof(DateTime)] = Time,
    };

    /// <summary>The kind of a property's type; null when it has none.</summary>
    public static RecordFieldKind? Of(Type type) => Kinds.GetValueOrDefault(Nullable.GetUnderlyingType(type) ?? type);

    /// <summary>A value as the property has it.</summary>
    /// <param name="value">As it was read.</param>
    /// <param name="type">Of the property.</param>
    public static object? ToProperty(object? value, Type type)
    {
        Type wanted = Nullable.GetUnderlyingType(type) ?? type;
        return value is null || wanted.IsInstanceOfType(value) ? value
            : wanted == typeof(List<string>) ? new List<string>((string[])value)
            : wanted == typeof(Guid) ? Guid.Parse((string)value)
            : wanted == typeof(DateTime) ? ((DateTimeOffset)value).UtcDateTime
            : Convert.ChangeType(value, wanted, CultureInfo.InvariantCulture);
    }

    /// <summary>A text as it is stored.</summary>
    public static string TextOf(object value) => value is Guid id ? id.ToString("D") : (string)value;

    /// <summary>A time as it is stored.</summary>
    /// <exception cref="ArgumentException">A time of no known place.</exception>
    public static DateTimeOffset TimeOf(object value) => value switch
    {
        DateTimeOffset time => time,
        DateTime { Kind: DateTimeKind.Unspecified } => throw new ArgumentException("A DateTime must be of UTC or local time."),
        DateTime time => time,
        _ => throw new ArgumentException($"A {value.GetType()} is no time."),
    };
}

/// <summary>A property of records that is an attribute of items.</summary>
/// <param name="Name">Of the attribute.</param>
/// <param name="Kind">What its values are.</param>
/// <param name="Property">The property.</param>
internal sealed record RecordField(
    string Name, RecordFieldKind Kind, Microsoft.Extensions.VectorData.ProviderServices.DataPropertyModel Property);
