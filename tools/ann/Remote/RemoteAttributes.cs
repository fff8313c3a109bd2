using System.Globalization;
using System.Text.Json.Nodes;
using Ann.Core;
using Ann.Core.Attributes;
using AttributeField = Ann.Core.Attributes.AttributeField;
using AttributeType = Ann.Core.Attributes.AttributeType;
using Column = Ann.Core.Attributes.AttributeColumn;
using Wire = Ann.Protocol.V1;

namespace Ann.Tool.Remote;

/// <summary>Attributes as <c>ann.v1</c> carries them. The numbers of types are the same on the wire and in files.</summary>
internal static class RemoteAttributes
{
    /// <summary>A schema as a request declares it.</summary>
    public static IEnumerable<Wire.AttributeField> Fields(AttributeSchema schema) =>
        schema.Fields.Select(static field => new Wire.AttributeField { Name = field.Name, Type = ToWire(field.Type) });

    /// <summary>The schema that an index describes.</summary>
    /// <exception cref="AnnException">InvalidArgument: the server is newer than this tool, and has a type that it lacks.</exception>
    public static AttributeSchema Schema(Wire.IndexDescription index) =>
        new(index.Attributes.Select(static field => new AttributeField(field.Name, FromWire(field.Type))));

    /// <summary>Values as a block carries them, a column an attribute.</summary>
    public static IEnumerable<Wire.AttributeColumn> Columns(AttributeBatch batch) => batch.Columns.Select(ToWire);

    /// <summary>The values of an answer as JSON, an object a result, without those that an item does not have.</summary>
    /// <param name="columns">The answer's columns.</param>
    /// <param name="schema">Types of the attributes; a time becomes text.</param>
    /// <param name="results">Results of the answer.</param>
    public static JsonObject[] Objects(IReadOnlyList<Wire.AttributeColumn> columns, AttributeSchema schema, int results)
    {
        JsonObject[] objects = [.. Enumerable.Range(0, results).Select(static _ => new JsonObject())];
        foreach (Wire.AttributeColumn column in columns)
        {
            AttributeType type = schema.Fields[schema.Require(column.Name, "attributes")].Type;
            HashSet<uint> missing = [.. column.Missing];
            for (int item = 0; item < results; item++)
                if (!missing.Contains((uint)item))
                    objects[item][column.Name] = At(column, type, item);
        }
        return objects;
    }

    private static Wire.AttributeColumn ToWire(Column column)
    {
        Wire.AttributeColumn wire = new() { Name = column.Field.Name };
        for (int item = 0; item < column.Count; item++)
        {
            if (!column.Has(item))
                wire.Missing.Add((uint)item);
            switch (column.Field.Type)
            {
                case AttributeType.Keyword:
                    wire.Keywords.Add(column.Has(item) ? TextOf(column, item, 0) : "");
                    break;
                case AttributeType.KeywordSet:
                    Wire.KeywordSet set = new();
                    for (int i = 0; i < column.TextCount(item); i++)
                        set.Values.Add(TextOf(column, item, i));
                    wire.KeywordSets.Add(set);
                    break;
                case AttributeType.Double:
                    wire.Doubles.Add(column.DoubleAt(item));
                    break;
                case AttributeType.Bool:
                    wire.Bools.Add(column.BoolAt(item));
                    break;
                default:
                    wire.Integers.Add(column.Int64At(item));
                    break;
            }
        }
        return wire;
    }

    private static JsonNode At(Wire.AttributeColumn column, AttributeType type, int item) =>
        type switch
        {
            AttributeType.Keyword => JsonValue.Create(column.Keywords[item]),
            AttributeType.KeywordSet =>
                new JsonArray([.. column.KeywordSets[item].Values.Select(static text => (JsonNode?)JsonValue.Create(text))]),
            AttributeType.Int64 => JsonValue.Create(column.Integers[item]),
            AttributeType.Timestamp => JsonValue.Create(TimestampText.Format(column.Integers[item])),
            AttributeType.Double => double.IsFinite(column.Doubles[item])
                ? JsonValue.Create(column.Doubles[item])
                : JsonValue.Create(column.Doubles[item].ToString(CultureInfo.InvariantCulture)),
            _ => JsonValue.Create(column.Bools[item]),
        };

    private static string TextOf(Column column, int item, int number) =>
        System.Text.Encoding.UTF8.GetString(column.TextAt(item, number));

    private static Wire.AttributeType ToWire(AttributeType type) => (Wire.AttributeType)(int)type;

    private static AttributeType FromWire(Wire.AttributeType type) => (AttributeType)(byte)type;
}
