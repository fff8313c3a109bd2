using System.Diagnostics;
using Ann.Core;
using Ann.Core.Attributes;
using Wire = Ann.Protocol.V1;

namespace Ann.Server.Mapping;

/// <summary>Attributes between the wire and the core: of schemas, of the items of a write, and of the items of an answer.</summary>
internal static class WireAttributes
{
    /// <summary>Most attributes that one request may ask back.</summary>
    private const int MaxAsked = AttributeSchema.MaxFields;

    /// <summary>The attributes that a Create request declares.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: a name or type that cannot be one.</exception>
    public static AttributeSchema ReadSchema(IReadOnlyCollection<Wire.AttributeField> fields) => fields.Count == 0
        ? AttributeSchema.Empty
        : new AttributeSchema(fields.Select(static field => new AttributeField(
            field.Name, WireEnum<AttributeType, Wire.AttributeType>.TryRead(field.Type, out AttributeType type) ? type : default)));

    /// <summary>What Describe tells of them.</summary>
    public static IEnumerable<Wire.AttributeField> ToWire(AttributeSchema schema) =>
        schema.Fields.Select(static field => new Wire.AttributeField
        {
            Name = field.Name,
            Type = WireEnum<AttributeType, Wire.AttributeType>.ToWire(field.Type),
        });

    /// <summary>The columns of a write.</summary>
    /// <param name="columns">Of the request.</param>
    /// <param name="schema">Of the index.</param>
    /// <param name="items">Keys of the request.</param>
    /// <returns>Null when no item has a value.</returns>
    /// <exception cref="AnnException">
    /// <see cref="AnnError.InvalidArgument"/> with field <c>attributes</c>: an unknown attribute, one that comes twice, values of another
    /// type or number, a value beyond its limits; names the column and the row.
    /// </exception>
    public static AttributeBatch? Read(IReadOnlyList<Wire.AttributeColumn> columns, AttributeSchema schema, int items)
    {
        if (columns.Count == 0)
            return null;
        AttributeBatch batch = new(schema);
        bool[] filled = new bool[schema.Count];
        for (int i = 0; i < columns.Count; i++)
        {
            string field = $"attributes[{i}]";
            int column = schema.Require(columns[i].Name, field);
            if (filled[column])
                throw AnnException.Invalid(field, $"attribute '{columns[i].Name}' is there twice.");
            filled[column] = true;
            Fill(batch.Columns[column], columns[i], items, field);
        }
        for (int column = 0; column < filled.Length; column++)
            for (int item = 0; item < items && !filled[column]; item++)
                batch.Columns[column].AddMissing();
        return batch;
    }

    /// <summary>The columns of an update: those alone that the request has.</summary>
    /// <inheritdoc cref="Read(IReadOnlyList{Wire.AttributeColumn}, AttributeSchema, int)"/>
    /// <returns>Of a schema of these columns; null for none.</returns>
    public static AttributeBatch? ReadGiven(IReadOnlyList<Wire.AttributeColumn> columns, AttributeSchema schema, int items)
    {
        if (columns.Count == 0)
            return null;
        for (int i = 0; i < columns.Count; i++)
            schema.Require(columns[i].Name, $"attributes[{i}]");
        HashSet<string> given = [.. columns.Select(static column => column.Name)];
        return Read(columns, new AttributeSchema(schema.Fields.Where(field => given.Contains(field.Name))), items);
    }

    /// <summary>The columns that a request wants back, by their position in the schema.</summary>
    /// <exception cref="AnnException"><see cref="AnnError.InvalidArgument"/>: too many, unknown, twice.</exception>
    public static int[] ReadAsked(IReadOnlyList<string> names, AttributeSchema schema)
    {
        if (names.Count > MaxAsked)
            throw AnnException.Invalid("attributes", $"attributes hold {names.Count} names; there may be at most {MaxAsked}.");
        int[] columns = new int[names.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = schema.Require(names[i], $"attributes[{i}]");
            if (columns.AsSpan(0, i).Contains(columns[i]))
                throw AnnException.Invalid($"attributes[{i}]", $"attribute '{names[i]}' is asked for twice.");
        }
        return columns;
    }

