using System.Text;
using System.Text.Json;
using Ann.Core.Attributes;

namespace Ann.Core.Files.Formats;

/// <summary>Attributes from the members of JSON objects, one object an item. Members that are missing or null are no values.</summary>
internal sealed class AttributeMembers
{
    private readonly byte[][] _names;
    private readonly bool[] _seen;
    private AttributeBatch _batch;

    /// <param name="schema">Attributes wanted, by the members' names.</param>
    public AttributeMembers(AttributeSchema schema)
    {
        Schema = schema;
        _names = [.. schema.Fields.Select(static field => Encoding.UTF8.GetBytes(field.Name))];
        _seen = new bool[schema.Count];
        _batch = new AttributeBatch(schema);
    }

    /// <summary>Attributes wanted.</summary>
    public AttributeSchema Schema { get; }

    /// <summary>Reads a member whose name a reader is at, if it is an attribute.</summary>
    /// <returns>False when it is none; the reader is then where it was.</returns>
    /// <exception cref="FormatException">What was expected and found, as an end of a sentence that names the line.</exception>
    public bool TryRead(ref Utf8JsonReader json)
    {
        for (int column = 0; column < _names.Length; column++)
        {
            if (!json.ValueTextEquals(_names[column]))
                continue;
            if (_seen[column])
                throw new FormatException($"it has two members \"{Schema.Fields[column].Name}\"; at most one is taken.");
            _seen[column] = true;
            json.Read();
            AttributeJson.Read(ref json, _batch.Columns[column]);
            return true;
        }
        return false;
    }

    /// <summary>Ends an item: what was not read has no value.</summary>
    public void EndItem()
    {
        for (int column = 0; column < _seen.Length; column++)
            if (!_seen[column])
                _batch.Columns[column].AddMissing();
        Array.Clear(_seen);
    }

    /// <summary>The items ended since the last call.</summary>
    public AttributeBatch Take()
    {
        AttributeBatch taken = _batch;
        _batch = new AttributeBatch(Schema);
        return taken;
    }
}
