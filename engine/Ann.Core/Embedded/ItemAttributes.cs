using System.Globalization;
using System.Text;
using Ann.Core.Attributes;
using Ann.Core.Keys;

namespace Ann.Core.Embedded;

/// <summary>Values of attributes between the columns of an index and the objects of a .NET program.</summary>
internal static class ItemAttributes
{
    private static readonly long FirstMicrosecond = Microseconds(DateTimeOffset.MinValue);
    private static readonly long LastMicrosecond = Microseconds(DateTimeOffset.MaxValue);

    /// <summary>The attributes of some items, column by column.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: an attribute that the index has not, or a value of another type; names the item.
    /// </exception>
    public static AttributeBatch ToBatch(IReadOnlyList<AnnItem> items, AttributeSchema schema)
    {
        AttributeBatch batch = new(schema);
        foreach (AnnItem item in items)
        {
            foreach (string name in item.Attributes.Keys)
                schema.Require(name, "attributes");
            foreach (AttributeColumn column in batch.Columns)
                Add(column, item[column.Field.Name], item.Key);
        }
        return batch;
    }

    /// <summary>The attributes that updates give, which all of them name alike; null where they name none.</summary>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/>: as for items, and an update that names other attributes than the first; names its item.
    /// </exception>
    public static AttributeBatch? ToBatch(IReadOnlyList<AnnItemUpdate> updates, AttributeSchema schema)
    {
        AnnItemUpdate first = updates[0];
        foreach (AnnItemUpdate update in updates)
        {
            foreach (string name in update.Attributes.Keys)
                schema.Require(name, "attributes");
            if (update.Attributes.Count != first.Attributes.Count || !update.Attributes.Keys.All(first.Attributes.ContainsKey))
            {
                throw AnnException.Invalid(
                    "attributes",
                    $"the update of item '{update.Key}' changes {Named(update)}, that of item '{first.Key}' {Named(first)}; all updates of "
                        + "a batch change the same attributes.");
            }
        }
        if (first.Attributes.Count == 0)
            return null;
        AttributeBatch batch = new(new AttributeSchema(schema.Fields.Where(field => first.Attributes.ContainsKey(field.Name))));
        foreach (AnnItemUpdate update in updates)
            foreach (AttributeColumn column in batch.Columns)
                Add(column, update[column.Field.Name], update.Key);
        return batch;

        static string Named(AnnItemUpdate update) =>
            update.Attributes.Count == 0 ? "no attribute" : string.Join(", ", update.Attributes.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>The value of an item of a column; null when it has none.</summary>
    public static object? ValueAt(AttributeColumn column, int item)
    {
        if (!column.Has(item))
            return null;
        return column.Field.Traits.Form switch
        {
            AttributeForm.Text => Encoding.UTF8.GetString(column.TextAt(item)),
            AttributeForm.TextSet => (string[])
                [.. Enumerable.Range(0, column.TextCount(item)).Select(i => Encoding.UTF8.GetString(column.TextAt(item, i)))],
            AttributeForm.Real => column.DoubleAt(item),
            AttributeForm.Bit => column.BoolAt(item),
            AttributeForm.Integer => column.Field.Traits.IsTime ? TimeAt(column.Int64At(item)) : column.Int64At(item),
        };
    }

    private static void Add(AttributeColumn column, object? value, AnnKey key)
    {
        bool isTime = column.Field.Traits.IsTime;
        _ = (column.Field.Traits.Form, value) switch
        {
            (_, null) => column.AddMissing(),
            (AttributeForm.Text, string text) => column.Add(Encoding.UTF8.GetBytes(text)),
            (AttributeForm.TextSet, IEnumerable<string> texts) =>
                column.AddSet(texts.Select(text => text ?? throw Unexpected(column.Field, key, "null among its strings"))),
            (AttributeForm.Integer, long or int or short or sbyte or uint or ushort or byte) when !isTime =>
                column.Add(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            (AttributeForm.Integer, DateTimeOffset time) when isTime => column.Add(Microseconds(time)),
            (AttributeForm.Integer, long microseconds) when isTime => column.Add(microseconds),
            (AttributeForm.Real, double or float or long or int or short or sbyte or uint or ushort or byte) =>
                column.Add(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            (AttributeForm.Bit, bool flag) => column.Add(flag),
            _ => throw Unexpected(column.Field, key, $"a {value.GetType().Name}"),
        };
    }

    private static object TimeAt(long microseconds) => microseconds >= FirstMicrosecond && microseconds <= LastMicrosecond
        ? DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond)
        : microseconds;

    /// <summary>Rounded down, before 1970 too.</summary>
    private static long Microseconds(DateTimeOffset time)
    {
        long ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return (ticks - (ticks % TimeSpan.TicksPerMicrosecond + TimeSpan.TicksPerMicrosecond) % TimeSpan.TicksPerMicrosecond)
            / TimeSpan.TicksPerMicrosecond;
    }

    private static AnnException Unexpected(AttributeField field, AnnKey key, string found)
    {
        string expected = field.Traits.Form switch
        {
            AttributeForm.Text => "a string",
            AttributeForm.TextSet => "strings",
            AttributeForm.Integer => field.Traits.IsTime
                ? "a DateTimeOffset, or a long of microseconds since 1970,"
                : "an integer of at most 64 bits with a sign",
            AttributeForm.Real => "a double",
            AttributeForm.Bit => "a bool",
        };
        return AnnException.Invalid("attributes", $"attribute '{field.Name}' of item '{key}' has {found}; {expected} was expected.");
    }
}
