using System.Globalization;
using System.Text.Json.Nodes;
using Ann.Core;
using Ann.Core.Attributes;
using Ann.Server.Mapping;
using Wire = Ann.Protocol.V1;

namespace Ann.Tool.Remote;

/// <summary>Attributes as <c>ann.v1</c> carries them.</summary>
internal static class RemoteAttributes
{
    /// <summary>A schema as a request declares it.</summary>
    public static IEnumerable<Wire.AttributeField> Fields(AttributeSchema schema) => WireAttributes.ToWire(schema);

    /// <summary>The schema that an index describes.</summary>
    /// <exception cref="AnnException">InvalidArgument: the server is newer than this tool, and has a type that it lacks.</exception>
    public static AttributeSchema Schema(Wire.IndexDescription index) => WireAttributes.ReadSchema(index.Attributes);

    /// <summary>Values as a block carries them, a column an attribute.</summary>
    public static IEnumerable<Wire.AttributeColumn> Columns(AttributeBatch batch) => batch.Columns.Select(WireAttributes.ToWire);

    /// <summary>The values of an answer as JSON, an object a result, without those that an item does not have.</summary>
    /// <param name="columns">The answer's columns.</param>
    /// <param name="schema">Types of the attributes; a time becomes text.</param>
    /// <param name="results">Results of the answer.</param>
    public static JsonObject[] Objects(IReadOnlyList<Wire.AttributeColumn> columns, AttributeSchema schema, int results)
    {
        JsonObject[] objects = [.. Enumerable.Range(0, results).Select(static _ => new JsonObject())];
        foreach (Wire.AttributeColumn column in columns)
        {
            AttributeTraits traits = schema.Fields[schema.Require(column.Name, "attributes")].Traits;
            HashSet<uint> missing = [.. column.Missing];
            for (int item = 0; item < results; item++)
                if (!missing.Contains((uint)item))
                    objects[item][column.Name] = At(column, traits, item);
        }
        return objects;
    }

    private static JsonNode At(Wire.AttributeColumn column, AttributeTraits traits, int item) =>
        traits.Form switch
        {
            AttributeForm.Text => JsonValue.Create(column.Keywords[item]),
            AttributeForm.TextSet =>
                new JsonArray([.. column.KeywordSets[item].Values.Select(static text => (JsonNode?)JsonValue.Create(text))]),
            AttributeForm.Integer => traits.IsTime
                ? JsonValue.Create(TimestampText.Format(column.Integers[item]))
                : JsonValue.Create(column.Integers[item]),
            AttributeForm.Real => double.IsFinite(column.Doubles[item])
                ? JsonValue.Create(column.Doubles[item])
                : JsonValue.Create(column.Doubles[item].ToString(CultureInfo.InvariantCulture)),
            AttributeForm.Bit => JsonValue.Create(column.Bools[item]),
        };
}
