using Ann.Core.Attributes;

namespace Ann.Core.Indexes;

/// <summary>The attributes that items have after an update: those that it gives, and those that they had.</summary>
/// <param name="schema">Of the index.</param>
/// <param name="given">What the update gives, of some of those attributes; null for none.</param>
internal sealed class UpdatedAttributes(AttributeSchema schema, AttributeBatch? given)
{
    private readonly int[] _given = [.. schema.Fields.Select(field => given?.Schema.Find(field.Name) ?? -1)];

    /// <summary>The items so far, with all attributes of the index.</summary>
    public AttributeBatch Items { get; } = new(schema);

    /// <summary>Appends an item.</summary>
    /// <param name="had">Where its attributes are; null when it had none.</param>
    /// <param name="node">Of that.</param>
    /// <param name="item">Of the update.</param>
    /// <returns>Its place in <see cref="Items"/>.</returns>
    public int Add(AttributeTable? had, int node, int item)
    {
        for (int column = 0; column < _given.Length; column++)
        {
            AttributeColumn into = Items.Columns[column];
            if (_given[column] >= 0)
                into.AddFrom(given!.Columns[_given[column]], item);
            else if (had is null)
                into.AddMissing();
            else
                had.CopyTo(column, node, into);
        }
        return Items.Count - 1;
    }
}