    /// <summary>A column of an answer.</summary>
    public static Wire.AttributeColumn ToWire(AttributeColumn column)
    {
        Wire.AttributeColumn reply = new() { Name = column.Field.Name };
        for (int item = 0; item < column.Count; item++)
        {
            if (!column.Has(item))
                reply.Missing.Add((uint)item);
            switch (column.Field.Traits.Form)
            {
                case AttributeForm.Text:
                    reply.Keywords.Add(column.Has(item) ? System.Text.Encoding.UTF8.GetString(column.TextAt(item)) : "");
                    break;
                case AttributeForm.TextSet:
                    Wire.KeywordSet set = new();
                    for (int i = 0; i < column.TextCount(item); i++)
                        set.Values.Add(System.Text.Encoding.UTF8.GetString(column.TextAt(item, i)));
                    reply.KeywordSets.Add(set);
                    break;
                case AttributeForm.Real:
                    reply.Doubles.Add(column.DoubleAt(item));
                    break;
                case AttributeForm.Bit:
                    reply.Bools.Add(column.BoolAt(item));
                    break;
                case AttributeForm.Integer:
                    reply.Integers.Add(column.Int64At(item));
                    break;
                default:
                    throw new UnreachableException($"{column.Field.Traits.Form}");
            }
        }
        return reply;
    }

    private static void Fill(AttributeColumn column, Wire.AttributeColumn values, int items, string field)
    {
        AttributeType type = column.Field.Type;
        int count = CountOf(values, column.Field.Traits.Form);
        int others = values.Keywords.Count + values.KeywordSets.Count + values.Integers.Count + values.Doubles.Count
            + values.Bools.Count - count;
        if (others > 0)
        {
            throw AnnException.Invalid(
                field, $"attribute '{column.Field.Name}' is of type {type}; {field} holds {others} values of another type.");
        }
        bool isEmpty = count == 0 && values.Missing.Count == items; // no item has a value: none need be there to stand for them
        if (count != items && !isEmpty)
            throw AnnException.Invalid(field, $"attribute '{column.Field.Name}' has {count} values for {items} keys; each takes one.");

        int missing = 0;
        for (int item = 0; item < items; item++)
        {
            if (missing < values.Missing.Count && values.Missing[missing] == item)
            {
                missing++;
                column.AddMissing();
            }
            else if (!isEmpty)
            {
                Add(column, values, item, field);
            }
        }
        if (missing != values.Missing.Count)
        {
            throw AnnException.Invalid(
                field, $"missing[{missing}] is {values.Missing[missing]}; positions ascend, and the last one is {items - 1} at most.");
        }
    }

    private static void Add(AttributeColumn column, Wire.AttributeColumn values, int item, string field)
    {
        try
        {
            _ = column.Field.Traits.Form switch
            {
                AttributeForm.Text => column.Add(System.Text.Encoding.UTF8.GetBytes(values.Keywords[item])),
                AttributeForm.TextSet => column.AddSet(values.KeywordSets[item].Values),
                AttributeForm.Integer => column.Add(values.Integers[item]),
                AttributeForm.Real => column.Add(values.Doubles[item]),
                AttributeForm.Bit => column.Add(values.Bools[item]),
            };
        }
        catch (AnnException e)
        {
            throw AnnException.Invalid(field, e.Message);
        }
    }

    private static int CountOf(Wire.AttributeColumn values, AttributeForm form) => form switch
    {
        AttributeForm.Text => values.Keywords.Count,
        AttributeForm.TextSet => values.KeywordSets.Count,
        AttributeForm.Real => values.Doubles.Count,
        AttributeForm.Bit => values.Bools.Count,
        AttributeForm.Integer => values.Integers.Count,
    };
}
