namespace Ann.Core.Attributes;

/// <summary>All attributes of some items, column by column. Without items at first.</summary>
internal sealed class AttributeBatch(AttributeSchema schema)
{
    /// <summary>The attributes.</summary>
    public AttributeSchema Schema { get; } = schema;

    /// <summary>One a field, of <see cref="Count"/> items each.</summary>
    public IReadOnlyList<AttributeColumn> Columns { get; } = [.. schema.Fields.Select(static field => new AttributeColumn(field))];

    /// <summary>Items. 0 for a schema without attributes.</summary>
    public int Count => Columns.Count == 0 ? 0 : Columns[0].Count;

    /// <summary>Bytes of memory of all values.</summary>
    public long SizeInBytes => Columns.Sum(static column => column.SizeInBytes);

    /// <summary>Appends an item of another batch of the same schema.</summary>
    public void AddFrom(AttributeBatch other, int item)
    {
        for (int column = 0; column < Columns.Count; column++)
            Columns[column].AddFrom(other.Columns[column], item);
    }
}
